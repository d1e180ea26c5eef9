"""How the GPU check runs its parts: each in a process, one report from several calls, and enough time for all."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu_check.about import commit_of, difference
from benchmarks.gpu_check.job import ROOT, last_line, part_record, without_paths
from benchmarks.gpu_check.parts import ABOUT, FIRST, PARTS, limit_s, total_limit_s
from benchmarks.gpu_check.run import argument_parser, begin_report, main, run_check

CALL_S = 480
"""The longest call: a lent machine allows 600 seconds, and starting and copying take some of them."""

PEERS = """
import os, signal, threading

def good(job):
    job.note("answer", 42)

def mark(job):
    (job.testdata / "marker").touch()

def sees(job):
    job.note("marked", (job.testdata / "marker").exists())

def fails(job):
    job.note("so_far", 1)
    raise ValueError("not on this GPU\\nmore")

def group(job):
    raise ExceptionGroup("several", [OSError("the driver is gone")])

def dies(job):
    print("Xid 79", file=__import__("sys").stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)

def hangs(job):
    job.note("so_far", 2)
    threading.Event().wait()
"""


@pytest.fixture
def fake_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, float]]:
    """Fake parts, in a package that only the child processes can import."""
    package = tmp_path / "fake_parts_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(textwrap.dedent(PEERS))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).resolve().parents[3]}")
    names = ("good", "fails", "group", "dies", "hangs", "mark")
    return {name: (f"fake_parts_package.parts:{name}", 60) for name in names}


def run(
    parts: list[str], out: Path, seconds: float, fake_parts: dict[str, tuple[str, float]], **how: Any
) -> dict[str, Any]:
    return run_check(parts, out.parent, None, out, seconds, known=fake_parts, **{"say": lambda line: None, **how})


@pytest.mark.slow
def test_a_part_that_fails_takes_nothing_along(tmp_path: Path, fake_parts: dict[str, tuple[str, float]]) -> None:
    out = tmp_path / "report.json"
    report = run(["fails", "group", "dies", "good"], out, 60, fake_parts)
    assert json.loads(out.read_text()) == report
    parts = report["parts"]
    assert [part["state"] for part in parts.values()] == ["failed", "failed", "failed", "ok"]
    assert parts["fails"]["result"] == {"so_far": 1}
    assert parts["fails"]["reason"] == "more"
    assert parts["group"]["reason"] == "OSError: the driver is gone"
    assert parts["dies"]["reason"] == "ended by signal 11, last said: Xid 79"
    assert parts["good"]["result"] == {"answer": 42}
    assert {figure["met"] for figure in report["figures"]} == {None}


@pytest.mark.slow
def test_a_part_that_hangs_is_stopped_and_what_it_told_is_kept(
    tmp_path: Path, fake_parts: dict[str, tuple[str, float]]
) -> None:
    fake_parts["hangs"] = (fake_parts["hangs"][0], 2)
    report = run(["hangs", "good"], tmp_path / "r.json", 60, fake_parts)
    assert report["parts"]["hangs"]["state"] == "stopped"
    assert report["parts"]["hangs"]["result"] == {"so_far": 2}
    assert report["parts"]["good"]["state"] == "ok"


@pytest.mark.slow
def test_without_time_no_part_is_started_and_an_earlier_result_stays(
    tmp_path: Path, fake_parts: dict[str, tuple[str, float]]
) -> None:
    out = tmp_path / "report.json"
    none = run(["good"], out, 5, fake_parts)["parts"]["good"]
    assert (none["state"], none["reason"], none["result"]) == ("skipped", "no time left", {})
    assert run(["good"], out, 60, fake_parts)["parts"]["good"]["state"] == "ok"
    assert run(["good"], out, 5, fake_parts)["parts"]["good"]["state"] == "ok"


@pytest.mark.slow
def test_the_machine_is_asked_before_anything_imports_cupy(
    tmp_path: Path, fake_parts: dict[str, tuple[str, float]]
) -> None:
    known, sees = {**fake_parts, FIRST: fake_parts["mark"]}, ("fake_parts_package.parts:sees", 60.0)
    said = list[str]()
    report = run(["good", FIRST], tmp_path / "r.json", 60, known, about=sees, say=said.append)
    assert report["marked"] and [line for line in said if line.endswith("…")] == [f"{FIRST} …", "good …"]
    assert [part["state"] for part in report["parts"].values()] == ["ok", "ok"]
    assert next(iter(PARTS)) == FIRST


def test_every_part_is_there() -> None:
    for where, _ in [*PARTS.values(), ABOUT]:
        module, function = where.split(":")
        assert callable(getattr(importlib.import_module(module), function))
    with pytest.raises(SystemExit):
        main(["--parts", "nonsense"])
    assert last_line("a\nE: b\n    +-----\n\n") == "E: b"


def test_the_time_is_enough_for_every_part_to_take_its_limit() -> None:
    assert total_limit_s(PARTS) >= sum(limit for _, limit in PARTS.values()) + ABOUT[1]
    assert all(total_limit_s([name]) <= CALL_S for name in PARTS)
    assert limit_s(100) == 150
    assert limit_s(101) == 160
    assert argument_parser().parse_args([]).minutes is None


def test_the_calls_of_the_readme_are_short_and_run_every_part() -> None:
    readme = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    calls = [call.split(",") for call in re.findall(r"^    python .*gpu_check .*--parts (\S+)$", readme, re.MULTILINE)]
    assert sorted(name for call in calls for name in call) == sorted(PARTS)
    assert max(total_limit_s(call) for call in calls) <= CALL_S
    rows = "\n".join(line for line in readme.splitlines() if line.startswith("| `"))
    assert not [name for name in PARTS if f"`{name}`" not in rows]


def test_a_report_is_kept_under_the_day_it_was_made() -> None:
    assert argument_parser().parse_args([]).out == Path("benchmarks/results") / f"gpu_check-{date.today()}.json"


@pytest.mark.slow
def test_versions_device_and_code_are_there_whichever_parts_are_asked_for(
    tmp_path: Path, fake_parts: dict[str, tuple[str, float]]
) -> None:
    report = run(["good"], tmp_path / "report.json", 60, fake_parts)
    assert report["versions"]["numpy"]
    assert {"gpu", "nvdec", "commit", "dirty"} <= set(report)
    assert re.fullmatch("[0-9a-f]{16}", report["code"])


@pytest.mark.slow
def test_calls_fill_one_report(tmp_path: Path, fake_parts: dict[str, tuple[str, float]]) -> None:
    out, said = tmp_path / "report.json", list[str]()
    run(["fails"], out, 60, fake_parts)
    report = run(["good"], out, 60, fake_parts, say=said.append)
    assert list(report["parts"]) == ["fails", "good"]
    assert said[0] == "kept from earlier calls: fails"
    assert list(run(["good"], out, 60, fake_parts, anew=True)["parts"]) == ["good"]


def about(**changes: Any) -> dict[str, Any]:
    told = {"versions": {"numpy": "2.4", "av": "18"}, "gpu": {"name": "H100"}, "commit": "abc", "dirty": False}
    return {**part_record("ok"), "result": {**told, "code": "12", **changes}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"commit": "def"}, "commit abc, now def"),
        ({"gpu": {"name": "H200"}}, "gpu {'name': 'H100'}, now {'name': 'H200'}"),
        ({"gpu": "no CUDA device found"}, "now no CUDA device found"),
        ({"versions": {"numpy": "2.5", "av": "18"}}, "versions {'numpy': '2.4'}, now {'numpy': '2.5'}"),
        ({"code": "34"}, "code 12, now 34"),
    ],
)
def test_a_report_from_elsewhere_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    out = tmp_path / "report.json"
    out.write_text(json.dumps({**begin_report(out, about(), False), "parts": {"device": part_record("ok")}}))
    assert list(begin_report(out, about(dirty=True), False)["parts"]) == ["device"]
    with pytest.raises(ValueError, match=re.escape(reason)) as refused:
        begin_report(out, about(**changes), False)
    assert "\n" not in str(refused.value)
    assert begin_report(out, about(**changes), True)["parts"] == {}


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "keyart/gpu-check/1", "parts": {}}'])
def test_what_is_no_report_is_not_replaced_unasked(tmp_path: Path, text: str) -> None:
    out = tmp_path / "report.json"
    out.write_text(text)
    with pytest.raises(ValueError, match="no report of this version"):
        begin_report(out, about(), False)
    assert begin_report(out, about(), True)["parts"] == {}


def test_a_machine_that_could_not_be_asked_is_in_the_report(tmp_path: Path) -> None:
    report = begin_report(tmp_path / "report.json", part_record("failed", "the driver is gone"), False)
    assert report["about"] == "the driver is gone"
    assert difference(report, about()["result"]) is not None


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_the_commit_is_that_of_the_repository_and_no_other(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == {"commit": None, "dirty": None}
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    (tmp_path / "inner").mkdir()
    (tmp_path / "file").write_text("1")
    for command in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    found = commit_of(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", found["commit"])
    (tmp_path / "report.json").touch()
    assert commit_of(tmp_path) == {**found, "dirty": False}
    (tmp_path / "file").write_text("2")
    assert commit_of(tmp_path) == {**found, "dirty": True}
    assert commit_of(tmp_path / "inner") == {"commit": None, "dirty": None}


def test_folders_of_the_machine_do_not_reach_the_report(tmp_path: Path) -> None:
    text = f"no film of E01 in {tmp_path}/data/episodes, no clip in {tmp_path}/data/clips, see {ROOT}/README.md"
    shown = without_paths(text, tmp_path / "data", tmp_path / "data" / "clips")
    assert shown == "no film of E01 in TESTDATA/episodes, no clip in CLIPS, see KEYART/README.md"
