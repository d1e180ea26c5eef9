"""Runs a part of `gpu_check` in a child process: its inputs, how it writes its results, and what is recorded about its
end."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernels.cuda.toolkit import set_cuda_path

from ..report import Row

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Job:
    """The inputs of a part. A part writes each result as soon as it has it, so that a part that is stopped early still
    has some."""

    testdata: Path
    clips: Path | None
    into: Path
    found: Row

    def note(self, key: str, value: Any) -> None:
        """Adds one result and writes all results to disk."""
        self.found[key] = value
        write_json(self.into, self.found)

    def episode(self, name: str) -> Path:
        """The film of an episode. Raises FileNotFoundError."""
        folder = self.testdata / "episodes" / name
        for film in sorted(folder.glob(f"{name}.*")):
            return film
        raise FileNotFoundError(f"no film of {name} in {folder}")

    def clip(self, name: str) -> Path:
        """A file that `gpu_clips` made. Raises FileNotFoundError."""
        path = (self.clips or self.testdata / "clips") / name
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is not there: make it with `python -m benchmarks.gpu_clips DIR`")
        return path


def run_part(where: str, testdata: Path, clips: Path | None, limit_s: float) -> Row:
    """Runs one part in a child process. Returns its state (ok, failed, stopped), the reason, and the results it wrote.

    where: `module:function` of the part. limit_s: the child is killed after this time.
    """
    set_cuda_path()  # here for all parts, before any imports CuPy
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        into, log = Path(folder) / "result.json", Path(folder) / "stderr.txt"
        job = {"where": where, "testdata": str(testdata), "clips": str(clips) if clips else None, "into": str(into)}
        command = [sys.executable, "-m", "benchmarks.gpu_check", "--child", json.dumps(job)]
        started_s = time.monotonic()
        with log.open("wb") as errors:
            exit_code = _run(command, errors, limit_s)
        state, reason = _verdict(exit_code, limit_s, log.read_text(errors="replace"))
        results = into.read_text("utf-8") if into.is_file() else "{}"
    reason, results = (without_paths(text, testdata, clips) for text in (reason, results))
    row = part_record(state, reason, round(time.monotonic() - started_s, 1))
    return {**row, "result": json.loads(results)}


def part_record(state: str, reason: str = "", wall_s: float = 0.0) -> Row:
    """The record of a part without results."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"state": state, "reason": reason, "made_at": made_at, "wall_s": wall_s, "result": {}}


def without_paths(text: str, testdata: Path, clips: Path | None) -> str:
    """The text with this machine's folders replaced by names, because reports are kept in the repository."""
    names = {str(clips): "CLIPS", str(testdata): "TESTDATA", str(ROOT): "KEYART", str(Path.home()): "~"}
    for folder in sorted(names, key=len, reverse=True):
        text = text.replace(folder, names[folder]) if folder not in ("None", "/") else text
    return text


def _run(command: Sequence[str], errors: Any, limit_s: float) -> int | None:
    """The exit code; None when the time ran out. Everything that the part started is killed."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors, start_new_session=True)
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _verdict(exit_code: int | None, limit_s: float, stderr: str) -> tuple[str, str]:
    """State and reason. The reason of a failure is the last line of its traceback."""
    if exit_code is None:
        return "stopped", f"took longer than {limit_s:.0f} s"
    if exit_code == 0:
        return "ok", ""
    last = last_line(stderr)
    return "failed", f"ended by signal {-exit_code}, last said: {last}" if exit_code < 0 else last


def last_line(stderr: str) -> str:
    """The last line with text, without the frame that Python draws around groups of errors."""
    lines = (line.strip().lstrip("|+- ") for line in reversed(stderr.splitlines()))
    return next((line for line in lines if line), "")


def child(text: str) -> None:
    """Runs one part in this process. Exceptions end the process with a traceback."""
    job = json.loads(text)
    module, function = job["where"].split(":")
    work = getattr(importlib.import_module(module), function)
    work(Job(Path(job["testdata"]), Path(job["clips"]) if job["clips"] else None, Path(job["into"]), {}))


def write_json(path: Path, tree: Row) -> None:
    """Writes a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", "utf-8")
    unfinished.replace(path)
