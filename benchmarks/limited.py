"""A command in a process group of its own, with an end to its time and its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. code: its exit code, negative the signal that ended it. over: "time" or "memory" where it
    was ended for that. peak_mib: the most memory that was seen of it and its children."""

    code: int
    stdout: str
    stderr: str
    over: str | None
    wall_s: float
    peak_mib: float


def run_limited(command: Sequence[str], most_s: float, most_mib: float, **environment: str) -> Ended:
    """Run the command to its end, or end it and its children when it takes more time or memory than this."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begun_s = time.monotonic()
        process = subprocess.Popen(
            command, stdout=out, stderr=errors, stdin=subprocess.DEVNULL, env=os.environ | environment,
            start_new_session=True,
        )  # fmt: skip
        over, peak_mib = _watched(process, begun_s + most_s, most_mib)
        if over is not None:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        wall_s = time.monotonic() - begun_s
        out.seek(0)
        errors.seek(0)
        return Ended(code, out.read(), errors.read(), over, wall_s, peak_mib)


def _watched(process: subprocess.Popen[bytes], until_s: float, most_mib: float) -> tuple[str | None, float]:
    peak_mib = 0.0
    while True:
        try:
            process.wait(_LOOK_EVERY_S)
            return None, peak_mib
        except subprocess.TimeoutExpired:
            peak_mib = max(peak_mib, memory_mib(process.pid))
        if peak_mib > most_mib:
            return "memory", peak_mib
        if time.monotonic() > until_s:
            return "time", peak_mib


def own_peak_mib() -> float:
    """The most resident memory that this program has had, MiB. `ru_maxrss` would count that of the program which
    started it as well."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:", 1)[1].split()[0]) / 1024


def memory_mib(pid: int) -> float:
    """Resident memory of a process and its children; 0 when it is gone."""
    try:
        parent = psutil.Process(pid)
        return sum(float(one.memory_info().rss) for one in [parent, *parent.children(recursive=True)]) / 2**20
    except psutil.NoSuchProcess:
        return 0.0
