"""Black and white stretches: how a stretch is entered and left, and which boundaries that makes.

A fade out, black, a fade in: one boundary, at the first black row. A card whose text fades over its black ground is no
fade: most of its grid does not change, so only the hard cut into or out of it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..records import Transition
from ..settings.sections import ShotSettings
from .window import LUMA_CELLS, PICTURE, WHITE, RowWindow, distance, floor_scale, likeness

Side = Literal["edge", "cut", "fade", "none"]
"""How a stretch meets its neighbour: film's edge, hard cut, a fading picture, or nothing that counts."""
_STILL_CELL = 3.0
_STILL_SHARE = 0.6
_STALL_ROWS = 2
_LEAST_SCALE = 0.5
"""A night scene that hovers about black neither fades in nor out."""
_SAME_STRUCTURE = 0.9


@dataclass(frozen=True, slots=True)
class Boundary:
    """A shot begins at `row`; rows from `mixed_first` up to `mixed_end` show no shot cleanly."""

    row: int
    transition: Transition
    mixed_first: int
    mixed_end: int
    pts_s: float
    frame: int | None


@dataclass(frozen=True, slots=True)
class FlatStretch:
    """A stretch that began at `row`, and how. `fade_row` is the last untouched row before it."""

    row: int
    side: Side
    fade_row: int
    white: bool
    before: np.ndarray
    pts_s: float
    frame: int | None


def enter(window: RowWindow, row: int, cuts: set[int], reach: int, settings: ShotSettings) -> FlatStretch:
    """The stretch whose first flat row is `row`; `cuts` are the rows of hard cuts nearby."""
    side, fade_row = _side(window, row, -1, cuts, reach, settings)
    white = bool(window.flat(row, row + 1)[0] == WHITE)
    return FlatStretch(
        row, side, fade_row, white, window.picture(fade_row).copy(), window.pts_s(row), window.frame(row)
    )


def leave(window: RowWindow, row: int, cuts: set[int], reach: int, settings: ShotSettings) -> tuple[Side, int]:
    """How the stretch that ends before `row` is left, and the first row whose picture is whole."""
    side, whole = _side(window, row - 1, +1, cuts, reach, settings)
    return side, max(row, whole)


def is_flash(entry: FlatStretch, exit_row: int, after: np.ndarray, whole_row: int, flash_rows: int, fps: float) -> bool:
    """Whether a short stretch leads back to the picture it came from. Light may take a second to come and go."""
    sudden = whole_row - entry.fade_row - 1 <= flash_rows
    lit = entry.white and exit_row - entry.row <= flash_rows and whole_row - entry.fade_row <= fps
    return (sudden or lit) and likeness(entry.before, after) >= _SAME_STRUCTURE


def _side(
    window: RowWindow, row: int, step: int, cuts: set[int], reach: int, settings: ShotSettings
) -> tuple[Side, int]:
    """How flat row `row` meets what lies in direction `step`, and the nearest row there that is untouched by a fade."""
    beside = row + step
    if not window.base <= beside < window.end:
        return "edge", row
    changed_at = max(row, beside)
    near = cuts & {changed_at - 1, changed_at, changed_at + 1}
    if near:
        return "cut", beside if step < 0 else max(near)
    whole = _fade_end(window, row, step, reach)
    flat, picture = window.picture(row), window.picture(whole)
    still = (np.abs(flat - picture)[:LUMA_CELLS] <= _STILL_CELL).mean() > _STILL_SHARE
    contrast = window.contrast(whole, whole + 1)[0]
    scale = max(_LEAST_SCALE, float(floor_scale(contrast, contrast, settings)))
    fades = not still and distance(flat, picture) >= settings.dissolve_floor * scale
    return ("fade" if fades else "none"), whole


def _fade_end(window: RowWindow, row: int, step: int, reach: int) -> int:
    """Walk from a flat row as long as the picture keeps moving away from it; repeated frames may stall it briefly."""
    last = window.clip(row + step * reach)
    rows = window.x(min(row, last), max(row, last) + 1)[::step]
    away = distance(rows, rows[0])
    reached = 0
    for i in range(1, len(away)):
        if away[i] > 1.01 * away[reached] + 0.2:
            reached = i
        elif i - reached > _STALL_ROWS:
            break
    return row + step * reached


def fades_through(window: RowWindow, first: int, last: int) -> bool:
    """Whether the change between rows `first` and `last` is part of a fade out to, or in from, a flat row nearby."""
    reach, middle = last - first, (first + last) // 2
    low, high = max(window.base, first - reach), min(window.end, last + reach + 1)
    flat = low + np.flatnonzero(window.flat(low, high) != PICTURE)
    before, after = flat[flat <= middle], flat[flat > middle]
    faded_in = len(before) > 0 and _fade_end(window, int(before[-1]), +1, 2 * reach) > middle
    return bool(faded_in or (len(after) > 0 and _fade_end(window, int(after[0]), -1, 2 * reach) < middle))


def flat_edges(window: RowWindow, first: int, end: int) -> list[tuple[int, bool]]:
    """For rows in [first, end): (row, True) where a flat stretch begins, (row, False) where a picture follows one."""
    low = max(first - 1, window.base)
    flat = window.flat(low, end) != PICTURE
    known = np.concatenate([[False], flat]) if low == first else flat
    turns = np.flatnonzero(np.diff(known.astype(np.int8)))
    return [(first + int(t), bool(known[t + 1])) for t in turns]
