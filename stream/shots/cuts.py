"""Hard cuts: a change far above the motion around it that the next few frames do not undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..settings.sections import ShotSettings
from .window import LUMA_CELLS, RowWindow, distance, floor_scale, luma_correlation

AROUND_ROWS = 8
"""Rows on either side whose changes say how much the picture moves. E01–E05: 4 to 16."""
_NEIGHBOURS = np.delete(np.arange(-AROUND_ROWS, AROUND_ROWS + 1), AROUND_ROWS)
_NOISE_CHANGE = 0.5
"""Code values of change that noise alone makes at full contrast; added to the motion around a quiet cut. E01–E05: 0.5
to 2 times."""
_TONE_MOTION = 2
"""A new picture changes its tones by more than this many times what they change around it. E01–E05: 0.5 to 2 times."""
_LEAST_CHANGE = 0.6
"""Share of the required change below which even a complete change of tones makes no cut. E01–E05: 0.5 to 1.5 times."""
_MOST_NEWNESS = 2.0
"""A change of tones counts up to this many times the required one. E01–E05: 0.5 to 2 times."""
_CELL_CHANGE = 4.0
"""Code values by which a cell of the grid differs to count as changed, at full contrast. E01–E05: 0.5 to 2 times."""
_LIGHTING_CORRELATION = 0.985
"""Luma correlation from which on two pictures show the same structure. E01–E05: 0.97 to 0.9925."""
_LIGHTING_CHROMA = 6.0
"""Mean chroma difference, code values, below which only the light differs. E01–E05: 0.5 to 2 times."""
_LEAST_SEPARATION = 0.5
"""Every frame before a cut differs from every frame after it by at least this share of the jump. E01–E05: 0.5 to 1.5
times."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Row `row` is the first of a new picture. `change`: to the row before, code values."""

    row: int
    change: float


def find_cuts(window: RowWindow, first: int, end: int, flash_rows: int, settings: ShotSettings) -> list[Cut]:
    """Cuts at rows `first` to `end` (exclusive), by row.

    Reads up to max(`AROUND_ROWS`, `flash_rows` + 1) rows on either side, as far as the window has them.
    """
    first = max(first, window.base + 1)
    if first >= end:
        return []
    change = window.change(first, end)
    rows = _rows_that_stand_out(window, first, end, settings)
    return [Cut(int(r), float(change[r - first])) for r in rows if _is_cut(window, int(r), flash_rows, settings)]


def strongest_cuts(cuts: list[Cut], apart_rows: int) -> list[Cut]:
    """The cuts that have no stronger one, nor an equal earlier one, less than `apart_rows` away."""
    return [c for c in cuts if not any(_is_stronger(o, c) for o in cuts if 0 < abs(o.row - c.row) < apart_rows)]


def _is_stronger(a: Cut, b: Cut) -> bool:
    return (a.change, -a.row) > (b.change, -b.row)


def _rows_that_stand_out(window: RowWindow, first: int, end: int, s: ShotSettings) -> np.ndarray:
    """(M,) rows that change by more than the motion around them explains.

    Motion moves tones about within the picture; a new picture has other tones. So less change is enough where the tones
    change a lot, and more is needed where they stay.
    """
    change, contrast = window.change(first, end), window.contrast(first - 1, end)
    scale = floor_scale(contrast[1:], contrast[:-1], s)
    # A cheap test first, which assumes no motion: it leaves few rows for the costly look at the rows around them.
    likely = np.flatnonzero((change >= s.quiet_cut_floor * scale) | (change / (s.cut_floor * scale) >= _LEAST_CHANGE))
    if not len(likely):
        return likely
    rows, change, scale = first + likely, change[likely], scale[likely]
    activity = _motion_around(window.change, window, rows)
    loud = change / (s.cut_floor * scale + s.cut_activity_ratio * activity)
    tones_around = _motion_around(window.tone_change, window, rows)
    new = window.tone_change(first, end)[likely] / (s.cut_tones + _TONE_MOTION * tones_around)
    quiet = (change >= s.quiet_cut_floor * scale) & (change >= s.quiet_cut_ratio * (activity + _NOISE_CHANGE * scale))
    return np.asarray(rows[quiet | ((loud >= _LEAST_CHANGE) & (loud * np.minimum(new, _MOST_NEWNESS) >= 1))])


def _motion_around(signal: Callable[[int, int], np.ndarray], window: RowWindow, rows: np.ndarray) -> np.ndarray:
    """(M,) the second largest value of `signal` among each row's neighbours: the largest may be another cut or a flash,
    which is no motion."""
    places = rows[:, None] + _NEIGHBOURS
    known = (places >= window.base) & (places < window.end)
    values = signal(window.base, window.end)[np.where(known, places, window.base) - window.base]
    return np.asarray(np.partition(np.where(known, values, 0), -2, axis=1)[:, -2])


def _is_cut(window: RowWindow, row: int, flash_rows: int, settings: ShotSettings) -> bool:
    before, after = window.grid(row - 1), window.grid(row)
    contrast = window.contrast(row - 1, row + 1)
    cells = np.abs(before - after)[:LUMA_CELLS] > _CELL_CHANGE * floor_scale(contrast[0], contrast[1], settings)
    if cells.mean() < settings.cut_cells or differ_in_light_only(before, after):
        return False
    return _stays_changed(window, row, float(distance(before, after)), flash_rows)


def _stays_changed(window: RowWindow, row: int, jump: float, frames: int) -> bool:
    """Whether each of the `frames` + 1 frames before differs from each of those after: no flash begins or ends here."""
    befores = window.grids(max(window.base, row - frames - 1), row)
    afters = window.grids(row, min(window.end, row + frames + 1))
    return bool(distance(befores[:, None], afters[None]).min() >= _LEAST_SEPARATION * jump)


def differ_in_light_only(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two grids (208,) show the same picture in brighter or dimmer light."""
    if luma_correlation(a, b) < _LIGHTING_CORRELATION:
        return False
    return float(np.abs(a - b)[LUMA_CELLS:].mean()) < _LIGHTING_CHROMA
