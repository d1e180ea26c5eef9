"""Fades: stretches of black or white rows, how each begins and ends, and whether a row belongs to a fade.

A fade out, black and a fade in make one boundary, at the first black row. A title card whose text fades in over a black
ground makes none: most of its grid does not change. Only a hard cut to the card or from it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ..records import Transition
from ..settings.sections import ShotSettings
from .window import CHROMA_CELLS, LUMA_CELLS, PICTURE, WHITE, RowWindow, distance, floor_scale, luma_correlation

EdgeKind = Literal["edge", "cut", "fade", "none"]
"""What lies at one end of a flat stretch: the film's edge, a hard cut, a fading picture, or nothing that counts."""
_STILL_CELL = 3.0
"""Code values up to which a luma cell counts as unchanged. E01–E05: 0.5 to 2 times."""
_STILL_SHARE = 0.6
"""Share of unchanged cells above which the picture does not fade: text appears on a card. E01–E05: 0.5 to 2 times."""
_STALL_ROWS = 2
"""Rows for which a fade may stand still, as repeated frames do. E01–E05: 1 to 4."""
_STEP_RATIO, _STEP_FLOOR = 1.01, 0.2
"""A fade goes on while its distance from the flat row grows by this factor and by these code values. E01–E05: 1.005 to
1.02; 0.5 to 2 times."""
_LEAST_FADE_SCALE = 0.5
"""What the floor of a fade shrinks to at most: a night scene that hovers about black does not fade. E01–E05: 0.5 to 2
times."""
_FLASH_CORRELATION = 0.9
"""Luma correlation from which on the pictures before and after a flash are the same. E01–E05: 0.8 to 0.95."""
_MOVING_CORRELATION, _NEAR_SHARE = 0.5, 0.45
"""The same where it is black for an instant, as in a strobe, and the pictures are this share of their distance to black
from each other: meanwhile things move. Chosen by eye, on two strobes."""
_BLACK_GRID = np.repeat(np.array([-128, 0], np.float32), [LUMA_CELLS, CHROMA_CELLS])


class Edge(NamedTuple):
    """What lies beside a flat row, the nearest row there that no fade touches, and how near to the limits of a fade it
    is: 0 far from them, 1 at them."""

    kind: EdgeKind
    row: int
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Boundary:
    """A shot begins at `row`; rows from `mixed_first` to `mixed_end` (exclusive) show no shot cleanly. `confidence`:
    how sure that is, 0–1."""

    row: int
    transition: Transition
    mixed_first: int
    mixed_end: int
    pts_s: float
    frame: int | None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class FlatStretch:
    """A stretch of black or white rows that begins at `row`, and what lies before it."""

    row: int
    edge: EdgeKind
    fade_row: int
    """The last row before it that a fade has not touched."""
    white: bool
    before: np.ndarray
    """(208,) float32: the grid of `fade_row`."""
    pts_s: float
    frame: int | None
    doubt: float
    """Of the fade before it."""


def edge_beside(window: RowWindow, row: int, step: int, cuts: set[int], reach: int, settings: ShotSettings) -> Edge:
    """What lies beside flat row `row` in direction `step` (±1)."""
    beside = row + step
    if not window.base <= beside < window.end:
        return Edge("edge", row)
    changed_at = max(row, beside)
    near = cuts & {changed_at - 1, changed_at, changed_at + 1}
    if near:
        return Edge("cut", beside if step < 0 else max(near))
    clean = _fade_end(window, row, step, reach)
    flat, picture = window.grid(row), window.grid(clean)
    still = float((np.abs(flat - picture)[:LUMA_CELLS] <= _STILL_CELL).mean())
    contrast = window.contrast(clean, clean + 1)[0]
    scale = max(_LEAST_FADE_SCALE, float(floor_scale(contrast, contrast, settings)))
    away, least = float(distance(flat, picture)), settings.dissolve_floor * scale
    fades = still <= _STILL_SHARE and away >= least
    return Edge("fade", clean, max(least / away, still / _STILL_SHARE)) if fades else Edge("none", clean)


