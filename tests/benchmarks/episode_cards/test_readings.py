"""What was read of cards is kept, so that an interrupted run goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from benchmarks.episode_cards.cards import Card
from benchmarks.episode_cards.reading import CardReading
from benchmarks.episode_cards.readings import read_kept
from stream.episode.seasons import OpenSeason

from .made_cards import SURE, card, read


class Interrupted(Exception):
    """Raised by a reader that is stopped."""


class Reader:
    """Reads cards by their index, until it is stopped."""

    def __init__(self, stop_at: int = 1000) -> None:
        self.stop_at, self.asked = stop_at, list[int]()

    def __call__(self, cards: Sequence[Card]) -> Iterator[tuple[Card, CardReading]]:
        for one in cards:
            if one.index == self.stop_at:
                raise Interrupted
            self.asked.append(one.index)
            season = OpenSeason("SEASON s|", named=True) if one.index == 1 else None
            yield one, read(one, None if one.index == 2 else str(one.index), SURE, season).reading


def silent(_: str) -> None:
    """Says nothing."""


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    cards, file = [card(i) for i in range(5)], tmp_path / "cards" / "kept.jsonl"
    with pytest.raises(Interrupted):
        read_kept(cards, file, Reader(stop_at=3), silent)
    again = Reader()
    found = read_kept(cards, file, again, silent)
    assert again.asked == [3, 4]
    assert [one.card for one in found] == cards
    assert [one.reading for one in found] == [reading for _, reading in Reader()(cards)]


def test_a_line_that_was_not_finished_is_read_again(tmp_path: Path) -> None:
    cards, file = [card(i) for i in range(4)], tmp_path / "kept.jsonl"
    read_kept(cards[:3], file, Reader(), silent)
    file.write_bytes(file.read_bytes()[:-10])
    again = Reader()
    read_kept(cards, file, again, silent)
    assert again.asked == [2, 3]
    last = Reader()
    read_kept(cards, file, last, silent)
    assert last.asked == []


def test_what_was_read_is_told_now_and_then(tmp_path: Path) -> None:
    said: list[str] = []
    read_kept([card(i) for i in range(101)], tmp_path / "kept.jsonl", Reader(), said.append)
    assert said == ["test: 100 cards read"]


def test_processes_end_with_the_one_that_started_them() -> None:
    code = (
        "import os, time, multiprocessing as m\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from benchmarks.episode_cards.readings import end_with_parent\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPoolExecutor(1, mp_context=m.get_context('spawn'), initializer=end_with_parent)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, left = psutil.wait_procs([child], timeout=30)
    assert gone and not left
