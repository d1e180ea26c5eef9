"""Hard cuts: a change far above the motion around it that is not undone by the next few frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..settings.sections import ShotSettings
from .window import LUMA_CELLS, RowWindow, distance, floor_scale, likeness

AROUND_ROWS = 8
"""Rows on either side whose changes say how much the picture moves."""
_NEIGHBOURS = np.delete(np.arange(-AROUND_ROWS, AROUND_ROWS + 1), AROUND_ROWS)
_CELL_CHANGE = 4.0
_LOUD, _NEW = 0.6, 2.0
_SAME_STRUCTURE, _SAME_CHROMA = 0.985, 6.0
_STAYS = 0.5


@dataclass(frozen=True, slots=True)
class Cut:
    """Row `row` is the first of a new picture; `change` in code values."""

    row: int
    change: float


def find_cuts(window: RowWindow, first: int, end: int, flash_rows: int, settings: ShotSettings) -> list[Cut]:
    """Cuts at rows [first, end). Reads `AROUND_ROWS` or `flash_rows` + 1 rows to either side, where there are any."""
    first = max(first, window.base + 1)
    if first >= end:
        return []
    change = window.change(first, end)
    rows = _standing_out(window, first, end, settings)
    return [Cut(int(r), float(change[r - first])) for r in rows if _is_cut(window, int(r), flash_rows, settings)]


def strongest_cuts(cuts: list[Cut], apart_rows: int) -> list[Cut]:
    """Those with no stronger cut (or equal and earlier) less than `apart_rows` away."""
    return [c for c in cuts if not any(_beats(o, c) for o in cuts if 0 < abs(o.row - c.row) < apart_rows)]


def _beats(a: Cut, b: Cut) -> bool:
    return (a.change, -a.row) > (b.change, -b.row)


def _standing_out(window: RowWindow, first: int, end: int, s: ShotSettings) -> np.ndarray:
    """Rows in which more changes than motion around explains. Motion moves tones about, a new picture has others."""
    change, contrast = window.change(first, end), window.contrast(first - 1, end)
    scale = floor_scale(contrast[1:], contrast[:-1], s)
    # What motion around takes away comes after what would not do without any: few rows are left.
    likely = np.flatnonzero((change >= s.quiet_cut_floor * scale) | (change / (s.cut_floor * scale) >= _LOUD))
    if not len(likely):
        return likely
    rows, change, scale = first + likely, change[likely], scale[likely]
    activity = _around(window.change, window, rows)
    loud = change / (s.cut_floor * scale + s.cut_activity_ratio * activity)
    new = window.tone_step(first, end)[likely] / (s.cut_tones + 2 * _around(window.tone_step, window, rows))
    quiet = (change >= s.quiet_cut_floor * scale) & (change >= s.quiet_cut_ratio * (activity + 0.5 * scale))
    return np.asarray(rows[quiet | ((loud >= _LOUD) & (loud * np.minimum(new, _NEW) >= 1))])


def _around(signal: Callable[[int, int], np.ndarray], window: RowWindow, rows: np.ndarray) -> np.ndarray:
    """The second largest value among each row's neighbours: one other cut or flash nearby is no motion."""
    places = rows[:, None] + _NEIGHBOURS
    known = (places >= window.base) & (places < window.end)
    values = signal(window.base, window.end)[np.where(known, places, window.base) - window.base]
    return np.asarray(np.partition(np.where(known, values, 0), -2, axis=1)[:, -2])


def _is_cut(window: RowWindow, row: int, flash_rows: int, settings: ShotSettings) -> bool:
    before, after = window.picture(row - 1), window.picture(row)
    contrast = window.contrast(row - 1, row + 1)
    cells = np.abs(before - after)[:LUMA_CELLS] > _CELL_CHANGE * floor_scale(contrast[0], contrast[1], settings)
    if cells.mean() < settings.cut_cells or lighting_only(before, after):
        return False
    return _stays(window, row, float(distance(before, after)), flash_rows)


def _stays(window: RowWindow, row: int, jump: float, frames: int) -> bool:
    """Whether every frame just before differs from every frame just after: no flash begins or ends here."""
    olds = window.x(max(window.base, row - frames - 1), row)
    news = window.x(row, min(window.end, row + frames + 1))
    return bool(distance(olds[:, None], news[None]).min() >= _STAYS * jump)


def lighting_only(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether one picture is the other in brighter or dimmer light."""
    return likeness(a, b) >= _SAME_STRUCTURE and float(np.abs(a - b)[LUMA_CELLS:].mean()) < _SAME_CHROMA
