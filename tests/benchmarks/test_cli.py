"""`keyart bench`: exit codes, one line for each problem, and a report that is written in spite of problems."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.report import REPORT_SCHEMA

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bench() -> Run:
    """`bench("shots", "--data", …)` → exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_no_data_at_all_is_wrong_usage(bench: Run, tmp_path: Path) -> None:
    assert bench("recall", "--out", tmp_path)[0] == 2
    code, _, err = bench("bars", "--data", tmp_path / "gone", "--out", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "no such folder" in err


def test_bad_truths_are_named_and_the_report_is_written(bench: Run, tmp_path: Path) -> None:
    for name, truth in (("A", "{"), ("B", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mp4").touch()
        (tmp_path / name / "truth.json").write_text(truth)
    code, out, err = bench("bars", "--data", tmp_path, "--out", tmp_path / "report", "--json")
    assert code == 1
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["A", "A", "B"]
    assert json.loads(out)["bars"]["videos"] == {}
    assert json.loads((tmp_path / "report" / "report.json").read_text())["schema"] == REPORT_SCHEMA
    assert (tmp_path / "report" / "report.html").is_file()


def test_the_gate_fails_when_a_figure_fell(bench: Run, tmp_path: Path) -> None:
    for name, worst in (("before", 0), ("after", 9)):
        (tmp_path / name).mkdir()
        bars = {"videos": {}, "pooled": {"worst_px": worst, "invented": 0}}
        (tmp_path / name / "report.json").write_text(json.dumps({"schema": REPORT_SCHEMA, "bars": bars}))
    before, after = tmp_path / "before", tmp_path / "after"
    assert bench("gate", before, "--baseline", before)[0] == 0
    assert bench("gate", before, "--baseline", after)[0] == 0
    code, out, err = bench("gate", after, "--baseline", before)
    assert (code, err) == (1, "keyart: gate: bars worst_px got worse, from 0 to 9\n")
    assert "worse" in out
    assert bench("baseline", before, tmp_path / "kept.json")[0] == 0
    assert bench("gate", before, "--baseline", tmp_path / "kept.json")[0] == 0
    assert bench("gate", after, "--baseline", tmp_path / "kept.json")[0] == 1
    assert bench("compare", before, after)[0] == 0
    assert bench("compare", before, tmp_path)[0] == 2


def test_nothing_in_common_does_not_pass_the_gate(bench: Run, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({"schema": REPORT_SCHEMA}))
    assert bench("gate", tmp_path, "--baseline", tmp_path)[0] == 1


def test_an_unknown_filter_and_bad_numbers_are_wrong_usage(bench: Run, tmp_path: Path) -> None:
    assert bench("ablation", "--data", tmp_path, "--without", "sound", "--out", tmp_path)[0] == 2
    assert bench("throughput", tmp_path / "a.mp4", "--lengths", "1,x", "--out", tmp_path)[0] == 2


def test_a_film_that_cannot_be_read_is_one_line(bench: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"this is no film")
    code, _, err = bench("throughput", tmp_path / "a.mp4", "--out", tmp_path / "report")
    assert code == 1
    assert err.startswith("keyart: a.mp4: is a text and not a video")


@pytest.mark.slow
@pytest.mark.models
def test_recall_without_each_film_is_a_section_of_the_report(bench: Run, scenes_film: Path, tmp_path: Path) -> None:
    """One film is too few to leave out; it is decided about all the same."""
    (tmp_path / "data" / "scenes").mkdir(parents=True)
    (tmp_path / "data" / "scenes" / scenes_film.name).symlink_to(scenes_film)
    (tmp_path / "data" / "scenes" / "picks.json").write_text('[{"time_s": 1.0}]')
    given = ["--data", tmp_path / "data", "--cache", tmp_path / "cache", "--out", tmp_path / "report"]
    code, out, err = bench("recall", *given, "--leave-one-out", "--json")
    assert (code, "4 films or more" in json.loads(out)["leave_one_out"]["why"]) == (0, True)
    assert "scenes.mp4: pictures" in err
    assert "The choice without each film" in (tmp_path / "report" / "report.html").read_text()
    assert list((tmp_path / "cache" / "judged").glob("scenes-pictures-*.json"))
