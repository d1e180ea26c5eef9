"""Wipes: each part of the picture changes at once, one part after the other, in the order in which they lie.

Each cell of the luma grid that differs between the ends shows the old picture until it shows the new one. In a dissolve
cells are between the two; where something moves they are neither, or come back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import GRID
from .dissolves import lengths, squared_distances
from .spans import OUTSIDE_ROWS
from .window import LUMA_CELLS, RowWindow, distance, floor_scale, tone_gap

_STILL_ROWS = 4
"""Each end is compared with the row this far outside: outside a wipe the picture keeps still. Chosen by eye, as all
numbers here, on made wipes and on the rows of nineteen films."""
_LEAST_AWAY = 0.4
"""Every row of the half second before differs from every row of the half second after by at least this share of the
distance between the ends. A wing that covers the picture and leaves it again comes as a wipe but for this."""
_LEAST_CONTRAST = 10.0
"""Deviation of luma, code values, that both ends have at least: an iris that closes to black and a wing that covers all
lead to no other picture."""
_STEP_ROWS = 2
"""Every other row is tried as the middle, and every other length."""
_LEAST_ROWS = 5
"""A shorter change is a cut."""
_MOST_UNSTABLE = 0.35
"""Largest distance of an end to the row outside it, as a share of the distance between the ends."""
_SAMPLES = 8
"""Equal steps into which a span is divided."""
_LEAST_DIFFERENCE = 12.0
"""Code values by which a cell differs between the ends to tell when it changes."""
_LEAST_TELLING = 0.5
"""Share of the cells that must tell."""
_SURE = 0.25
"""How far a cell may be from either end, as a share of its difference."""
_LEAST_SURE, _LEAST_STAYING, _MOST_UNEVEN, _LEAST_ORDER = 0.8, 0.95, 0.25, 0.7
"""Share of the cells and steps that show one of the ends; share of the cells that never come back; largest deviation of
the changed share from an even growth; share of the variance of the time at which a cell changes that its place explains
(R²), along a line or around the middle."""


@dataclass(frozen=True, slots=True)
class Wipe:
    """Row `first` is the last of the old picture, row `last` the first of the new one. `order`: R² as above. `score`:
    larger for ends that are farther apart and a clearer order, code values."""

    first: int
    last: int
    order: float
    score: float

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        return (self.first + self.last + 1) // 2


def find_wipes(window: RowWindow, first: int, end: int, longest: int, settings: ShotSettings) -> list[Wipe]:
    """For each centre row from `first` to `end` (exclusive) the best wipe around it, if any. Wipes of neighbouring
    centres overlap. Reads up to `longest`/2 + `spans.OUTSIDE_ROWS` rows on either side, as far as the window has
    them."""
    margin = (longest + 1) // 2 + OUTSIDE_ROWS
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    tried = lengths(longest)
    tried = tried[tried >= _LEAST_ROWS][::_STEP_ROWS]
    middles = np.arange(first + first % _STEP_ROWS, end, _STEP_ROWS)
    if high - low <= _LEAST_ROWS or not len(middles) or not len(tried):
        return []
    a = (middles[None] - (tried // 2)[:, None]).ravel()
    b = a + np.repeat(tried, len(middles))
    found = [
        Wipe(int(p), int(q), order, order * float(distance(window.grid(int(p)), window.grid(int(q)))))
        for p, q in zip(*_likely(window, a, b, (low, high), settings), strict=True)
        if (order := _order(window, int(p), int(q))) >= _LEAST_ORDER
        and tone_gap(*window.tones(int(p), int(q) + 1)[[0, -1]]) >= settings.dissolve_tones
        and _stays_away(window, int(p), int(q))
    ]
    best: dict[int, Wipe] = {}
    for wipe in found:
        if wipe.row not in best or best[wipe.row].score < wipe.score:
            best[wipe.row] = wipe
    return list(best.values())


def strongest_wipes(found: list[Wipe], first: int, end: int) -> list[Wipe]:
    """The wipes with their middle in rows `first` to `end` (exclusive) that overlap no better one, nor an equally good
    earlier one."""
    return [w for w in found if first <= w.row < end and not any(_is_better(o, w) for o in found if _overlap(o, w))]


def _overlap(a: Wipe, b: Wipe) -> bool:
    return a is not b and a.first < b.last and b.first < a.last


def _is_better(a: Wipe, b: Wipe) -> bool:
    return (a.score, -a.first, -a.last) > (b.score, -b.first, -b.last)


def _likely(
    window: RowWindow, a: np.ndarray, b: np.ndarray, reach: tuple[int, int], settings: ShotSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Those of the pairs of ends (N,) that are two still pictures far apart."""
    low, high = reach
    inside = (a >= low) & (b < high)
    a, b = a[inside] - low, b[inside] - low
    grids = window.grids(low, high)
    q = squared_distances(grids)
    gap, contrast = np.maximum(q[a, b], 1.0), window.contrast(low, high)
    floor = settings.dissolve_floor * floor_scale(contrast[a], contrast[b], settings)
    before, after = np.maximum(a - _STILL_ROWS, 0), np.minimum(b + _STILL_ROWS, high - low - 1)
    still = np.sqrt(np.maximum(q[before, a], q[b, after]) / gap) <= _MOST_UNSTABLE
    # Half way a wipe is far from both ends.
    middle = (a + b) // 2
    between = np.minimum(q[a, middle], q[middle, b]) >= 0.1 * gap
    shown = np.minimum(contrast[a], contrast[b]) >= _LEAST_CONTRAST
    likely = (np.sqrt(gap / grids.shape[1]) >= floor) & still & between & shown
    return a[likely] + low, b[likely] + low


