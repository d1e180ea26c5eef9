"""Loops over host planes, compiled by Numba: each reads its pixels once, where a chain of calls would read them often.

Sums are whole numbers, so they are exact and the same on every machine. The loops run without the interpreter's lock.
They are compiled at first use and kept in Numba's cache, beside this file or in the user's cache folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import float32, int16, int32, njit, types, void
from numpy.lib.stride_tricks import as_strided

t: Any = types
F = TypeVar("F", bound=Callable[..., Any])
_BYTES, _WORDS = (t.Array(kind, 1, "C", readonly=True) for kind in (t.uint8, t.uint16))
_PICTURE = t.Array(t.uint8, 2, "C")
_BYTES_OUT, _WORDS_OUT = t.Array(t.uint8, 2, "C"), t.Array(t.uint16, 2, "C")
_EDGES = t.Array(t.int64, 1, "C")
_WEIGHTS = t.Array(t.float32, 2, "C")
_SUMS = t.Array(t.int64, 1, "C")


def _compiled(*signatures: Any) -> Callable[[F], F]:
    """Compiled for `signatures` when the module is imported; from the cache where there is a folder to keep it."""

    def compiled(function: F) -> F:
        loop: Any
        try:
            loop = njit(list(signatures), nogil=True, cache=True)(function)
        except RuntimeError:  # no folder can be written: compiled anew in every process
            loop = njit(list(signatures), nogil=True)(function)
        return cast(F, loop)

    return compiled


def _called(function: F) -> F:
    """Compiled with the loop that calls it."""
    return cast(F, njit(nogil=True)(function))


def flat(plane: np.ndarray) -> tuple[np.ndarray, int]:
    """A plane (h, w) as one line of samples and the distance of its rows in it; copied when its pixels lie apart."""
    if plane.strides[1] != plane.itemsize or plane.strides[0] < 0:
        plane = np.ascontiguousarray(plane)
    pitch, left = divmod(plane.strides[0], plane.itemsize)
    if left or len(plane) < 2:
        plane = np.ascontiguousarray(plane)
        pitch = plane.shape[1]
    length = (len(plane) - 1) * pitch + plane.shape[1] if plane.size else 0
    return as_strided(plane, (length,), (plane.itemsize,), writeable=False), pitch


@_compiled(void(_BYTES, t.int64, _BYTES_OUT), void(_WORDS, t.int64, _WORDS_OUT))
def halve(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """Means of 2×2 pixels of a plane (see `flat`), rounded half up, into `out` (h, w)."""
    height, width = out.shape
    for r in range(height):
        above, below, line = samples[2 * r * pitch :], samples[(2 * r + 1) * pitch :], out[r]
        for c in range(width):
            four = int32(above[2 * c]) + int32(above[2 * c + 1]) + int32(below[2 * c]) + int32(below[2 * c + 1])
            line[c] = (four + 2) >> 2


@_compiled(void(_BYTES, t.int64, _BYTES_OUT), void(_WORDS, t.int64, _WORDS_OUT))
def quarter(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """`halve` done twice, with two lines in between instead of a picture, into `out` (h, w)."""
    height, width = out.shape
    half = np.empty((2, 2 * width), out.dtype)
    for r in range(height):
        for k in range(2):
            at = (4 * r + 2 * k) * pitch
            above, below, line = samples[at:], samples[at + pitch :], half[k]
            for c in range(2 * width):
                four = int32(above[2 * c]) + int32(above[2 * c + 1]) + int32(below[2 * c]) + int32(below[2 * c + 1])
                line[c] = (four + 2) >> 2
        first, second, end = half[0], half[1], out[r]
        for c in range(width):
            four = int32(first[2 * c]) + int32(first[2 * c + 1]) + int32(second[2 * c]) + int32(second[2 * c + 1])
            end[c] = (four + 2) >> 2


@_called
def _with_edges(picture: np.ndarray) -> np.ndarray:
    """The picture with its outermost pixels repeated once on each side."""
    height, width = picture.shape
    padded = np.empty((height + 2, width + 2), np.uint8)
    for r in range(height + 2):
        line, out = picture[min(max(r - 1, 0), height - 1)], padded[r]
        inner = out[1:-1]
        for c in range(width):
            inner[c] = line[c]
        out[0], out[width + 1] = line[0], line[width - 1]
    return padded


@_compiled(_SUMS(_PICTURE))
def gradient_sums(picture: np.ndarray) -> np.ndarray:
    """Of an (h, w) uint8 picture: (5,) sums over all pixels with repeated edges:

    gx², gy², gx·gy of the 3×3 Sobel sums, the 4-neighbour Laplacian and its square. int16 holds each of them (a
    gradient is at most 1020), int32 the squares of a line.
    """
    height, width = picture.shape
    padded, sums = _with_edges(picture), np.zeros(5, np.int64)
    across, down, bends = np.empty(width, np.int16), np.empty(width, np.int16), np.empty(width, np.int16)
    for r in range(height):
        above, line, below = padded[r], padded[r + 1], padded[r + 2]
        a0, a1, a2 = above[:-2], above[1:-1], above[2:]
        m0, m1, m2 = line[:-2], line[1:-1], line[2:]
        b0, b1, b2 = below[:-2], below[1:-1], below[2:]
        for c in range(width):
            falling, rising = int16(b2[c]) - int16(a0[c]), int16(a2[c]) - int16(b0[c])
            across[c] = falling + rising + 2 * (int16(m2[c]) - int16(m0[c]))
            down[c] = falling - rising + 2 * (int16(b1[c]) - int16(a1[c]))
            bends[c] = int16(b1[c]) + int16(a1[c]) + int16(m0[c]) + int16(m2[c]) - 4 * int16(m1[c])
        xx, yy, xy, bend, square = int32(0), int32(0), int32(0), int32(0), int32(0)
        for c in range(width):
            x, y, q = int32(across[c]), int32(down[c]), int32(bends[c])
            xx += x * x
            yy += y * y
            xy += x * y
            bend += q
            square += q * q
        sums[0] += xx
        sums[1] += yy
        sums[2] += xy
        sums[3] += bend
        sums[4] += square
    return sums


@_compiled(_SUMS(_PICTURE))
def histogram(picture: np.ndarray) -> np.ndarray:
    """(256,) counts of an (h, w) uint8 picture.

    Four tables take turns: neighbours are often equal, and an addition would have to wait for the one before.
    """
    height, width = picture.shape
    counts = np.zeros((4, 256), np.int32)
    for r in range(height):
        line = picture[r]
        for c in range(width // 4):
            counts[0, line[4 * c]] += 1
            counts[1, line[4 * c + 1]] += 1
            counts[2, line[4 * c + 2]] += 1
            counts[3, line[4 * c + 3]] += 1
        for c in range(width - width % 4, width):
            counts[0, line[c]] += 1
    total: np.ndarray = counts.sum(0).astype(np.int64)
    return total


@_compiled(_SUMS(_PICTURE, _PICTURE))
def chroma_sums(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of two (h, w) uint8 planes: (5,) sums of u, v, u², v², u·v."""
    sums = np.zeros(5, np.int64)
    for r in range(u.shape[0]):
        first, second = u[r], v[r]
        su, sv, uu, vv, uv = int32(0), int32(0), int32(0), int32(0), int32(0)
        for c in range(first.shape[0]):
            a, b = int32(first[c]), int32(second[c])
            su, sv = int32(su + a), int32(sv + b)
            uu, vv, uv = int32(uu + a * a), int32(vv + b * b), int32(uv + a * b)
        sums[0] += su
        sums[1] += sv
        sums[2] += uu
        sums[3] += vv
        sums[4] += uv
    return sums


