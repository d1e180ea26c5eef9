"""Black and white under a mark: a channel's logo, a copyright line or a running timecode stays while the picture goes.

Such a row is not evenly black, so its mean and deviation say nothing. It counts as black where a picture fades to it or
from it, nearly all cells of its grid are black, and the few others were as light in all pictures before and after: they
are the mark. In bright pictures the cells of a lamp were as light, too, but so were most others; those of a mark stand
out. White under a dark mark is the same with luma upside down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, label

from ..settings.sections import ShotSettings
from .fades import edge_beside
from .window import BLACK, LUMA_CELLS, LUMA_SHAPE, PICTURE, WHITE, RowWindow

_LEAST_FLAT_SHARE = 0.7
"""Least share of cells that are black (white) in a row under a mark. Chosen by eye."""
_MOST_AROUND = 0.5
"""Largest share of cells that a mark touches or that lie beside these. Chosen by eye."""
_LEAST_EXCESS = 3.0
"""Code values by which a marked cell differs from the median cell at least: more than rounding does. Chosen by eye."""
_LEAST_FADE_ROWS = 3
"""Rows from a flat row to the picture that a fade takes at least. Chosen by eye."""
_LASTING_SHARE = 0.8
"""Share of its excess that a marked cell has in every row: the digits of a timecode change. Chosen by eye."""
_NEIGHBOURS = np.ones((3, 3), bool)
_MOST_CHANCE = 0.1
"""Largest share of the other cells that have always differed as much as a marked one. Chosen by eye."""
_REMEMBERED = 64
"""Parts of the film, a block of rows each, whose extremes are remembered. Chosen by eye: 80 s."""


@dataclass(frozen=True, slots=True)
class FadeLimits:
    """`reach`: rows of the longest fade. `longest_flat`: rows of the longest pause in black or white between two shots.
    `shortest_card`: rows that a card with text is shown at least. `cuts`: the rows of hard cuts."""

    reach: int
    longest_flat: int
    shortest_card: int
    cuts: set[int]


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Rows `first` to `end` (exclusive) that are black, or white, but for a few cells."""

    first: int
    end: int
    white: bool


