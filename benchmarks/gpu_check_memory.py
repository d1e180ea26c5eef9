"""Part of `gpu_check`: device memory over films of different lengths, and what reaches the host.

python -m benchmarks.gpu_check_memory FILM     one film in this process; prints what was measured as JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .gpu_check import Job, Row, last_line

LENGTHS = (1, 3)
EVERY_S = 0.05
_MIB = 1 << 20


def memory(job: Job) -> None:
    """Peaks of one 1080p film and of one three times as long, each in a fresh process; copies counted on the way."""
    from .scaling import repeat

    runs: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        for times in LENGTHS:
            film = Path(folder) / f"{times}.mkv"
            repeat(job.episode("E05"), times, film)
            runs.append({"times": times, **_fresh(film)})
            job.note("runs", runs)
            for key in ("measured_bytes_per_frame", "host_bytes_per_frame"):
                job.note(key, max(run[key] for run in runs))
    job.note("traced", _fresh(job.episode("E01"), "--trace"))


def _fresh(film: Path, *more: str) -> Row:
    command = [sys.executable, "-m", "benchmarks.gpu_check_memory", str(film), *more]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{film.name}: {last_line(done.stderr) or f'exit code {done.returncode}'}")
    measured: Row = json.loads(done.stdout.splitlines()[-1])
    return measured


class Sampler:
    """Reads a number again and again in a thread of its own. `read` gives bytes; `peak`, `first` and `last` are MiB."""

    def __init__(self, read: Callable[[], int], every_s: float = EVERY_S) -> None:
        self._read, self._every_s = read, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[int] = []

    def _run(self) -> None:
        while True:
            self.samples.append(self._read())
            if self._stop.wait(self._every_s):
                return

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def row(self, bare: int) -> Row:
        """Peak and bare context in MiB; the peaks of ten stretches of the run show whether it grows."""
        stretch = max(1, len(self.samples) // 10)
        peaks = [max(self.samples[at : at + stretch]) for at in range(0, len(self.samples), stretch)]
        return {
            "peak_mib": round(max(self.samples) / _MIB, 1),
            "bare_mib": round(bare / _MIB, 1),
            "course_mib": [round(peak / _MIB, 1) for peak in peaks],
        }


def process_memory() -> tuple[Callable[[], int], str]:
    """A reader of the device memory of this process by NVML, and what it reads: "process", or "device" where NVML does
    not know this process (in a container's own process names) and the whole device is read instead."""
    import pynvml

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)

    def of_process() -> int | None:
        running = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
        return next((one.usedGpuMemory for one in running if one.pid == os.getpid()), None)

    def of_device() -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)

    return (lambda: of_process() or 0, "process") if of_process() else (of_device, "device")


def film_alone(path: Path, trace: bool = False) -> Row:
    """The whole pipeline on one film in this process: memory sampled, copies counted."""
    import anyio
    import cupy

    cupy.cuda.runtime.free(0)  # the context alone
    read, source = process_memory()
    bare = read()
    with Sampler(read) as sampler:
        run, counts = anyio.run(_run_counted, path) if not trace else (_traced(path), {})
    row = {"source": source, **sampler.row(bare), **run, "counted": counts}
    if counts:
        frames = max(1, run["frames"])
        row["measured_bytes_per_frame"] = round(counts["each_frame_bytes"] / frames, 1)
        row["host_bytes_per_frame"] = round(counts["beside_crops_bytes"] / frames, 1)
    return row


async def _run_counted(path: Path) -> tuple[Row, Row]:
    from .gpu_check_rates import settings_for, whole
    from .gpu_check_services import counted_services

    async with counted_services(settings_for("all", 1)) as (services, counts):
        run = await whole([path], 1, "all", services)
        return run, counts()


def _traced(path: Path) -> Row:
    """Every copy of a run as CUPTI saw it, whoever asked for it."""
    import anyio
    import torch

    from .gpu_check_counting import traced_bytes
    from .gpu_check_rates import settings_for, whole

    async def run() -> Row:
        from stream.services import open_services

        async with open_services(settings_for("all", 1)) as services:
            return await whole([path], 1, "all", services)

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        done = anyio.run(run)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "trace.json"
        profile.export_chrome_trace(str(told))
        copies: dict[str, Any] = dict(traced_bytes(json.loads(told.read_text())))
    return {**done, "copies_bytes": copies}


if __name__ == "__main__":
    print(json.dumps(film_alone(Path(sys.argv[1]), trace="--trace" in sys.argv[2:])))