@_compiled(_WEIGHTS(_PICTURE, _WEIGHTS, _WEIGHTS))
def cell_means(picture: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(n, m) float32 means over cells of an (h, w) uint8 picture; `down` (n, h) and `across` (m, w) are the shares
    that pixels have in cells."""
    height, width = picture.shape
    cells = np.zeros((down.shape[0], across.shape[0]), np.float32)
    folded = np.empty(width, np.float32)
    first = np.zeros(across.shape[0], np.int64)
    end = np.zeros(across.shape[0], np.int64)
    for m in range(across.shape[0]):
        covered = np.flatnonzero(across[m])
        first[m], end[m] = covered[0], covered[-1] + 1
    for n in range(down.shape[0]):
        folded[:] = 0
        for r in range(height):
            share = down[n, r]
            if share > 0:
                line = picture[r]
                for c in range(width):
                    folded[c] += share * float32(line[c])
        for m in range(across.shape[0]):
            mean = float32(0)
            for c in range(first[m], end[m]):
                mean += across[m, c] * folded[c]
            cells[n, m] = mean
    return cells


@_compiled(
    t.Tuple((_WEIGHTS, _WEIGHTS))(_BYTES, t.int64, _EDGES, _EDGES),
    t.Tuple((_WEIGHTS, _WEIGHTS))(_WORDS, t.int64, _EDGES, _EDGES),
)
def part_means(samples: np.ndarray, pitch: int, across: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the parts of each row (h, S) and of each column (w, S) of a plane (see `flat`), which is read once.

    `across` and `down` (S + 1,) say where the parts begin, their last numbers are w and h; an empty part shows the
    pixel it would begin at.
    """
    parts = across.shape[0] - 1
    height, width = down[parts], across[parts]
    rows, columns = np.empty((height, parts), np.float32), np.empty((width, parts), np.float32)
    folded = np.empty(width, np.int32)
    for p in range(parts):
        folded[:] = 0
        last = max(down[p] + 1, down[p + 1])
        for r in range(down[p], last):
            line = samples[r * pitch : r * pitch + width]
            for c in range(width):
                folded[c] += int32(line[c])
            for k in range(parts):
                part, total = line[across[k] : max(across[k] + 1, across[k + 1])], 0
                for c in range(part.shape[0]):
                    total += part[c]
                rows[r, k] = total / part.shape[0]
        for c in range(width):
            columns[c, p] = folded[c] / (last - down[p])
    return rows, columns