class LastingMarks:
    """Finds the black and white rows of one film that a mark hides. Of past rows it keeps the extremes of `_REMEMBERED`
    blocks."""

    def __init__(self, settings: ShotSettings) -> None:
        self._settings = settings
        self._past: deque[np.ndarray] = deque(maxlen=_REMEMBERED)
        self._decided = 0

    def remember(self, window: RowWindow, end: int) -> None:
        """Rows up to `end` (exclusive) leave the window."""
        if end > window.base:
            luma = window.grids(window.base, end)[:, :LUMA_CELLS]  # less 128
            self._past.appendleft(np.stack([luma.min(axis=0) + 128, 127 - luma.max(axis=0)]))

    def mark(self, window: RowWindow, end: int, limits: FadeLimits, complete: bool) -> None:
        """Set the flatness of rows under a mark, in stretches that begin less than a fade's length after row `end`.

        `complete`: the film ends with the window. A stretch whose end is not in the window yet waits for the next call,
        unless it began before `end`.
        """
        low, high = max(self._decided, window.base), min(end + limits.reach, window.end)
        self._decided = max(low, high)
        for stretch in sorted(self._stretches(window, low, high)):
            if stretch.end == window.end and stretch.first >= end and not complete:
                self._decided = stretch.first
                return
            self._decided = max(self._decided, stretch.end)
            self._mark_stretch(window, stretch, limits)

    def _stretches(self, window: RowWindow, low: int, high: int) -> Iterator[Stretch]:
        """Stretches beginning in rows `low` to `high` (exclusive) that may be flat but for a mark."""
        for white in (False, True):
            if not self._may_be_flat(window, low, high, white).any():
                continue
            for first, end in _runs(self._may_be_flat(window, low, window.end, white)):
                if low + first < high:
                    yield Stretch(low + first, low + end, white)

    def _may_be_flat(self, window: RowWindow, first: int, end: int, white: bool) -> np.ndarray:
        """(N,) bool: pictures of which most cells are black, or white."""
        luma = window.grids(first, end)[:, :LUMA_CELLS]  # less 128
        flat = luma >= self._settings.white_luma - 128 if white else luma <= self._settings.black_luma - 128
        most = np.count_nonzero(flat, axis=1) >= _LEAST_FLAT_SHARE * LUMA_CELLS
        return np.asarray((window.flatness(first, end) == PICTURE) & most)

    def _mark_stretch(self, window: RowWindow, stretch: Stretch, fade: FadeLimits) -> None:
        """Set the flatness of the stretch's rows that are flat but for a lasting mark."""
        depth = _depth(window.luma(stretch.first, stretch.end), stretch.white)
        excess = depth - np.median(depth, axis=1, keepdims=True)
        marked = excess.min(axis=0) > _LEAST_EXCESS
        # A mark fills the cells at its rim in part, and a changing one not always.
        around = binary_dilation(marked.reshape(LUMA_SHAPE), _NEIGHBOURS)
        runs = _runs(self._is_flat(depth[:, ~around.ravel()], stretch.white)) if around.mean() <= _MOST_AROUND else []
        if not marked.any() or not runs:
            return
        a, b = max(runs, key=lambda run: run[1] - run[0])
        flat = Stretch(stretch.first + a, stretch.first + b, stretch.white)
        pictures, on_both_sides = self._pictures_around(window, flat, fade)
        if b - a <= fade.longest_flat and pictures:
            places = np.where(marked, label(around, _NEIGHBOURS)[0].ravel(), 0)
            last = self._last(pictures, places, ~around.ravel(), excess[a:b].min(axis=0), stretch.white)
            # Nobody could read a card that comes and goes so soon.
            if last or (last is None and on_both_sides and b - a < fade.shortest_card):
                window.set_flatness(flat.first, flat.end, WHITE if stretch.white else BLACK)

    def _is_flat(self, depth: np.ndarray, white: bool) -> np.ndarray:
        """(N,) bool: whether rows are black (white) in the cells (N, C) that no mark touches."""
        limit = 255 - self._settings.white_luma if white else self._settings.black_luma
        return np.asarray((depth.mean(axis=1) <= limit) & (depth.std(axis=1) <= self._settings.black_deviation))

    def _pictures_around(
        self, window: RowWindow, flat: Stretch, fade: FadeLimits
    ) -> tuple[list[np.ndarray], bool]:
        """The luma of the pictures before and after a flat stretch, without the fades; none where neither side fades.
        And whether both fade."""
        a, b = flat.first, flat.end
        before, clean_before, _ = edge_beside(window, a, -1, fade.cuts, fade.reach, self._settings)
        after, clean_after, _ = edge_beside(window, b - 1, +1, fade.cuts, fade.reach, self._settings)
        out = before == "fade" and a - clean_before >= _LEAST_FADE_ROWS
        into = after == "fade" and clean_after - b + 1 >= _LEAST_FADE_ROWS
        ranges = ((window.base, min(clean_before + 1, a)), (max(clean_after, b), window.end))
        pictures = [window.luma(*rows) for rows in ranges if rows[0] < rows[1]] if out or into else []
        return pictures, out and into

    def _last(
        self, pictures: list[np.ndarray], places: np.ndarray, others: np.ndarray, level: np.ndarray, white: bool
    ) -> bool | None:
        """Whether the cells of each mark have been as far from black (white) in all pictures, unlike most others; None
        where most others have been so, too, which tells nothing.

        Looks back part by part, as far as it takes to tell a mark from what is bright. `places`: (144,) the number of
        the mark that a cell belongs to, 0 for none; `others`: (144,) bool, the cells of none; `level`: (144,) how far
        from black (white) the cells of the stretch are.
        """
        marks = [places == number for number in np.unique(places[places > 0])]
        least = _depth(np.concatenate(pictures), white).min(axis=0)
        for part in (least, *(past[int(white)] for past in self._past)):
            least = np.minimum(least, part)
            kept = [np.minimum(least, level)[cells] / level[cells].sum() for cells in marks]
            if any(k.sum() < _LASTING_SHARE for k in kept):
                return False
            if all(_chance(least, cells, others, level) <= _MOST_CHANCE for cells in marks):
                return True
        return None


def _chance(least: np.ndarray, mark: np.ndarray, others: np.ndarray, level: np.ndarray) -> float:
    """The share of other cells that have always been as far from black (white) as a mark: that of its rarest cell."""
    return float((least[others] >= _LASTING_SHARE * level[mark][:, None]).mean(axis=1).min())


def _depth(luma: np.ndarray, white: bool) -> np.ndarray:
    """How far luma is from black, or from white."""
    return 255 - luma if white else luma


def _runs(of: np.ndarray) -> list[tuple[int, int]]:
    """(first, end) of each run of true values in (N,) bool."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], of, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in turns.reshape(-1, 2)]
