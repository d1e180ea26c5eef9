"""`keyart extract --workers-per-device`: what one process gives, by several."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from stream.backfill.links import Places
from stream.backfill.places import WORKERS_PER_GPU, with_share
from stream.cli.extract_workers import extract_by_workers
from stream.cli.progress import QuietReporter
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings
from stream.settings.sections import BackfillSettings, CudaSettings

from ..backfill.scripted import Script, places_of

ROOT = Path(__file__).resolve().parents[3]
TWO = ("--workers-per-device", "2")


@pytest.fixture
def films(make_film: Any, moving: Any, tmp_path: Path) -> list[Path]:
    """Three films of a second."""
    return [make_film(f"{number}.mp4", moving(25, seed=number, size=(192, 108))) for number in range(3)]


def keyart(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stream.cli", "extract", *map(str, arguments), "--device", "cpu"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def contents(out: Path) -> dict[str, object]:
    """All files of the results, without how long things took."""
    found: dict[str, object] = {}
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        found[file.relative_to(out).as_posix()] = file.read_bytes()
        if file.name == "manifest.json":
            found[file.relative_to(out).as_posix()] = {**json.loads(file.read_text()), "timings": None}
    return found


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
def test_results_lines_and_exit_code_are_those_of_one_process(films: list[Path], tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path / "text.mkv")
    (tmp_path / "cut.mp4").write_bytes(films[0].read_bytes()[:3000])
    files, said = [*films, tmp_path / "text.mkv", tmp_path / "cut.mp4"], []
    for name, more in (("one", ()), ("two", TWO)):
        with keyart(*files, "--out", tmp_path / name, "--json", *more) as command:
            out, errors = command.communicate()
        lines = sorted(line for line in errors.splitlines() if line.startswith("keyart: "))
        manifests = sorted(json.loads(line)["video"]["path"] for line in out.splitlines())
        said.append((command.returncode, lines, manifests))
    assert said[0] == said[1] and said[0][0] == 1 and len(said[0][1]) == 2 and len(said[0][2]) == 3
    found = contents(tmp_path / "one")
    assert len(found) > 6 and found == contents(tmp_path / "two")
    with keyart(*films, "--out", tmp_path / "two", *TWO) as again:
        _, errors = again.communicate()
    assert again.returncode == 0 and errors.count("skipped (--overwrite replaces it)") == 3


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_all_of_it(films: list[Path], tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    with keyart(*films, "--out", out, *TWO) as command:
        assert command.stderr is not None
        assert any("watching" in line for line in command.stderr)
        workers = psutil.Process(command.pid).children(recursive=True)
        command.send_signal(number)
        last = command.stderr.read()
    assert len(workers) >= 2 and not psutil.wait_procs(workers, timeout=10)[1]
    if number == signal.SIGINT:
        assert command.returncode == 130 and last.endswith("keyart: interrupted, nothing was left half-written\n")
    assert not [path for path in out.glob(".*")], "nothing is left beside the results"


def extracted(
    files: list[Path], out: Path, places: Callable[[Settings, Path], Places]
) -> tuple[list[Outcome], list[str]]:
    said = io.StringIO()
    settings = Settings(device="cpu", backfill=BackfillSettings(workers_per_device=2, patience_s=0.0))
    outcomes = anyio.run(extract_by_workers, files, out, settings, QuietReporter(said), places)
    return outcomes, said.getvalue().splitlines()


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_a_film_that_takes_its_worker_down_alone_fails_and_no_other(films: list[Path], tmp_path: Path) -> None:
    script = Script({"0.mp4": "killed", "1.mp4": "killed refused", "2.mp4": "limits"}, in_flight=2)
    outcomes, said = extracted(films, tmp_path / "out", lambda settings, logs: places_of(script, 2))
    assert [outcome.video for outcome in outcomes] == films
    assert [outcome.status for outcome in outcomes] == ["failed"] * 3
    own = outcomes[0].reason
    assert own is not None and own.startswith("its worker was killed (signal 9") and "ledger" not in own
    assert [outcome.reason for outcome in outcomes[1:]] == ["refused here", "limits here"]
    assert sorted(said) == sorted(f"keyart: {one.video}: {one.reason}" for one in outcomes)
    assert script.runs["0.mp4"] == 2


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_where_no_worker_can_be_started_every_file_says_why(films: list[Path], tmp_path: Path) -> None:
    script = Script(cannot_start=99)
    outcomes, said = extracted(films, tmp_path / "out", lambda settings, logs: places_of(script, 1))
    assert [outcome.status for outcome in outcomes] == ["failed"] * 3
    assert all("weights are missing, pull them" in line for line in said) and len(said) == 3


def test_workers_share_a_devices_memory() -> None:
    def share(**changes: Any) -> float:
        return with_share(Settings(**changes)).cuda.memory_share

    assert share() == 1 / WORKERS_PER_GPU
    assert share(backfill=BackfillSettings(workers_per_device=4)) == 0.25
    assert share(backfill=BackfillSettings(workers_per_device=1)) == 1.0
    assert share(cuda=CudaSettings(memory_share=0.3)) == 0.3
