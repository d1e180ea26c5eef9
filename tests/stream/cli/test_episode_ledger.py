"""`keyart episode` with the ledger of a library."""

from __future__ import annotations

import shutil
from pathlib import Path

from stream.backfill.home import open_ledger
from stream.episode.records import PictureReading

from .episode_runs import ScriptedReader, call, lines, write


def test_verdicts_in_a_ledger_are_past_knowledge(tmp_path: Path) -> None:
    out, film, moved = tmp_path / "out", tmp_path / "film.mkv", tmp_path / "moved.mkv"
    open_ledger(out, None).database.close()
    film.write_bytes(b"film")

    def told(path: Path, read: str | None, *more: str | Path) -> tuple[object, object]:
        reader = ScriptedReader(film=read, moved=read)
        result = call(path, "--expect", "7", "--out", out, "--json", "--quiet", *more, reader=reader)
        assert (result.exit_code, result.stderr) == (0, "")
        line = lines(result)[path.name]
        return line["verdict"], line["why"]

    assert told(film, "8") == ("mismatch", "The picture says 8, 7 is expected as given.")
    film.rename(moved)
    (verdict, why) = told(moved, None)
    assert verdict == "mismatch"
    assert str(why).startswith("An earlier verdict says 8, 7 is expected as given; ")
    labels = write(tmp_path / "labels.csv", "file,episode\nmoved.mkv,7\n")
    agreed = "The picture says 7, 7 is expected as given; an operator agrees."
    assert told(moved, "7", "--labels", labels) == ("confirmed", agreed)
    assert told(moved, "7") == ("confirmed", agreed)


def test_a_ledger_that_goes_away_is_no_fault_of_the_films(tmp_path: Path) -> None:
    out, films = tmp_path / "out", (tmp_path / "01.mkv", tmp_path / "02.mkv")
    for film in films:
        film.touch()
    open_ledger(out, None).database.close()

    class Removing(ScriptedReader):
        def _read(self, film: Path, series: str | None) -> PictureReading:
            shutil.rmtree(out, ignore_errors=True)
            return super()._read(film, series)

    result = call(*films, "--template", "{episode}.mkv", "--out", out, "--quiet", reader=Removing())
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("keyart: the ledger ")


def test_a_ledger_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for options in (("--out", tmp_path), ("--out", tmp_path, "--ledger", "sqlite:///x"), ("--ledger", "nothing")):
        result = call(tmp_path / "film.mkv", "--expect", "7", *options)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
