"""`keyart backfill` from end to end, on films of one second: killed, taken up again, interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from stream.cli.app import build_app
from stream.output.leftovers import temporary_folders

from ..conftest import MakeFilm
from ..metrics.prometheus import parsed

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]

ROOT = Path(__file__).resolve().parents[3]


class Command:
    """`keyart` in a process of its own."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "stream.cli", *map(str, arguments)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ended(self) -> tuple[int, str, str]:
        out, errors = self._process.communicate(timeout=240)
        return self._process.returncode, out, errors

    def until_said(self, part: str) -> None:
        """Wait for a line on stderr."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if part in line:
                return
        raise AssertionError(f"{part!r} was never said")

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children()


@pytest.fixture
def library(tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> Path:
    """Three films of a second, and the largest file, which comes first and is none."""
    folder = tmp_path / "library"
    for number in range(3):
        film = make_film(f"{number}.mp4", moving(25, seed=number, size=(192, 108)))
        (folder / f"disk{number % 2}").mkdir(parents=True, exist_ok=True)
        shutil.move(film, folder / f"disk{number % 2}" / film.name)
    (folder / "broken.mkv").write_bytes(b"no film" * 300_000)
    return folder


def results(out: Path) -> dict[str, int]:
    """Result → when its manifest was written."""
    return {
        path.parent.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in out.glob("**/manifest.json")
    }


def backfill(library: Path, out: Path, *more: object) -> Command:
    return Command("backfill", library, "--out", out, "--device", "cpu", *more)


def status(out: Path) -> dict[str, Any]:
    code, said, errors = Command("ledger", "status", "--out", out, "--json").ended()
    assert code == 0, errors
    return dict(json.loads(said)["films"])


def test_a_library_from_end_to_end(library: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "log.jsonl"
    code, said, errors = backfill(library, out, "--json", "--log", log).ended()
    assert code == 1, errors
    assert "broken.mkv: is a text and not a video" in errors
    made = results(out)
    assert set(made) == {"disk0/0.mp4", "disk0/2.mp4", "disk1/1.mp4"}
    summary = json.loads(said)
    assert summary == json.loads((out / ".keyart" / "summary.json").read_text())
    assert (summary["films"]["done"], summary["films"]["failed"], summary["left"]) == (3, 1, 0)
    assert len(summary["slowest"]) == 3
    told = parsed((out / ".keyart" / "metrics.prom").read_text())
    assert (told["keyart_films_total", "done"], told["keyart_library_films", "refused", "failed"]) == (3, 1)
    assert told["keyart_frames_total", "h264", "ffmpeg"] == 75
    assert told["keyart_stage_items_total", "decode"] == 75
    assert told["keyart_channel_items_total", "decoded"] >= 3
    assert told["keyart_batch_size_count", "detector"] > 0
    assert (told["keyart_worker_starts_total", "first"], told["keyart_queue_films",]) == (1, 0)
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert {"run begun", "library scanned", "worker ready", "film begun", "film finished"} <= set(events)
    assert events[-1] == "run finished"

    changed = library / "disk0" / "0.mp4"
    os.utime(changed, (1, 1))
    (library / "disk0" / "2.mp4").unlink()
    code, said, errors = backfill(library, out, "--json").ended()
    assert (code, results(out)) == (1, made), errors
    assert json.loads(said)["films"]["unchanged"] == 1
    assert status(out) | {"done": 2, "failed": 1, "gone": 1} == status(out)

    code, said, _ = Command("ledger", "retry", "--out", out, "--json").ended()
    assert (code, json.loads(said)) == (0, {"queued": 1})
    code, said, _ = backfill(library, out, "--dry-run", "--json").ended()
    assert (code, json.loads(said)["to_do"]) == (0, 1)
    assert Command("ledger", "export", "--to", tmp_path / "all.csv", "--out", out).ended()[0] == 0
    assert (tmp_path / "all.csv").read_text().count("\n") == 5


def test_killed_and_taken_up_again(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = backfill(library, out, "--set", "backfill.lease_s=3600", "--in-flight", "2")
    first.until_said("broken.mkv")  # with another film in work beside it
    workers = first.workers()
    first.send(signal.SIGKILL)
    first.ended()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive, "a worker does not outlive its supervisor"
    assert not list(out.glob("**/.*partial*"))
    assert status(out)["running"] > 0, "the test is about films in work"
    made = results(out)
    stale = [temporary_folders(out / name)[0] for name in ("broken.mkv", "disk0/0.mp4")]
    for folder in stale:
        folder.mkdir(parents=True, exist_ok=True)
    code, _, errors = backfill(library, out).ended()
    assert code == 1, errors
    assert not list(out.glob("**/.*partial*")), "a run removes what killed ones left, of finished films too"
    assert set(results(out)) == {"disk0/0.mp4", "disk0/2.mp4", "disk1/1.mp4"}
    assert made.items() <= results(out).items(), "what was finished is not made again"
    assert status(out) | {"done": 3, "failed": 1, "queued": 0, "running": 0} == status(out)


def test_a_signal_hands_leases_back(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = backfill(library, out, "--grace", "0")
    run.until_said("4 to do")
    run.send(signal.SIGTERM)
    code, _, errors = run.ended()
    assert code == 143, errors
    assert "nothing new is begun" in errors or "interrupted" in errors
    assert status(out)["running"] == 0
    assert set(results(out)) <= {"disk0/0.mp4", "disk0/2.mp4", "disk1/1.mp4"}


def test_a_second_signal_waits_for_no_film(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = backfill(library, out, "--grace", "3600")
    run.until_said("4 to do")
    while not list(out.glob("**/.*partial*")):
        assert psutil.pid_exists(run.pid)
    workers = run.workers()
    workers[0].suspend()  # its film would never end
    run.send(signal.SIGTERM)
    run.until_said("once more ends at once")
    run.send(signal.SIGTERM)
    code, _, errors = run.ended()
    assert code == 143, errors
    assert json.loads((out / ".keyart" / "summary.json").read_text())["stopped"] == "interrupted"
    assert (out / ".keyart" / "metrics.prom").is_file()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
    assert not list(out.glob("**/.*partial*"))


def test_a_run_that_stops_early_leaves_its_metrics(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--set", "backfill.budget_films=1", "--set", "backfill.budget_percent=0"]
    code, said, errors = backfill(library, out, "--json", *options).ended()
    assert code == 3, errors
    assert "1 of the last 1 films failed" in json.loads(said)["stopped"]
    told = parsed((out / ".keyart" / "metrics.prom").read_text())
    assert (told["keyart_film_failures_total", "refused"], told["keyart_queue_films",]) == (1, 3)


def test_a_run_that_is_interrupted_leaves_its_metrics(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = backfill(library, out)
    run.until_said("broken.mkv")
    run.send(signal.SIGINT)
    code, _, errors = run.ended()
    assert code == 130, errors
    told = parsed((out / ".keyart" / "metrics.prom").read_text())
    assert told["keyart_film_failures_total", "refused"] == 1
    assert told["keyart_queue_films",] == 4 - 1 - told["keyart_films_total", "done"] > 0
    assert json.loads((out / ".keyart" / "summary.json").read_text())["stopped"] == "stopped as asked"


def test_metrics_are_answered_while_it_runs(library: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        code, _, errors = backfill(library, tmp_path / "out", "--metrics-port", port).ended()
        assert code == 2
        assert errors == f"keyart: metrics on 127.0.0.1, port {port}: Address already in use; choose another\n"
    run = backfill(library, tmp_path / "out", "--metrics-port", port, "--set", "backfill.metrics_address=localhost")
    run.until_said("4 to do")
    with urlopen(f"http://localhost:{port}/metrics", timeout=20) as answer:
        told = parsed(answer.read().decode())
    run.ended()
    assert told["keyart_frames_total", "h264", "ffmpeg"] == 0
    assert ("keyart_library_films", "", "queued") in told


def test_people_are_told_of_the_settings_of_the_last_run(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert backfill(library, out, "--top", "3", "--limit", "1").ended()[0] == 1
    assert backfill(library, out, "--limit", "2").ended()[0] == 1
    code, said, errors = Command("ledger", "status", "--out", out, "--json").ended()
    assert code == 0, errors
    told = json.loads(said)
    assert sum(told["films"].values()) == told["of_other_settings"] == 4
    code, said, errors = Command("ledger", "retry", "broken.mkv", "nosuch.mkv", "--out", out).ended()
    assert (code, said) == (1, "1 film queued\n")
    assert "not all of the films that were named" in errors
    code, said, errors = Command("ledger", "export", "--to", "-", "--out", out).ended()
    assert (code, said.count("\n")) == (0, 8), errors


def test_what_cannot_be_meant(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    wrong: list[tuple[list[object], str]] = [
        (["backfill", tmp_path / "none", "--out", out], "does not exist"),
        (["backfill", "", "--out", out], "LIBRARY is empty"),
        (["ledger", "status", "--ledger", ""], "is no database URL"),
        (["backfill", library, "--out", out, "--shard", "5/4"], "--shard"),
        (["backfill", library, "--out", out, "--ledger", "mysql://host/name"], "--ledger"),
        (["ledger", "status", "--out", out], "has no ledger"),
        (["ledger", "status"], "either --out DIR or --ledger URL"),
    ]
    for arguments, said in wrong:
        found = CliRunner().invoke(build_app([]), list(map(str, arguments)), catch_exceptions=False)
        assert (found.exit_code, found.stderr.count("\n")) == (2, 1), found.stderr
        assert said in found.stderr


def test_a_ledger_out_of_reach_stops_the_run(library: Path, tmp_path: Path) -> None:
    url = "postgresql://keyart:secret@127.0.0.1:1/none"
    code, _, errors = backfill(library, tmp_path / "out", "--ledger", url).ended()
    assert (code, errors.count("\n")) == (3, 1), errors
    assert "cannot be used" in errors
    assert "secret" not in errors
