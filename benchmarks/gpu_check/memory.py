"""Part of `gpu_check`: device memory over an hour of 1080p, as NVML reports it for the process, less the bare CUDA
context."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ..gpu_clips import packet_kinds
from ..report import Row
from .device import nvml_device
from .job import Job
from .parts import LONG_FILM

EVERY_S = 0.05
EARLY, LATE = slice(1, 3), slice(8, 10)
"""Tenths of the film that are compared. In the first tenth buffers and sessions still grow to their size; what only the
end needs (text, groups of faces, files) comes after the last."""

_MIB = 1 << 20


def memory(job: Job) -> None:
    """Runs the whole pipeline on E05 repeated to an hour, in this process. Records the peak, and memory by tenths of
    the film."""
    import anyio
    import cupy

    from ..scaling import repeat

    cupy.cuda.runtime.free(0)  # creates the context and nothing else
    read, source = process_memory()
    bare = read()
    job.note("source", source)
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        film = Path(folder) / "long.mkv"
        repeat(job.episode("E05"), LONG_FILM, film)
        frames = packet_kinds(film)[0]
        job.note("film", {"times": LONG_FILM, "packets": frames})
        with Sampler(read, frames) as sampler:
            run = anyio.run(_run, film, sampler.on_progress)
        job.note("run", {**run, **sampler.row(bare)})


async def _run(film: Path, on_progress: Callable[[str, int, int | None], None]) -> Row:
    from stream.pipeline.services import open_services

    from .rates import run_pipeline, settings_for

    async with open_services(settings_for("all", 1)) as services:
        return await run_pipeline([film], 1, "all", services, on_progress)


class Sampler:
    """Reads a number of bytes again and again in a thread of its own, together with the film's progress at that time.

    frames: number of frames of the film. Pass `on_progress` to the pipeline.
    """

    def __init__(self, read: Callable[[], int], frames: int, every_s: float = EVERY_S) -> None:
        self._read, self._frames, self._every_s = read, max(1, frames), every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tenth: int | None = None
        self.samples: list[tuple[int | None, int]] = []
        """Tenth of the film (0–9; None before and after it) and bytes of each reading."""

    def on_progress(self, stage: str, done: int, total: int | None) -> None:
        """Takes the film's progress, while it is watched."""
        self._tenth = min(9, 10 * done // self._frames) if stage == "watching" else None

    def _run(self) -> None:
        while True:
            self.samples.append((self._tenth, self._read()))
            if self._stop.wait(self._every_s):
                return

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def row(self, bare: int) -> Row:
        """In MiB: the peak, the bare context, the peaks of the tenths of the film (0: no reading there), and the
        growth."""
        tenths = [max((read for tenth, read in self.samples if tenth == place), default=0) for place in range(10)]
        return {
            "peak_mib": in_mib(max(read for _, read in self.samples)),
            "bare_mib": in_mib(bare),
            "tenths_mib": [in_mib(peak) for peak in tenths],
            "grown_mib": grown_mib(tenths),
        }


def grown_mib(tenths: Sequence[int]) -> float | None:
    """How far late memory is above early memory, MiB; None when there was no reading in one of these tenths."""
    early, late = tenths[EARLY], tenths[LATE]
    return in_mib(max(late) - max(early)) if all((*early, *late)) else None


def in_mib(count: int) -> float:
    """Bytes as MiB."""
    return round(count / _MIB, 1)


def process_memory() -> tuple[Callable[[], int], str]:
    """A function that reads the device memory of this process from NVML, and what it reads: "process", or "device" when
    NVML does not know this process (in a container with its own process ids), so that the whole device is read."""
    import pynvml

    handle = nvml_device()

    def of_process() -> int | None:
        running = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
        return next((one.usedGpuMemory for one in running if one.pid == os.getpid()), None)

    def of_device() -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)

    return (lambda: of_process() or 0, "process") if of_process() else (of_device, "device")
