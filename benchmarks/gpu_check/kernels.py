"""Part of `gpu_check`: time of every kernel by CUDA events, the bytes it has to move, and GB/s.

The bytes of a kernel are the least it can move: each input read once, each output written once. Data that is still in
the cache from the launch before is not subtracted; inputs change from launch to launch instead.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kernels.bars import DARKNESS_STRIDE

from ..report import Row
from .job import Job

BATCH = 32
ROUNDS = 20
WARM_UP_ROUNDS = 3
"""Rounds at the beginning that are not counted: kernels are compiled, and memory grows to its size."""
_COPY_BYTES = 2 << 30


class PictureKind(NamedTuple):
    """The pictures that a decoder returns: NV12 with 8 bits, P016 with 10."""

    width: int
    height: int
    bits: int


PICTURE_KINDS = {
    "8-bit 1080p": PictureKind(1920, 1080, 8),
    "10-bit 1080p": PictureKind(1920, 1080, 10),
    "8-bit 4K": PictureKind(3840, 2160, 8),
    "10-bit 4K": PictureKind(3840, 2160, 10),
}

READS: dict[str, Callable[[int, int], int]] = {
    "measure": lambda surfaces, luma: surfaces,
    "darkness_rows": lambda surfaces, luma: luma // DARKNESS_STRIDE,
    "darkness_columns": lambda surfaces, luma: luma // DARKNESS_STRIDE,
    "convert": lambda surfaces, luma: surfaces,
    "lanczos_rows": lambda surfaces, luma: surfaces,
    "warp": lambda surfaces, luma: surfaces,
}
"""Kernel → bytes of pictures (from those of all planes, and of luma alone) that it reads in addition to its array
arguments: pictures are passed by address. Together the chips of `_matrices` show the whole picture."""

Workload = tuple[str, int, Callable[[int], Any]]
"""Name, number of pictures it reads, and the function that does the work in a given round."""


def kernels(job: Job) -> None:
    """Records microseconds for each launch and GB/s of each kernel on each kind of picture, and the rate of a plain
    copy on the device for comparison."""
    from kernels.cuda.ops import CudaOps
    from kernels.cuda.runtime import CupyRuntime

    from .counting import TimingRuntime

    device = CupyRuntime()
    job.note("copy_gb_s", copy_rate(device))
    runtime = TimingRuntime(device)
    found: Row = {}
    for name, kind in PICTURE_KINDS.items():
        surfaces = [noise_surface(runtime, seed, kind) for seed in range(BATCH)]
        rows: Row = {}
        for work in workloads(CudaOps(runtime), runtime, surfaces, kind):
            _time(rows, work, runtime, surfaces[0])
            found[name] = {key: kernel_row(row) for key, row in rows.items()}
            job.note("kernels", found)


def workloads(ops: Any, runtime: Any, surfaces: Sequence[Any], kind: PictureKind) -> Iterator[Workload]:
    """What the pipeline does with pictures, so that every kernel is launched."""
    from kernels.surface import Geometry

    meter, frames, scale = ops.meter(Geometry(kind.width, kind.height)), np.arange(BATCH), kind.height / 1080
    poster, matrices = (600 * scale, 0.0, 720 * scale, 1080 * scale), _matrices(scale)
    rgb, chips = (runtime.zeros((BATCH, *size, 3), np.uint8) for size in ((192, 320), (150, 150)))
    small, features = runtime.zeros((54, 96, 3), np.uint8), runtime.zeros((BATCH, 96, 12, 20), np.float32)
    plain = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)

    def picture(turn: int) -> Any:
        return surfaces[turn % BATCH]

    yield "statistics", BATCH, lambda turn: meter.measure(surfaces, frames / 25.0, frames)
    yield "rgb", 1, lambda turn: ops.rgb(picture(turn))
    yield "detector picture", 1, lambda turn: ops.rgb(picture(turn), None, (320, 192))
    yield "poster", 1, lambda turn: ops.rgb(picture(turn), poster, (1000, 1500), fine=True)
    yield "chips", 1, lambda turn: ops.warp([(picture(turn), matrices)], 192)
    yield "input", 0, lambda turn: ops.engine_input(rgb, (320, 192), *plain)
    yield "composition", 0, lambda turn: ops.balance(small, (30, 10, 60, 54))
    yield "detail", 0, lambda turn: ops.detail(rgb[0], (64, 38))
    yield "fields", 0, lambda turn: ops.field_votes(picture(turn), picture(turn + 1))
    yield "faces", 0, lambda turn: ops.chip_quality(chips, 112)
    yield "descriptors", 0, lambda turn: ops.picture_numbers(features, rgb)


def _time(rows: Row, work: Workload, runtime: Any, one: Any) -> None:
    name, count, call = work
    for turn in range(ROUNDS + WARM_UP_ROUNDS):
        call(turn)
        launches = runtime.take_timings()
        if turn >= WARM_UP_ROUNDS:
            _add(rows, name, launches, count * one.nbytes, count * one.y.nbytes)


def _add(rows: Row, work: str, launches: Sequence[tuple[str, int, float]], surfaces: int, luma: int) -> None:
    for kernel, given, seconds in launches:
        row = rows.setdefault(f"{work}: {kernel}", {"bytes": [], "seconds": []})
        row["bytes"].append(given + READS.get(kernel, _nothing)(surfaces, luma))
        row["seconds"].append(seconds)


def _nothing(surfaces: int, luma: int) -> int:
    return 0


def kernel_row(row: Row) -> Row:
    """Medians over a kernel's launches: bytes, microseconds, and the GB/s that follow."""
    moved, seconds = statistics.median(row["bytes"]), statistics.median(row["seconds"])
    gb_s = moved / seconds / 1e9 if seconds else None
    return {
        "launches": len(row["seconds"]),
        "bytes": int(moved),
        "us": round(1e6 * seconds, 2),
        "gb_s": None if gb_s is None else round(gb_s, 1),
    }


def copy_rate(device: Any) -> float:
    """GB/s of a large copy from device to device, bytes read and written: about the most that the memory can give.
    Synchronises."""
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


def noise_surface(runtime: Any, seed: int, kind: PictureKind) -> Any:
    """A picture of noise on the device."""
    from kernels.surface import Colour, Geometry, Surface, split_semi_planar

    shape = kind.height * 3 // 2, kind.width
    noise = np.random.default_rng(seed).integers(16, 236, shape, dtype=np.uint8)
    # P016 keeps samples of any depth in the high bits, so 16 bits are read.
    stored = noise if kind.bits == 8 else noise.astype(np.uint16) << 8
    y, u, v = split_semi_planar(runtime.upload(stored), kind.height)
    return Surface(y, u, v, 8 if kind.bits == 8 else 16, Colour(), Geometry(kind.width, kind.height))


def _matrices(scale: float) -> np.ndarray:
    """(8, 2, 3): eight chips of 192 pixels, each of a square of half the picture's height; together they cover the
    picture. scale: the picture's height over 1080."""
    shrink = 192 / (540 * scale)
    corners = [(x * scale, y * scale) for y in (0, 540) for x in (0, 460, 920, 1380)]
    return np.array([[[shrink, 0.0, -shrink * x], [0.0, shrink, -shrink * y]] for x, y in corners])
