"""Part of `gpu_check`: every kernel's time by CUDA events, the bytes it has to move, and GB/s.

The bytes of a kernel are those it cannot do without: each of its inputs read once, each output written once. What lies
in the cache between two launches is not taken out of them, so inputs change from launch to launch.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .gpu_check import Job, Row

BATCH = 32
ROUNDS = 20
SIZE = (1920, 1080)
_COPY_BYTES = 2 << 30

READS: dict[str, Callable[[int, int], int]] = {
    "measure": lambda surfaces, luma: surfaces,
    "darkness_rows": lambda surfaces, luma: luma,
    "darkness_columns": lambda surfaces, luma: luma,
    "convert": lambda surfaces, luma: surfaces,
    "lanczos_rows": lambda surfaces, luma: surfaces,
    "warp": lambda surfaces, luma: surfaces,
}
"""Bytes of pictures (all planes, luma alone) that a kernel reads besides the arrays it is given: pictures come as
addresses. The chips of `_matrices` together look at all of the picture."""


def kernels(job: Job) -> None:
    """Microseconds a launch and GB/s of each kernel on 1080p, and the device's own copy as the yardstick."""
    from kernels.cuda.ops import CudaOps
    from kernels.cuda.runtime import CupyRuntime
    from kernels.surface import Geometry

    from .gpu_check_counting import TimingRuntime

    device = CupyRuntime()
    job.note("copy_gb_s", copy_rate(device))
    runtime = TimingRuntime(device)
    ops: Any = CudaOps(runtime)
    surfaces = [surface(runtime, seed) for seed in range(BATCH)]
    meter, rows = ops.meter(Geometry(*SIZE)), dict[str, Row]()
    frames = np.arange(BATCH)
    work: dict[str, tuple[int, Callable[[int], Any]]] = {
        "statistics": (BATCH, lambda turn: meter.measure(surfaces, frames / 25.0, frames)),
        "profiles": (0, lambda turn: meter.take_darkness()),
        "rgb": (1, lambda turn: ops.rgb(surfaces[turn % BATCH])),
        "detector picture": (1, lambda turn: ops.rgb(surfaces[turn % BATCH], None, (320, 192))),
        "poster": (
            1,
            lambda turn: ops.rgb(surfaces[turn % BATCH], (600.0, 0.0, 720.0, 1080.0), (1000, 1500), fine=True),
        ),
        "chips": (1, lambda turn: ops.warp([(surfaces[turn % BATCH], _matrices())], 192)),
    }
    for name, (count, call) in work.items():
        for turn in range(ROUNDS + 3):
            call(turn)
            launches = runtime.taken()
            if turn >= 3:  # compiled and warm
                _add(rows, name, launches, count * surfaces[0].nbytes, count * surfaces[0].y.nbytes)
        job.note("kernels", {key: summed(row) for key, row in rows.items()})
    rgb = runtime.zeros((BATCH, 192, 320, 3), np.uint8)
    for turn in range(ROUNDS + 3):
        ops.engine_input(rgb, (320, 192), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        _add(rows, "input", runtime.taken() if turn >= 3 else [], 0, 0)
    job.note("kernels", {key: summed(row) for key, row in rows.items()})


def _add(rows: dict[str, Row], work: str, launches: Sequence[tuple[str, int, float]], surfaces: int, luma: int) -> None:
    for kernel, given, seconds in launches:
        row = rows.setdefault(f"{work}: {kernel}", {"bytes": [], "seconds": []})
        row["bytes"].append(given + READS.get(kernel, _nothing)(surfaces, luma))
        row["seconds"].append(seconds)


def _nothing(surfaces: int, luma: int) -> int:
    return 0


def summed(row: Row) -> Row:
    """Medians of a kernel's launches: bytes, microseconds, and GB/s from the two."""
    moved, seconds = statistics.median(row["bytes"]), statistics.median(row["seconds"])
    gb_s = moved / seconds / 1e9 if seconds else None
    return {
        "launches": len(row["seconds"]),
        "bytes": int(moved),
        "us": round(1e6 * seconds, 2),
        "gb_s": None if gb_s is None else round(gb_s, 1),
    }


def copy_rate(device: Any) -> float:
    """GB/s of a large copy from device to device, bytes read and written: about what memory can give."""
    import cupy

    with device.queue():
        source, target = (cupy.ones(_COPY_BYTES, cupy.uint8) for _ in range(2))
        seconds = []
        for _ in range(6):
            begin, end = cupy.cuda.Event(), cupy.cuda.Event()
            begin.record()
            target[...] = source
            end.record()
            end.synchronize()
            seconds.append(cupy.cuda.get_elapsed_time(begin, end) / 1e3)
    return float(round(2 * _COPY_BYTES / statistics.median(seconds[1:]) / 1e9, 1))


def surface(runtime: Any, seed: int, size: tuple[int, int] = SIZE) -> Any:
    """An NV12 picture of noise on the device."""
    from kernels.surface import Colour, Geometry, Surface, split_semi_planar

    width, height = size
    noise = np.random.default_rng(seed).integers(16, 236, (height * 3 // 2, width), dtype=np.uint8)
    y, u, v = split_semi_planar(runtime.upload(noise), height)
    return Surface(y, u, v, 8, Colour(), Geometry(width, height))


def _matrices() -> np.ndarray:
    """(8, 2, 3): eight chips of 192 pixels, each of a square 540 pixels wide; together they cover the picture."""
    scale = 192 / 540
    corners = [(x, y) for y in (0, 540) for x in (0, 460, 920, 1380)]
    return np.array([[[scale, 0.0, -scale * x], [0.0, scale, -scale * y]] for x, y in corners])
