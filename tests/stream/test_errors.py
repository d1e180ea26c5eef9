"""A device that fails: for good, which ends the run with its own exit code, or for one film only."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from typer.testing import CliRunner

from engines.errors import SessionError
from kernels.cuda.errors import sticky
from stream import log
from stream.cli.app import build_app
from stream.cli.exits import DEVICE_LOST
from stream.cli.progress import QuietReporter
from stream.device.kit import Kit
from stream.device.kit_cpu import host_kit
from stream.errors import DeviceLostError, KeyartError, UsageError, device_errors
from stream.output.result_folder import MANIFEST
from stream.pipeline.many import extract_files
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings


class CUDARuntimeError(RuntimeError):
    """As CuPy's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


LOST = CUDARuntimeError(700, "cudaErrorIllegalAddress: an illegal memory access was encountered")
NO_ROOM = CUDARuntimeError(2, "cudaErrorMemoryAllocation: out of memory")


class FailingMeter:
    """A meter whose device fails at the first batch."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def measure(self, surfaces: Any, pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        raise self._error

    def borders(self) -> Any:
        raise self._error


def failing_kit(marked: str, error: Exception) -> Callable[[Settings], Kit]:
    """The host's parts, but the kernels of films whose display is `marked` fail: "WIDTHxHEIGHT"."""

    def make(settings: Settings) -> Kit:
        kit = host_kit(settings)

        def meter(geometry: Any) -> Any:
            size = f"{geometry.display_width}x{geometry.display_height}"
            return FailingMeter(error) if size == marked else kit.meter(geometry)

        return replace(kit, meter=meter)

    return make


def run(films: Sequence[Path], out: Path, kit: Callable[[Settings], Kit]) -> tuple[list[Outcome], str]:
    said = io.StringIO()
    settings = Settings(device="cpu", formats=("landscape",))
    return anyio.run(extract_files, films, out, settings, QuietReporter(said), kit), said.getvalue()


@pytest.fixture
def three(make_film: Any, moving: Any) -> list[Path]:
    """The second is of another size."""
    sizes = {"a.mp4": (96, 64), "b.mp4": (128, 96), "c.mp4": (96, 64)}
    return [make_film(name, moving(30, size=size)) for name, size in sizes.items()]


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_what_ends_the_device_ends_the_run_and_leaves_finished_results(three: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        run(three, tmp_path / "out", failing_kit("128x96", LOST))
    assert caught.group_contains(DeviceLostError, match=r"the GPU failed \(IllegalAddress\)")
    assert (tmp_path / "out" / "a.mp4" / MANIFEST).is_file()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.mp4"]


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_want_of_memory_fails_one_film_in_one_line(three: list[Path], tmp_path: Path) -> None:
    outcomes, said = run(three, tmp_path / "out", failing_kit("128x96", NO_ROOM))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    assert "b.mp4: needs more GPU memory than there is" in said


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_a_mistake_of_ours_costs_one_film_and_says_where_it_was_made(three: list[Path], tmp_path: Path) -> None:
    outcomes, said = run(three, tmp_path / "out", failing_kit("128x96", KeyError("no such thing")))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    (line,) = (line for line in said.splitlines() if "b.mp4" in line)
    assert "failed inside Keyart (measure: KeyError at stream/pipeline/watch.py:" in line and "no such thing" in line


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_the_log_tells_of_every_film(three: list[Path], tmp_path: Path) -> None:
    kit = failing_kit("128x96", KeyError("no such thing"))
    with log.opened(tmp_path / "log", print):
        run(three[:2], tmp_path / "out", kit)
        _, said = run(three[:2], tmp_path / "out", kit)
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    first, second = ([line for line in told if line.get("film") == str(film)] for film in three[:2])
    warnings = [line for line in first if line["event"] == "film warning"]
    assert "small_source" in {line["code"] for line in warnings}
    steps = [line["event"] for line in first if line not in warnings]
    assert steps == ["film begun", "film finished", "film skipped"]
    assert [line["event"] for line in second] == ["film begun", "film failed"] * 2
    failed = second[-1]
    assert (failed["stage"], f"{failed['reason']}\n") == ("measure", said.split("b.mp4: ")[1])
    (mistake,) = failed["exception"][0]["exceptions"]
    assert mistake[0]["exc_type"] == "KeyError"
    assert {"_measure_batch", "measure"} <= {frame["name"] for frame in mistake[0]["frames"]}
    ready = next(line for line in told if line["event"] == "engines ready")
    assert (ready["device"], ready["providers"]) == ("cpu", ["CPUExecutionProvider"])


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_a_reason_leaves_what_it_came_from_in_the_log(three: list[Path], tmp_path: Path) -> None:
    with log.opened(tmp_path / "log", print):
        run(three[1:2], tmp_path / "out", failing_kit("128x96", NO_ROOM))
    failed = json.loads((tmp_path / "log").read_text().splitlines()[-1])
    assert failed["reason"].startswith("needs more GPU memory")
    assert failed["stage"] == "measure"
    reason, group = failed["exception"]
    assert (reason["exc_type"], group["is_cause"]) == ("KeyartError", True)
    assert group["exceptions"][0][0]["exc_value"] == str(NO_ROOM)


def test_a_place_that_cannot_hold_results_is_found_before_work(three: list[Path], tmp_path: Path) -> None:
    def no_kit(settings: Settings) -> Kit:
        raise AssertionError("work began")

    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is no folder, choose another"):
        run(three, tmp_path / "file", no_kit)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SessionError("eyes: cuDNN said no"), "eyes: cuDNN said no"),
        (CUDARuntimeError(1, "cudaErrorInvalidValue: invalid argument"), "cudaErrorInvalidValue"),
        (ExceptionGroup("tasks", [SessionError("mesh: refused")]), "mesh: refused"),
    ],
)
def test_what_the_device_refuses_is_the_films_reason(error: Exception, words: str) -> None:
    with pytest.raises(KeyartError, match=words), device_errors():
        raise error


