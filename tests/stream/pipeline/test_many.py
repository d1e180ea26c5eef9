"""Many films in one run: what is refused before any work, what costs one film, what is not kept."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from stream.cli.progress import QuietReporter
from stream.deciding.processes import DecidingProcesses, FarDecisions
from stream.decode.decoder import DecodeOptions, Decoder
from stream.device.kit import Kit
from stream.device.kit_cpu import host_kit
from stream.errors import UsageError
from stream.film import Film
from stream.pipeline.many import extract_files
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


class CountingKit:
    """The host's parts; `opened` are the films whose decoder was asked for."""

    def __init__(self) -> None:
        self.opened: list[Path] = []

    def __call__(self, settings: Settings) -> Kit:
        kit = host_kit(settings)

        def open_decoder(path: Path, options: DecodeOptions) -> Decoder:
            self.opened.append(path)
            return kit.open_decoder(path, options)

        return replace(kit, open_decoder=open_decoder)


def run(films: Sequence[Path], out: Path, **settings: Any) -> tuple[list[Outcome], str, list[Path]]:
    said, kit = io.StringIO(), CountingKit()
    chosen = Settings(device="cpu", formats=("landscape",), **settings)
    outcomes = anyio.run(extract_files, films, out, chosen, QuietReporter(said), kit)
    return outcomes, said.getvalue(), kit.opened


def test_an_out_that_is_a_file_is_noticed_before_any_work(make_film, moving, tmp_path):
    films = [make_film("a.mp4", moving(30)), make_film("b.mp4", moving(30))]
    in_the_way = tmp_path / "out"
    in_the_way.write_text("a file")
    for out in (in_the_way, films[0]):
        with pytest.raises(UsageError, match=f"^--out {out}: {out} is no folder, choose another$"):
            run(films, out)


def test_a_folder_that_cannot_be_made_is_noticed_before_any_decoding(make_film, moving, tmp_path):
    film = make_film("a.mp4", moving(30))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").write_text("a file")
    outcomes, said, opened = run([film], tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["failed"]
    assert said.count("\n") == 1 and "a.mp4 is in the way and no folder, choose another --out" in said
    assert opened == []


def test_what_is_no_result_is_not_replaced_and_noticed_before_any_decoding(make_film, moving, tmp_path):
    films = [make_film("a.mp4", moving(30)), make_film("b.mp4", moving(30, seed=1))]
    mine = tmp_path / "out" / "a.mp4" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    outcomes, said, opened = run(films, tmp_path / "out", overwrite=True)
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert "holds something else than a result" in said
    assert films[0] not in opened and films[1] in opened
    assert mine.read_text() == "years of work"


def test_an_earlier_result_that_cannot_be_looked_at_costs_one_film(make_film, moving, tmp_path):
    good, unspeakable = make_film("a.mp4", moving(30)), tmp_path / f"{'b' * 300}.mp4"
    outcomes, said, _ = run([unspeakable, good], tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert said.count("\n") == 1 and "(File name too long)" in said


def test_an_outcome_keeps_no_manifest():
    assert not any("Manifest" in str(field.type) for field in fields(Outcome))


def test_what_is_refused_at_once_is_so_before_an_engine_is_loaded(make_film, moving, tmp_path):
    gone, film = tmp_path / "gone.mp4", make_film("a.mp4", moving(30))
    said = io.StringIO()

    def no_kit(settings: Settings) -> Kit:
        raise AssertionError("an engine was asked for")

    outcomes = anyio.run(extract_files, [gone, tmp_path], tmp_path / "out", Settings(), QuietReporter(said), no_kit)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert "gone.mp4: does not exist" in said.getvalue() and "is a folder" in said.getvalue()
    # Beside a film to work on they are refused as well, each in its place.
    outcomes, lines, opened = run([gone, film], tmp_path / "out")
    assert outcomes[0].status == "failed"
    assert set(opened) == {film} and "gone.mp4: does not exist" in lines


class KilledOnce(DecidingProcesses):
    """Its process is killed as soon as the first film ends."""

    killed = False

    def on(self, film: Film, settings: Settings) -> FarDecisions:
        decisions = super().on(film, settings)
        if not self.killed:
            self.killed = True
            os.kill(self.pids[0], signal.SIGKILL)
        return decisions


def test_a_deciding_process_that_is_killed_costs_one_film(make_film, moving, tmp_path):
    films, said = [make_film(name, moving(30)) for name in ("a.mp4", "b.mp4")], io.StringIO()
    chosen = Settings(device="cpu", formats=("landscape",))
    deciders = KilledOnce(1, "cpu")

    def kit(settings: Settings) -> Kit:
        return replace(host_kit(settings), deciders=deciders)

    outcomes = anyio.run(extract_files, films, tmp_path / "out", chosen, QuietReporter(said), kit)
    assert sorted(outcome.status for outcome in outcomes) == ["done", "failed"]
    (line,) = said.getvalue().splitlines()
    assert "the process that decides at its end was killed (signal 9, perhaps for want of memory), run it again" in line
    assert not any(Path(f"/proc/{pid}").exists() for pid in deciders.pids)
