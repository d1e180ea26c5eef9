"""Hard cuts: a change far above the motion around it that is not undone by the next few frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shot_rows import LUMA_CELLS, RowWindow, ShotSettings, distance, likeness, tone_gap

AROUND_ROWS = 8
"""Rows on either side whose changes say how much the picture moves."""
_NO_CELL_CHANGE = 4.0
_SAME_STRUCTURE, _SAME_CHROMA = 0.985, 6.0
_STAYS = 0.5


@dataclass(frozen=True, slots=True)
class Cut:
    """Row `row` is the first of a new picture; `change` in code values, less where tones stay."""

    row: int
    change: float


def find_cuts(window: RowWindow, first: int, end: int, settings: ShotSettings) -> list[Cut]:
    """Cuts at rows [first, end). Reads `AROUND_ROWS` or `flash_frames` + 1 rows to either side, where there are any."""
    first = max(first, window.base + 1)
    if first >= end:
        return []
    change = window.change(first, end) * _novelty(window, first, end)
    loud = _loud(change, _activity(window, first, end), settings)
    rows = first + np.flatnonzero(loud)
    return [Cut(int(r), float(change[r - first])) for r in rows if _is_cut(window, int(r), settings)]


def strongest(cuts: list[Cut], apart_rows: int) -> list[Cut]:
    """Those with no stronger cut (or equal and earlier) less than `apart_rows` away."""
    return [c for c in cuts if not any(_beats(o, c) for o in cuts if 0 < abs(o.row - c.row) < apart_rows)]


def _beats(a: Cut, b: Cut) -> bool:
    return (a.change, -a.row) > (b.change, -b.row)


def _loud(change: np.ndarray, activity: np.ndarray, s: ShotSettings) -> np.ndarray:
    moving = change >= s.cut_floor + s.cut_activity_ratio * activity
    quiet = (change >= s.quiet_cut_floor) & (change >= s.quiet_cut_ratio * (activity + 0.5))
    return np.asarray(moving | quiet)


def _novelty(window: RowWindow, first: int, end: int) -> np.ndarray:
    """0.6–1: motion moves tones about, a new picture has other ones."""
    tones = window.tones(first - 1, end)
    return np.asarray(0.6 + np.minimum(tone_gap(tones[1:], tones[:-1]), 0.4))


def _activity(window: RowWindow, first: int, end: int) -> np.ndarray:
    """The second largest change among the neighbours: one other cut or flash nearby is no motion."""
    low, high = max(window.base, first - AROUND_ROWS), min(window.end, end + AROUND_ROWS)
    padded = np.pad(window.change(low, high), (AROUND_ROWS - (first - low), AROUND_ROWS - (high - end)))
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_ROWS + 1)
    others = np.delete(views, AROUND_ROWS, axis=1)
    return np.asarray(np.partition(others, -2, axis=1)[:, -2])


def _is_cut(window: RowWindow, row: int, settings: ShotSettings) -> bool:
    before, after = window.picture(row - 1), window.picture(row)
    cells = np.abs(before - after)[:LUMA_CELLS] > _NO_CELL_CHANGE
    if cells.mean() < settings.cut_cells or lighting_only(before, after):
        return False
    return _stays(window, row, float(distance(before, after)), settings.flash_frames)


def _stays(window: RowWindow, row: int, jump: float, frames: int) -> bool:
    """Whether every frame just before differs from every frame just after: no flash begins or ends here."""
    olds = window.x(max(window.base, row - frames - 1), row)
    news = window.x(row, min(window.end, row + frames + 1))
    return bool(distance(olds[:, None], news[None]).min() >= _STAYS * jump)


def lighting_only(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether one picture is the other in brighter or dimmer light."""
    return likeness(a, b) >= _SAME_STRUCTURE and float(np.abs(a - b)[LUMA_CELLS:].mean()) < _SAME_CHROMA