def test_other_errors_and_reasons_pass() -> None:
    for error in (KeyError("bug"), KeyartError("is empty"), MemoryError("no host memory")):
        with pytest.raises(type(error)) as caught, device_errors():
            raise error
        assert caught.value is error


def test_a_reason_that_hides_the_end_of_the_device_is_not_believed() -> None:
    def decode() -> None:
        try:
            raise LOST
        except CUDARuntimeError as error:
            raise KeyartError("cannot be decoded") from error

    with pytest.raises(DeviceLostError), device_errors():
        decode()


@pytest.mark.parametrize("while_closing", [False, True])
def test_the_command_says_so_in_one_line_with_its_own_exit_code(tmp_path: Path, while_closing: bool) -> None:
    """`while_closing`: what is closed on the way out fails as well, and only that is raised."""

    async def work(*arguments: Any) -> list[Outcome]:
        try:
            raise ExceptionGroup("films", [DeviceLostError("the GPU failed"), LOST])
        finally:
            if while_closing:
                raise CUDARuntimeError(700, "cudaErrorIllegalAddress: again")

    film = tmp_path / "film.mp4"
    film.write_bytes(b"")
    result = CliRunner().invoke(build_app([]), ["extract", str(film), "--out", str(tmp_path / "out")], obj=work)
    assert result.exit_code == DEVICE_LOST == 70
    assert result.stderr.count("\n") == 1 and "the GPU failed (IllegalAddress)" in result.stderr


@pytest.mark.parametrize("code", [DEVICE_LOST, 130, 143])
def test_the_process_ends_without_giving_anything_back(code: int) -> None:
    """A library that aborts while the interpreter ends must not hide the exit code."""
    program = "import atexit, os, sys; from stream.cli.exits import *; atexit.register(os.abort)\n"
    program += "with exit_without_teardown():\n    raise SystemExit(int(sys.argv[1]))"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", program, str(code)], cwd=root, check=False).returncode == code


def test_the_runs_own_message_does_not_look_like_another_error() -> None:
    assert sticky(DeviceLostError("the GPU failed (IllegalAddress)")) is None
