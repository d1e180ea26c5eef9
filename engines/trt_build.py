"""Builds TensorRT engines, each model in a child process, because a build takes minutes and only killing the process
stops it.

Engines are built in a scratch folder inside the engine folder and renamed when they are complete, so an interruption
leaves nothing behind. The timing cache is handled in the same way and shared by all models.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from . import store
from .errors import ModelError
from .trt import TensorRt, built, mark_built, model_folder

BUILDER = (sys.executable, "-m", "engines.trt_worker")
"""Command that builds one model. It is called with the role, the model file and the scratch folder, and must create the
folder `trt.model_folder` in it."""
TIMINGS = "*.timing"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuiltEngine:
    """The engines of one model. seconds: how long they took to build, None when they existed already."""

    role: str
    folder: Path
    size_bytes: int
    seconds: float | None


def build_engines(
    engines: Path,
    models: Mapping[str, Path],
    found: TensorRt,
    say: Say,
    again: bool = False,
    builder: Sequence[str] = BUILDER,
) -> list[BuiltEngine]:
    """Builds the missing engines of these models (role → file), or all of them with `again`. Calls `say` with one line
    for each step.

    Only one process at a time builds in a folder; others wait. Raises ModelError, with the reason, at the first model
    that cannot be built; engines built before it stay. Any other exception ends the child process and leaves nothing
    half-written.
    """
    done = []
    with store.locked(engines), store.scratch(engines) as scratch:
        for number, (role, model) in enumerate(models.items(), 1):
            of = f"{number} of {len(models)}"
            folder = model_folder(engines, role, model)
            if built(engines, role, model) and not again:
                done.append(BuiltEngine(role, folder, _size(folder), None))
                say(f"{role} ({of}): already built")
                continue
            say(f"{role} ({of}): building, this takes minutes")
            done.append(_build(engines, role, model, found, scratch, builder))
            say(f"{role} ({of}): built in {done[-1].seconds:.0f} s, {done[-1].size_bytes / 1e6:.1f} MB")
    return done


def _build(
    engines: Path, role: str, model: Path, found: TensorRt, scratch: Path, builder: Sequence[str]
) -> BuiltEngine:
    for timing in engines.glob(TIMINGS):
        shutil.copy(timing, scratch)
    started_s = time.perf_counter()
    _run([*builder, role, str(model), str(scratch)], role)
    seconds = time.perf_counter() - started_s
    fresh, folder = model_folder(scratch, role, model), model_folder(engines, role, model)
    if not fresh.is_dir() or not _size(fresh):
        raise ModelError(f"{role}: the builder ended well but left no engine")
    mark_built(fresh, found, seconds)
    if folder.exists():
        shutil.rmtree(folder)
    fresh.rename(folder)
    for timing in scratch.glob(TIMINGS):
        timing.replace(engines / timing.name)
    return BuiltEngine(role, folder, _size(folder), seconds)


def _run(command: Sequence[str], role: str) -> None:
    with tempfile.TemporaryFile("w+", errors="replace") as errors_file:
        with _child(command, errors_file) as child:
            exit_code = child.wait()
        errors_file.seek(0)
        errors = errors_file.read()
    if exit_code:
        raise ModelError(f"{role}: TensorRT engine not built: {_reason(exit_code, errors)}")


@contextmanager
def _child(command: Sequence[str], errors_file: TextIO) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a child in its own process group, which is killed with everything it started when the block ends.

    Its stdin is a pipe that this process holds open, so the child notices when this process is killed.
    """
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors_file, start_new_session=True
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


def _reason(exit_code: int, errors: str) -> str:
    last = (errors.strip().splitlines() or [""])[-1].strip()
    return last or (f"ended by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
