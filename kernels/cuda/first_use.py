"""What a device compiles at first use: every kernel of ours, and CuPy's own for copies that change an array's layout.

CuPy keeps both in the folder CUPY_CACHE_DIR (by default `~/.cupy/kernel_cache`), which may be copied to machines with
the same GPU and driver.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..surface import Colour, Geometry, Surface
from .ops import CudaOps
from .runtime import Runtime

_SIDE = 64
_PICTURES = 9
"""One more than a batch before it, so that a meter's buffers grow and are copied."""


def run_kernels_once(runtime: Runtime) -> None:
    """Runs every operation of the device on small pictures of 8 and of 16 bits and fetches what comes of it.
    Synchronises. Raises what the device raises, see `kernels.cuda.errors`."""
    ops = CudaOps(runtime)
    for dtype in (np.uint8, np.uint16):
        picture = made_picture(runtime, np.dtype(dtype))
        _measure(ops, picture)
        shown = [ops.rgb(picture), ops.rgb(picture, fine=True), ops.field_votes(picture, picture)]
        kept = ops.copy(picture)
        for array in (*shown, kept.y, kept.u, kept.v):
            ops.to_host(array)
    _describe(ops, runtime, picture)


def made_picture(runtime: Runtime, dtype: np.dtype[Any], width: int = _SIDE, height: int = _SIDE) -> Surface:
    """Grey, with chroma of half the size whose samples are interleaved, as the decoder has it. Its sides are even."""
    grey = np.full((height, width), 128, dtype)
    pairs = runtime.upload(np.full((height // 2, width // 2, 2), 128, dtype))
    bits, geometry = 8 * dtype.itemsize, Geometry(width, height)
    return Surface(runtime.upload(grey), pairs[:, :, 0], pairs[:, :, 1], bits, Colour(), geometry)


def _measure(ops: CudaOps, picture: Surface) -> None:
    meter = ops.meter(picture.geometry)
    for count in (_PICTURES - 1, _PICTURES):
        times_s = np.arange(count, dtype=np.float64)
        meter.measure([picture] * count, times_s, np.arange(count, dtype=np.int32))
        small = ops.copy(meter.small(0))
        for array in (meter.thumbnails(), small.y, small.u, small.v):
            ops.to_host(array)


def _describe(ops: CudaOps, runtime: Runtime, picture: Surface) -> None:
    matrices = np.array([[[1, 0, 0], [0, 1, 0]]], np.float64)
    chips = ops.warp([(picture, matrices)], _SIDE)
    pictures = ops.rgb_all([(picture, None)], (_SIDE, _SIDE))
    batch = ops.engine_input(pictures, (_SIDE, _SIDE), [1.0] * 3, [0.0] * 3)
    numbers = ops.picture_numbers(batch, pictures)
    balance, detail = ops.balance(pictures[0], (0, 0, _SIDE, _SIDE)), ops.detail(pictures[0], (_SIDE, _SIDE))
    for array in (ops.chip_quality(chips, _SIDE // 2), batch, numbers, balance, detail):
        ops.to_host(array)
