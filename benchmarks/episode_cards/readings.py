"""Makes and reads many cards, side by side in processes, and keeps what was read: a long run can be continued."""

from __future__ import annotations

import atexit
import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

from engines.zoo import Zoo
from stream.episode.confidence import Features
from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.seasons import OpenSeason

from ..report import write_text
from .cards import Card, plan
from .drawing import pictures_of
from .encoding import compressed
from .fonts import Fonts, Purpose, fonts_of
from .footage import Stretches, read_stretches
from .reading import READER_ROLES, CardReader, CardReading, open_card_reader

_CODE = {
    "benchmarks.episode_cards": (
        "cards.py", "drawing.py", "encoding.py", "fonts.py", "fonts.toml", "footage.py", "number_words.py",
        "reading.py", "wording.py", "wording.toml",
    ),
    "stream.episode": ("*.py", "patterns.toml"),
    "engines": ("beams.py", "hangul_prior.npz", "ocr.py", "prior.py", "text.py"),
}  # fmt: skip
"""Files that what is read depends on. Weights of the confidence are applied later."""
_TOLD = 100
"""A line is printed after so many cards."""
_CHUNK = 10
"""Cards that a process is given at a time."""


ReadMany = Callable[[Sequence[Card]], Iterator[tuple[Card, CardReading]]]
"""Reads cards, in order."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the processes need. `testdata`: folder with `real`; `cache`: for footage and readings; `fonts`: folders."""

    testdata: Path
    cache: Path
    fonts: tuple[Path, ...] | None = None
    model_set: str = "default"
    models: Path | None = None


@dataclass(frozen=True, slots=True)
class ReadCard:
    """A card and what was read of it."""

    card: Card
    reading: CardReading


@dataclass(slots=True)
class _Worker:
    """What one process has open for one side of the cards."""

    reader: CardReader
    fonts: Fonts
    stretches: Stretches

    def read(self, card: Card) -> CardReading:
        pictures = compressed(pictures_of(card, self.fonts, self.stretches), card.quantiser)
        return self.reader.read(pictures, card.series)


_WORKERS: dict[tuple[Setup, Purpose], _Worker] = {}


def read_cards(
    purpose: Purpose, seed: int, count: int, setup: Setup, processes: int, say: Callable[[str], None]
) -> list[ReadCard]:
    """The first `count` cards of one side, read; those read before by the same code are not read again.

    Raises KeyartError for missing fonts or films, ModelError for missing weights.
    """

    def read(waiting: Sequence[Card]) -> Iterator[tuple[Card, CardReading]]:
        fonts_of(purpose, setup.fonts)  # before processes are started: these tell best what is missing
        read_stretches(purpose, setup.testdata, setup.cache / "card-footage")
        return _read_side_by_side(waiting, setup, processes)

    cards = [plan(purpose, seed, index) for index in range(count)]
    return read_kept(cards, setup.cache / "cards" / f"{purpose}-{seed}-{code_hash(setup)}.jsonl", read, say)


def read_kept(cards: Sequence[Card], file: Path, read: ReadMany, say: Callable[[str], None]) -> list[ReadCard]:
    """The readings of cards: those in `file`, and of the others what `read` gives, which is added to the file one by
    one."""
    known = _known(file)
    waiting = [card for card in cards if card.index not in known]
    if waiting:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            for card, reading in read(waiting):
                known[card.index] = reading
                lines.write(json.dumps({"index": card.index, **_row(reading)}, ensure_ascii=False) + "\n")
                lines.flush()
                if len(known) % _TOLD == 0:
                    say(f"{card.purpose}: {len(known)} cards read")
    return [ReadCard(card, known[card.index]) for card in cards]


def _read_side_by_side(
    cards: Sequence[Card], setup: Setup, processes: int
) -> Iterator[tuple[Card, CardReading]]:
    if processes <= 1:
        with ExitStack() as stack:
            worker = _opened(setup, cards[0].purpose, stack)
            yield from ((card, worker.read(card)) for card in cards)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=end_with_parent) as pool:
        yield from zip(cards, pool.map(partial(_read_card, setup), cards, chunksize=_CHUNK), strict=True)


def end_with_parent() -> None:
    """Ends this process when the one that started it is gone, however it went: it waits for work for ever otherwise,
    with a gigabyte of models and footage. Does nothing in a process that no other started."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_after, args=[parent], name="parent", daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _read_card(setup: Setup, card: Card) -> CardReading:
    """In a worker process, which keeps its sessions until it ends."""
    key = (setup, card.purpose)
    if key not in _WORKERS:
        stack = ExitStack()
        atexit.register(stack.close)
        _WORKERS[key] = _opened(setup, card.purpose, stack)
    return _WORKERS[key].read(card)


def _opened(setup: Setup, purpose: Purpose, stack: ExitStack) -> _Worker:
    reader = open_card_reader(Zoo.default(setup.model_set, setup.models), stack)
    stretches = read_stretches(purpose, setup.testdata, setup.cache / "card-footage")
    return _Worker(reader, fonts_of(purpose, setup.fonts), stretches)


def _known(file: Path) -> dict[int, CardReading]:
    """Readings by the card's index. A last line that was not finished is taken out of the file."""
    if not file.is_file():
        return {}
    whole, _, rest = file.read_text("utf-8").rpartition("\n")
    if rest:
        write_text(file, whole + "\n" if whole else "")
    rows = [json.loads(line) for line in whole.splitlines()]
    return {row["index"]: _reading(row) for row in rows}


def _row(reading: CardReading) -> dict[str, object]:
    return {
        "number": None if reading.number is None else str(reading.number),
        "features": None if reading.features is None else asdict(reading.features),
        "texts": reading.texts, "lines": reading.lines, "looks": reading.looks,
        "season": None if reading.season is None else asdict(reading.season),
    }  # fmt: skip


def _reading(row: dict[str, object]) -> CardReading:
    number: EpisodeNumber | None = None if row["number"] is None else parse_number(str(row["number"]))
    features, season = row["features"], row["season"]
    return CardReading(
        number, Features(**features) if isinstance(features, dict) else None,
        tuple(row["texts"]), tuple(row["lines"]), int(str(row["looks"])),  # type: ignore[arg-type]
        OpenSeason(**season) if isinstance(season, dict) else None,
    )  # fmt: skip


def code_hash(setup: Setup) -> str:
    """Of everything that what is read depends on but the cards' number: code, patterns, weights."""
    digest = hashlib.sha256()
    for package, names in _CODE.items():
        folder = Path(str(files(package)))
        for path in sorted(path for name in names for path in folder.glob(name)):
            digest.update(path.read_bytes())
    zoo = Zoo.default(setup.model_set, setup.models)
    roles = ("text_detection", *(role for role in READER_ROLES if role in zoo.roles))
    zoo.ensure(roles)
    for role in roles:
        digest.update(zoo.model(role).sha256.encode())
    return digest.hexdigest()[:16]