def begin_stretch(window: RowWindow, row: int, cuts: set[int], reach: int, settings: ShotSettings) -> FlatStretch:
    """The stretch whose first flat row is `row`. `cuts`: the rows of hard cuts nearby; `reach`: longest fade, rows."""
    edge = edge_beside(window, row, -1, cuts, reach, settings)
    white = bool(window.flatness(row, row + 1)[0] == WHITE)
    before = window.grid(edge.row).copy()
    return FlatStretch(row, edge.kind, edge.row, white, before, window.pts_s(row), window.frame(row), edge.doubt)


def end_of_stretch(window: RowWindow, row: int, cuts: set[int], reach: int, settings: ShotSettings) -> Edge:
    """What follows the stretch that ends before `row`, and the first row that no fade touches."""
    edge = edge_beside(window, row - 1, +1, cuts, reach, settings)
    return edge._replace(row=max(row, edge.row))


def is_flash(
    stretch: FlatStretch, exit_row: int, after: np.ndarray, clean_row: int, flash_rows: int, fps: float
) -> bool:
    """Whether a short stretch leads back to the picture it came from. A white one may take a second to come and go.

    `exit_row`: the first row after the stretch; `clean_row`: the first that no fade touches; `after`: its grid (208,).
    """
    sudden = clean_row - stretch.fade_row - 1 <= flash_rows
    lit = stretch.white and exit_row - stretch.row <= flash_rows and clean_row - stretch.fade_row <= fps
    alike = luma_correlation(stretch.before, after)
    if sudden and not stretch.white:
        near = float(distance(stretch.before, after)) <= _NEAR_SHARE * float(distance(stretch.before, _BLACK_GRID))
        return alike >= (_MOVING_CORRELATION if near else _FLASH_CORRELATION)
    return (sudden or lit) and alike >= _FLASH_CORRELATION


def _fade_end(window: RowWindow, row: int, step: int, reach: int) -> int:
    """The last row of a fade that begins at flat row `row`: walks in direction `step` while the picture keeps moving
    away from it, `reach` rows at most. Repeated frames may stall it for `_STALL_ROWS`."""
    last = window.clip(row + step * reach)
    grids = window.grids(min(row, last), max(row, last) + 1)[::step]
    away = distance(grids, grids[0])
    reached = 0
    for i in range(1, len(away)):
        if away[i] > _STEP_RATIO * away[reached] + _STEP_FLOOR:
            reached = i
        elif i - reached > _STALL_ROWS:
            break
    return row + step * reached


def fades_through(window: RowWindow, first: int, last: int) -> bool:
    """Whether the change between rows `first` and `last` is part of a fade out to, or in from, a flat row nearby."""
    reach, middle = last - first, (first + last) // 2
    low, high = max(window.base, first - reach), min(window.end, last + reach + 1)
    flat = low + np.flatnonzero(window.flatness(low, high) != PICTURE)
    before, after = flat[flat <= middle], flat[flat > middle]
    faded_in = len(before) > 0 and _fade_end(window, int(before[-1]), +1, 2 * reach) > middle
    return bool(faded_in or (len(after) > 0 and _fade_end(window, int(after[0]), -1, 2 * reach) < middle))


def flat_edges(window: RowWindow, first: int, end: int) -> list[tuple[int, bool]]:
    """For rows `first` to `end` (exclusive): (row, True) where a flat stretch begins, (row, False) where a picture
    follows one."""
    low = max(first - 1, window.base)
    flat = window.flatness(low, end) != PICTURE
    known = np.concatenate([[False], flat]) if low == first else flat
    turns = np.flatnonzero(np.diff(known.astype(np.int8)))
    return [(first + int(t), bool(known[t + 1])) for t in turns]
