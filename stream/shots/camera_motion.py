"""Whether the camera merely moved: the same scene, shifted, told from the coarse luma grid."""

from __future__ import annotations

from itertools import product

import numpy as np

from .window import LUMA_CELLS

GRID = (9, 16)
_FINER = 2
_FARTHEST = 1 / 4
"""Of the picture's width and height; a faster camera leaves the straight line that a dissolve keeps to."""
_BAR_LUMA = 24
_CODE_ZERO = -128


def unmoved_share(a: np.ndarray, b: np.ndarray) -> float:
    """Share (0–1) of the luma difference between two pictures (208,) that no shift of one of them explains."""
    first, second = _active(a, b)
    apart = float(np.abs(first - second).mean())
    if apart == 0:
        return 1.0
    shifts = product(*(range(-int(n * _FARTHEST), int(n * _FARTHEST) + 1) for n in first.shape))
    return min(_residual(first, second, shift) for shift in shifts) / apart


def _active(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both luma grids at twice the fineness, without the dark rows and columns around them: bars do not move."""
    left, right = (p[:LUMA_CELLS].reshape(GRID) for p in (a, b))
    lit = np.maximum(left, right) > _BAR_LUMA + _CODE_ZERO
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if len(rows) < 4 or len(columns) < 4:
        return _finer(left), _finer(right)
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _finer(left[box]), _finer(right[box])


def _finer(grid: np.ndarray) -> np.ndarray:
    """Bilinear interpolation to half cells."""
    for axis in (0, 1):
        n = grid.shape[axis]
        at = np.linspace(0, n - 1, _FINER * (n - 1) + 1)
        low = np.minimum(at.astype(np.intp), n - 2)
        weight = np.expand_dims(at - low, 1 - axis)
        grid = np.take(grid, low, axis) * (1 - weight) + np.take(grid, low + 1, axis) * weight
    return grid


def _residual(a: np.ndarray, b: np.ndarray, shift: tuple[int, ...]) -> float:
    """Mean |difference| where a, moved by `shift`, overlaps b."""
    ours = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(shift, a.shape, strict=True))
    theirs = tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(shift, a.shape, strict=True))
    return float(np.abs(a[ours] - b[theirs]).mean())
