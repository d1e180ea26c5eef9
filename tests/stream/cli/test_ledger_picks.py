"""`keyart ledger picks`: labels in the form of `keyart bench recall`, records, exit codes, lines for bad records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.labels import read_labels
from stream.backfill.decisions import read_records
from stream.backfill.home import open_ledger
from stream.backfill.ledger import Ledger
from stream.cli.app import build_app

from ..backfill.reviewed import decide, image, record

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder of results, and beside it `library` with two films."""
    for key in ("a/one.mkv", "b/one.mkv"):
        film = tmp_path / "library" / key
        film.parent.mkdir(parents=True)
        film.touch()
    return tmp_path / "results"


@pytest.fixture
def ledger(out: Path) -> Iterator[Ledger]:
    found = open_ledger(out, None)
    yield found
    found.database.close()


@pytest.fixture
def picks(out: Path) -> Run:
    """`picks("--to", …)` on the folder of results → exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        given = ["ledger", "picks", "--out", str(out), *map(str, arguments)]
        done = CliRunner().invoke(build_app([]), given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def of_film(out: Path, key: str, *images: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return record(key, *images, video=str(out.parent / "library" / key), **changes)


def test_approved_frames_are_labels_that_recall_reads(ledger: Ledger, out: Path, picks: Run, tmp_path: Path) -> None:
    one = of_film(out, "a/one.mkv", image(3), image(None, 12.5, "portrait"), image(3, form="square"), rejected=[2, 5])
    decide(ledger, "a/one.mkv", one)
    decide(ledger, "b/one.mkv", of_film(out, "b/one.mkv", image(1)))
    decide(ledger, "none.mkv", of_film(out, "none.mkv", state="rejected", rejected=[1]), "rejected")
    code, said, errors = picks("--to", tmp_path / "labels.json", "--json")
    assert (code, json.loads(said), errors) == (0, {"decisions": 3, "videos": 2, "picks": 3, "left_out": 0}, "")
    entry = json.loads((tmp_path / "labels.json").read_text())["videos"][0]
    assert entry["picks"] == [
        {"time_s": 12.5, "rank": None, "shot": 7, "formats": ["portrait"]},
        {"time_s": 30.125, "rank": 3, "shot": 3, "formats": ["landscape", "square"]},
    ]
    assert [turned["rank"] for turned in entry["rejected"]] == [2, 5]
    labelled = read_labels(tmp_path / "labels.json")
    assert not labelled.problems
    assert [(video.name, video.result) for video in labelled.videos] == [
        ("a/one.mkv", out / "a" / "one.mkv"), ("b/one.mkv", out / "b" / "one.mkv"),
    ]  # fmt: skip
    assert [[pick.time_s for pick in video.picks] for video in labelled.videos] == [[12.5, 30.125], [10.125]]
    assert not any(video.never for video in labelled.videos)


def test_a_bad_record_is_one_line_and_the_rest_is_written(
    ledger: Ledger, out: Path, picks: Run, tmp_path: Path
) -> None:
    decide(ledger, "a/one.mkv", "{")
    good = of_film(out, "b/one.mkv", image(1))
    decide(ledger, "b/one.mkv", good)
    code, said, errors = picks("--to", tmp_path / "labels.json", "--records", tmp_path / "records.jsonl")
    assert (code, said) == (1, "approved frames: 1 of 1 film; decisions: 1\n")
    assert errors.startswith("keyart: a/one.mkv: its record cannot be read (Invalid JSON")
    assert errors.count("\n") == 1
    assert [video.name for video in read_labels(tmp_path / "labels.json").videos] == ["b/one.mkv"]
    (line,) = (tmp_path / "records.jsonl").read_text().splitlines()
    assert json.loads(line) == good
    assert not read_records([("", line)])[1]


def test_labels_to_stdout_are_alone_there(ledger: Ledger, out: Path, picks: Run) -> None:
    decide(ledger, "a/one.mkv", of_film(out, "a/one.mkv", image(1)))
    code, said, _ = picks("--to", "-")
    assert (code, len(json.loads(said)["videos"])) == (0, 1)


def test_what_cannot_be_written_or_was_not_asked_for_is_one_line(ledger: Ledger, picks: Run, tmp_path: Path) -> None:
    code, _, errors = picks("--to", tmp_path / "gone" / "labels.json")
    assert (code, errors.count("\n")) == (1, 1)
    assert "cannot be written" in errors
    assert picks()[0] == 2
    assert picks("--to", "-", "--records", "-")[0] == 2
