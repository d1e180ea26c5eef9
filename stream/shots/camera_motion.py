"""Whether frames show one scene from a camera that moves: the ends of a span by shifting one coarse luma grid over the
other, the steps between by how much of each a shift and a zoom explain."""

from __future__ import annotations

from itertools import product

import numpy as np

from .window import LUMA_CELLS

GRID = (9, 16)
"""Rows and columns of a row's luma grid, as `kernels.stats.ROW` has them."""
_REFINEMENT = 2
"""Steps per cell at which shifts are tried. E01–E05: 1 to 4."""
_FARTHEST = 1 / 4
"""Largest shift that is tried, as a share of the picture's width and height. During a dissolve a camera that moves
faster leaves the straight line that dissolves keep to. E01–E05: 0.5 to 1.5 times."""
_BAR_LUMA = 24
"""A cell darker than this in both frames may be a black bar. E01–E05: 0.5 to 2 times."""
_CODE_ZERO = -128
"""Value of a grid cell whose luma is 0."""
_FARTHEST_CELLS = (2, 11)
"""Rows and columns of the luma grid by which an end is shifted at most: a third of the columns still overlap."""
_LEAST_DEVIATION = 3.0
"""Deviation of luma, code values, that both have where they overlap. Chosen by eye."""
_LEAST_LIT_CELLS = 3
"""Rows and columns that must be brighter than bars; with fewer the whole grid is compared. E01–E05: 2 to 8. A film of
16:9 within 9:16 lights three rows."""


def unmoved_share(a: np.ndarray, b: np.ndarray, farthest: float = _FARTHEST) -> float:
    """Share (0–1) of the luma difference between two grids (208,) that no shift of one of them, by so much of the
    picture at most, explains."""
    first, second = _without_bars(a, b)
    apart = float(np.abs(first - second).mean())
    if apart == 0:
        return 1.0
    shifts = product(*(range(-int(n * farthest), int(n * farthest) + 1) for n in first.shape))
    return min(_difference_after(first, second, shift) for shift in shifts) / apart


def likeness_of_shifted(a: np.ndarray, b: np.ndarray, farthest: tuple[int, int] = _FARTHEST_CELLS) -> float:
    """The highest correlation (−1…1) of the luma of two grids (208,) where one, shifted by so many rows and columns at
    most, overlaps the other; −1 where all is plain."""
    first, second = (p[:LUMA_CELLS].reshape(GRID).astype(np.float64) for p in (a, b))
    down, across = (np.arange(-far, far + 1) for far in farthest)
    # Of each shift: where one begins and ends in its own rows and columns, and the other in its own.
    ours = _overlaps(down, GRID[0]), _overlaps(across, GRID[1])
    theirs = _overlaps(-down, GRID[0]), _overlaps(-across, GRID[1])
    cells = (ours[0][1] - ours[0][0])[:, None] * (ours[1][1] - ours[1][0])
    mean, other_mean = _sums(first, ours) / cells, _sums(second, theirs) / cells
    energy = _sums(first**2, ours) / cells - mean**2, _sums(second**2, theirs) / cells - other_mean**2
    size = tuple(2 * n for n in GRID)
    products = np.fft.irfft2(np.fft.rfft2(first, size) * np.conj(np.fft.rfft2(second, size)), size)
    together = products[np.ix_(down, across)] / cells - mean * other_mean
    told = np.minimum(*energy) >= _LEAST_DEVIATION**2
    return max(-1.0, float((together[told] / np.sqrt(energy[0][told] * energy[1][told])).max(initial=-1.0)))


def _overlaps(shifts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last (exclusive) cell of a line that overlaps itself after these shifts (N,)."""
    return np.maximum(0, shifts), length + np.minimum(0, shifts)


def _sums(grid: np.ndarray, parts: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(N, M): the sums of the parts of a grid between N pairs of rows and M pairs of columns."""
    sums = np.pad(grid, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    (top, bottom), (left, right) = parts
    lower, upper = sums[np.ix_(bottom, right)] - sums[np.ix_(bottom, left)], sums[np.ix_(top, right)]
    return np.asarray(lower - upper + sums[np.ix_(top, left)])


def unexplained_share(grids: np.ndarray) -> float:
    """Share (0–1) of the squared differences between consecutive grids (N, 208), N ≥ 2, that a camera's motion does not
    explain; 1 where nothing changes.

    Each step is fitted by least squares with a shift and a zoom of the luma grid: Lucas & Kanade 1981 with three
    parameters, the gradients taken of the mean of the two frames. A blurred picture moves as a sharp one does; the
    steps of a dissolve are the difference of two pictures, which no motion explains.
    """
    steps, middles = _steps(grids)
    down, across = np.gradient(middles, axis=(1, 2))
    y, x = (place - place.mean() for place in np.mgrid[: down.shape[1], : down.shape[2]].astype(np.float64))
    return _left_share(steps, (down, across, y * down + x * across))


def unlit_share(grids: np.ndarray) -> float:
    """The same share that a change of light does not explain: all luma by one offset and one gain. A fade to or from an
    even tone is such a change; where one side of a picture is lighter, a shift would explain it, too."""
    steps, middles = _steps(grids)
    return _left_share(steps, (np.ones_like(middles), middles))


def _steps(grids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences of consecutive luma grids and the means of both, (N − 1, h, w), within the lit part."""
    luma = lit_box(grids[:, :LUMA_CELLS].reshape(-1, *GRID)).astype(np.float64)
    return np.diff(luma, axis=0), (luma[1:] + luma[:-1]) / 2


def _left_share(steps: np.ndarray, parts: tuple[np.ndarray, ...]) -> float:
    """What of the squares of `steps` (N, h, w), their rim aside, is left after a fit of each step with its `parts`."""
    inner = np.s_[:, 1:-1, 1:-1]
    model = np.stack([part[inner].reshape(len(steps), -1) for part in parts], axis=2)
    changes = steps[inner].reshape(len(steps), -1, 1)
    left = changes - model @ (np.linalg.pinv(model) @ changes)
    total = float((changes**2).sum())
    return float((left**2).sum()) / total if total > 0 else 1.0


def lit_box(luma: np.ndarray) -> np.ndarray:
    """Luma grids (N, 9, 16) without the rows and columns around them that stay dark; whole where too few are lit."""
    lit = np.any(luma > _BAR_LUMA + _CODE_ZERO, axis=0)
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if len(rows) < _LEAST_LIT_CELLS or len(columns) < _LEAST_LIT_CELLS:
        return luma
    return luma[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _without_bars(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both luma grids, refined, without the dark rows and columns around them: bars do not move with the camera."""
    left, right = lit_box(np.stack([a, b])[:, :LUMA_CELLS].reshape(2, *GRID))
    return _refined(left), _refined(right)


def _refined(grid: np.ndarray) -> np.ndarray:
    """(h, w) → (2h − 1, 2w − 1): half cells by bilinear interpolation."""
    for axis in (0, 1):
        n = grid.shape[axis]
        at = np.linspace(0, n - 1, _REFINEMENT * (n - 1) + 1)
        low = np.minimum(at.astype(np.intp), n - 2)
        weight = np.expand_dims(at - low, 1 - axis)
        grid = np.take(grid, low, axis) * (1 - weight) + np.take(grid, low + 1, axis) * weight
    return grid


def _difference_after(a: np.ndarray, b: np.ndarray, shift: tuple[int, ...]) -> float:
    """Mean |difference| where a, moved by `shift`, overlaps b."""
    ours = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(shift, a.shape, strict=True))
    theirs = tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(shift, a.shape, strict=True))
    return float(np.abs(a[ours] - b[theirs]).mean())
