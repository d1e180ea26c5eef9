"""Lanczos resampling (kernels/resample.py) of host planes in compiled loops: each output line is a weighted sum of
input lines."""

from __future__ import annotations

import cv2
import numpy as np
from numba import float32, void

from .compiled import compiled, t
from .resample import taps
from .surface import Rect

_FIRST, _WEIGHTS = t.Array(t.int32, 1, "C", readonly=True), t.Array(t.float32, 2, "C", readonly=True)
_LINES = {kind: t.Array(kind, 2, "C", readonly=True) for kind in (t.uint8, t.uint16, t.float32)}
_OUT = {kind: t.Array(kind, 2, "C") for kind in (t.uint8, t.uint16, t.float32)}


@compiled(*(void(_LINES[kind], _FIRST, _WEIGHTS, _OUT[t.float32]) for kind in (t.uint8, t.uint16)))
def _sums(lines: np.ndarray, first: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """Fills `out` (count, w): line r is the sum of the `lines` (h, w) from `first[r]` on, each times its weight. Edge
    lines are repeated."""
    last = lines.shape[0] - 1
    for r in range(out.shape[0]):
        line = out[r]
        line[:] = 0
        for k in range(weights.shape[1]):
            weight, source = weights[r, k], lines[min(max(first[r] + k, 0), last)]
            for c in range(source.shape[0]):
                line[c] += weight * float32(source[c])


@compiled(*(void(_LINES[t.float32], _FIRST, _WEIGHTS, t.float32, _OUT[kind]) for kind in (t.uint8, t.uint16)))
def _rounded_sums(lines: np.ndarray, first: np.ndarray, weights: np.ndarray, top: np.float32, out: np.ndarray) -> None:
    """`_sums`, rounded and clipped to 0…`top`."""
    last = lines.shape[0] - 1
    total = np.empty(lines.shape[1], np.float32)
    for r in range(out.shape[0]):
        line = out[r]
        total[:] = float32(0.5)
        for k in range(weights.shape[1]):
            weight, source = weights[r, k], lines[min(max(first[r] + k, 0), last)]
            for c in range(source.shape[0]):
                total[c] += weight * source[c]
        for c in range(line.shape[0]):
            line[c] = min(max(total[c], float32(0)), top)


def lanczos(samples: np.ndarray, rect: Rect, size: tuple[int, int]) -> np.ndarray:
    """`rect` (x, y, width, height, corner coordinates) of a plane (h, w) uint8 or uint16 at `size` (width, height),
    rounded to the plane's dtype. Edge samples are repeated outside the plane.

    Columns are resampled first, on the transposed plane: lines that are contiguous in memory can be added many pixels
    at a time.
    """
    x, y, width, height = rect
    across, down = taps(x, width, samples.shape[1], size[0]), taps(y, height, samples.shape[0], size[1])
    (left, right), (top, bottom) = _reach(across, samples.shape[1]), _reach(down, samples.shape[0])
    lying = np.empty((size[0], bottom - top), np.float32)
    _sums(cv2.transpose(samples[top:bottom, left:right]), across[0] - np.int32(left), across[1], lying)
    out = np.empty((size[1], size[0]), samples.dtype)
    most = np.float32(np.iinfo(samples.dtype).max)
    _rounded_sums(cv2.transpose(lying), down[0] - np.int32(top), down[1], most, out)
    return out


def _reach(taps: tuple[np.ndarray, np.ndarray], length: int) -> tuple[int, int]:
    """The part [begin, end) of a line that the taps read; at least one sample, which stands for everything outside the
    line."""
    first, weights = taps
    begin = min(max(0, int(first.min())), length - 1)
    return begin, max(begin + 1, min(length, int(first.max()) + weights.shape[1]))