def _stays_away(window: RowWindow, first: int, last: int) -> bool:
    befores = window.grids(max(window.base, first - OUTSIDE_ROWS), first + 1)
    afters = window.grids(last, min(window.end, last + OUTSIDE_ROWS + 1))
    gap = float(distance(window.grid(first), window.grid(last)))
    return bool(distance(befores[:, None], afters[None]).min() >= _LEAST_AWAY * gap)


def _order(window: RowWindow, first: int, last: int) -> float:
    """R² of the time at which cells change over their place; 0 where they do not change as in a wipe."""
    rows = first + np.rint(np.linspace(0, 1, _SAMPLES + 1)[1:-1] * (last - first)).astype(np.intp) - window.base
    cells = window.grids(window.base, window.end)[:, :LUMA_CELLS]
    start, difference = cells[first - window.base], cells[last - window.base] - cells[first - window.base]
    tells = np.abs(difference) >= _LEAST_DIFFERENCE
    if tells.mean() < _LEAST_TELLING:
        return 0.0
    progress = (cells[rows][:, tells] - start[tells]) / difference[tells]
    changed = progress > 0.5
    sure = np.minimum(np.abs(progress), np.abs(progress - 1.0)) <= _SURE
    staying = (np.diff(changed.astype(np.int8), axis=0) >= 0).all(axis=0)
    steps = np.arange(1, _SAMPLES) / _SAMPLES
    uneven = np.abs(changed.mean(axis=1) - steps).max()
    if sure.mean() < _LEAST_SURE or staying.mean() < _LEAST_STAYING or uneven > _MOST_UNEVEN:
        return 0.0
    return _explained((~changed).sum(axis=0).astype(np.float64), tells)


def _explained(times: np.ndarray, tells: np.ndarray) -> float:
    """The larger R² of a fit of `times` (N,) by the places of the cells that tell: by row and column, or by distance
    from the middle."""
    down, across = (place.ravel()[tells] for place in np.mgrid[: GRID[0], : GRID[1]].astype(np.float64))
    around = np.hypot((down - (GRID[0] - 1) / 2) * GRID[1] / GRID[0], across - (GRID[1] - 1) / 2)
    spread = float(((times - times.mean()) ** 2).sum())
    if spread <= 0:
        return 0.0
    fits = []
    for places in ((down, across), (around,), (np.abs(across - across.mean()),), (np.abs(down - down.mean()),)):
        columns = np.column_stack([*places, np.ones(len(times))])
        left = times - columns @ np.linalg.lstsq(columns, times, rcond=None)[0]
        fits.append(1.0 - float((left**2).sum()) / spread)
    return max(fits)
