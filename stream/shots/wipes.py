"""Wipes: one picture gives way to another part by part, in the order in which the parts lie, or is pushed away by it.

The pictures move, and the edge may be soft; so no cell is judged alone. Pairs of rows that are far apart are the ends
of a wipe where the rows between them are as an order of `wipe_orders` has them, and less as a mix would be. With Q the
squared distances between grids, row k between ends a and b of a wipe with a hard edge has Q_ak + Q_kb = Q_ab; half way
of a mix the sum is half as much, and where pictures move it is more. Few pairs pass that, and fewer a look at their
middle. Numbers without a word on what they were measured on were chosen by eye on composed wipes (benchmarks/README.md,
"Wipes").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import unexplained_share, unmoved_share
from .dissolves import LEAST_UNEXPLAINED, lengths
from .pushes import best_push
from .spans import OUTSIDE_ROWS
from .window import LUMA_CELLS, LUMA_SHAPE, RowWindow, distance, floor_scale, tone_gap
from .wipe_orders import Explained, by_orders, by_slides, half_covered, half_mixed, half_slid

_STILL_ROWS = 4
"""Each end is compared with the row this far outside."""
_LEAST_AWAY = 0.4
"""Every row of the half second before differs from every row of the half second after by at least this share of the
distance between the ends. A wing that covers the picture and leaves it again comes as a wipe but for this."""
_LEAST_CONTRAST = 10.0
"""Deviation of luma, code values, that both ends have at least: an iris that closes to black and a wing that covers all
lead to no other picture."""
_STEP_ROWS = 2
"""Every other row is tried as the middle."""
_LEAST_ROWS = 5
"""A shorter change is a cut."""
_MOST_UNSTABLE = 0.65
"""Largest distance of an end to the row outside it, as a share of the distance between the ends."""
_MOST_DETOUR, _LEAST_HALF_WAY = 1.4, 0.6
"""Q_ak + Q_kb in Q_ab at most, at a quarter, half and three quarters; half way at least."""
_LEAST_GROWTH, _LEAST_BETWEEN = 0.2, 0.05
"""By how much, in Q_ab, a row at three quarters is farther from the one end and nearer to the other than at a quarter;
how far that half way is from both."""
_MOST_STEP = 0.6
"""Squared distance of two rows between the ends, in Q_ab, that is no cut."""
_LEAST_DIFFERENCE, _LEAST_TELLING = 12.0, 0.33
"""Code values by which a cell differs between two pictures; share of the cells that must, in each half of the grid:
what comes into a picture from below leaves the upper half as it was."""
_QUICK_LEFT, _QUICK_SHARE = 0.35, 0.8
"""What an order may leave of the middle row, and as a share of what a mix leaves, to be looked at closely."""
_LEAST_UNMIXED = 0.15
"""What a mix leaves of the middle row of a slide, at least: half of each picture is another."""
_SURE_LEFT, _SURE_SHARE = 0.12, 0.5
"""What an order leaves of all rows, and as a share of what a mix leaves, where the rows alone tell that it is a wipe.
"""
_MOST_DOUBT = 1.25
"""Up to so many times as much it may be one, and a second opinion is asked for."""
_BETTER_THAN_MIX = 0.8
"""What the order of a dissolve leaves of what a mix leaves, where it is called a wipe."""
_MOST_UNEVEN, _MOST_SLIDE_UNEVEN, _MOST_BACK = 0.3, 0.15, 0.07
"""Largest deviation of the share of the way from that of the time, of wipes and of slides, and largest step back: one
of fifteen."""
_LEAST_SLIDE_SPEED = 2.0
"""How much the rows of a slide change (median) over what is usual before it, and after it, at least."""
_LEAST_SHARP = 0.7
"""Edge energy of the rows of a slide (median), as a share of that of the end that has less: a fast camera blurs."""
_LEAST_UNMOVED_END = 0.4
"""Share of the difference between an end and the row a quarter of the way off that no shift explains, else the camera
moves. Forty spans of seven wipes have .75 and more at one end at least; a pan by 1.3 of the width has .10 and .14."""
_SAMPLES = 8
"""Equal steps into which a span is divided."""


@dataclass(frozen=True, slots=True)
class Wipe:
    """Row `first` is the last of the old picture, row `last` the first of the new one. `left`: squared difference that
    its order leaves, `share`: of that what a mix would leave. `score`: larger for ends that are farther apart and a
    clearer order, code values (RMS), as of dissolves."""

    first: int
    last: int
    left: float
    share: float
    score: float

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        return (self.first + self.last + 1) // 2

    @property
    def doubt(self) -> float:
        """0 where nothing is left; from 1 on the rows alone do not tell whether it is a wipe."""
        return max(self.left / _SURE_LEFT, self.share / _SURE_SHARE)


def find_wipes(window: RowWindow, first: int, end: int, longest: int, settings: ShotSettings) -> list[Wipe]:
    """For each centre row from `first` to `end` (exclusive) the best wipe around it, if any. Wipes of neighbouring
    centres overlap. Reads up to `longest`/2 + `spans.OUTSIDE_ROWS` rows on either side, as far as the window has
    them."""
    margin = (longest + 1) // 2 + OUTSIDE_ROWS
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    tried = lengths(longest)
    tried = tried[tried >= _LEAST_ROWS]
    middles = np.arange(first + first % _STEP_ROWS, end, _STEP_ROWS)
    if high - low <= _LEAST_ROWS or not len(middles) or not len(tried):
        return []
    a = (middles[None] - (tried // 2)[:, None]).ravel()
    b = a + np.repeat(tried, len(middles))
    inside = (a >= low) & (b < high)
    pairs = _far_apart(window, a[inside] - low, b[inside] - low, (low, high), settings)
    best: dict[int, Wipe] = {}
    for wipe in _explained(window, pairs, low):
        if wipe.row not in best or best[wipe.row].score < wipe.score:
            best[wipe.row] = wipe
    return list(best.values())


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of rows, (N,) each: `a`, `b` from the first row that is read; `apart`: root mean squared distance, code
    values; `unstable`: largest distance to the row outside, as a share; `ordered`: whether the rows between may be as
    in a wipe; else they may be as in a slide."""

    a: np.ndarray
    b: np.ndarray
    apart: np.ndarray
    unstable: np.ndarray
    ordered: np.ndarray


def _far_apart(
    window: RowWindow, a: np.ndarray, b: np.ndarray, reach: tuple[int, int], settings: ShotSettings
) -> _Pairs:
    """Those of the pairs of rows (N,) that show two different pictures, neither of which moves too fast."""
    low, high = reach
    grids, contrast, tones = window.grids(low, high), window.contrast(low, high), window.tones(low, high)
    q = window.squared_distances(low, high)
    gap = np.maximum(q[a, b], 1.0)
    apart = np.sqrt(gap / grids.shape[1])
    before, after = np.maximum(a - _STILL_ROWS, 0), np.minimum(b + _STILL_ROWS, high - low - 1)
    unstable = np.sqrt(np.maximum(q[before, a], q[b, after]) / gap)
    floor = settings.dissolve_floor * floor_scale(contrast[a], contrast[b], settings)
    shown = np.minimum(contrast[a], contrast[b]) >= _LEAST_CONTRAST
    likely = np.flatnonzero((apart >= floor) & (unstable <= _MOST_UNSTABLE) & shown)
    likely = likely[tone_gap(tones[a[likely]], tones[b[likely]]) >= settings.dissolve_tones]
    likely = likely[_differ_everywhere(grids[a[likely]], grids[b[likely]])]
    a, b = a[likely], b[likely]
    return _Pairs(a, b, apart[likely], unstable[likely], _grows(q, a, b, gap[likely]))


def _differ_everywhere(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(N,): whether many cells of each half of the luma grids (N, 208) differ."""
    differ = np.abs(ends[:, :LUMA_CELLS] - starts[:, :LUMA_CELLS]) >= _LEAST_DIFFERENCE
    counted = differ.astype(np.float32) @ _halves()  # whole numbers: exact
    return np.asarray((counted >= _LEAST_TELLING * _halves().sum(axis=0, dtype=np.float64)).all(axis=1))


@cache
def _halves() -> np.ndarray:
    """(144, 4) float32: which cells lie in the upper, lower, left and right half of the grid; 1 or 0."""
    down, across = np.mgrid[: LUMA_SHAPE[0], : LUMA_SHAPE[1]]
    middle, beside = LUMA_SHAPE[0] // 2, LUMA_SHAPE[1] // 2
    halves = (down <= middle, down >= middle, across < beside, across >= beside)
    return np.stack([half.ravel() for half in halves], axis=1).astype(np.float32)


def _grows(q: np.ndarray, a: np.ndarray, b: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(N,): whether the rows between lead from a to b by a short way, step by step. `q`: (R, R) squared distances."""
    k = a + np.rint(np.array([[0.25], [0.5], [0.75]]) * (b - a)).astype(np.intp)
    start, rest = q[a, k] / gap, q[k, b] / gap
    way = start + rest
    short = (way <= _MOST_DETOUR).all(axis=0) & (way[1] >= _LEAST_HALF_WAY)
    onward = (start[2] >= start[0] + _LEAST_GROWTH) & (rest[0] >= rest[2] + _LEAST_GROWTH)
    grows = np.asarray(short & onward & (np.minimum(start[1], rest[1]) >= _LEAST_BETWEEN))
    at = np.flatnonzero(grows)
    if len(at):
        steps = np.append(np.diagonal(q, 1), 0.0)  # after the last one too a part may end
        largest = np.maximum.reduceat(steps, np.stack([a[at], b[at]], axis=1).ravel())[::2]
        grows[at] = largest <= _MOST_STEP * gap[at]
    return grows


def _explained(window: RowWindow, pairs: _Pairs, low: int) -> Iterator[Wipe]:
    """The pairs between which an order, or a slide, explains the rows. `low`: the row from which pairs count."""
    if not len(pairs.a):
        return
    cells = window.grids(low, window.end)[:, :LUMA_CELLS]
    middles, starts, ends = cells[(pairs.a + pairs.b) // 2], cells[pairs.a], cells[pairs.b]
    enough = np.minimum(_QUICK_LEFT, _QUICK_SHARE * half_mixed(middles, starts, ends))
    grow = np.flatnonzero(pairs.ordered)
    as_wipes = grow[half_covered(middles[grow], starts[grow], ends[grow]) <= enough[grow]]
    others = enough >= _QUICK_SHARE * _LEAST_UNMIXED
    others[as_wipes] = False
    rest = np.flatnonzero(others)
    as_slides = rest[half_slid(middles[rest], starts[rest], ends[rest]) <= enough[rest]]
    for by, at, uneven in ((by_orders, as_wipes, _MOST_UNEVEN), (by_slides, as_slides, _MOST_SLIDE_UNEVEN)):
        if not len(at):
            continue
        told = by(*_rows_between(cells, pairs.a[at], pairs.b[at]))
        for i in np.flatnonzero(_goes_on(told, uneven)).tolist():
            purity = 1 - float(told.most_left[i]) ** 0.5 - float(told.uneven[i]) - 0.5 * float(pairs.unstable[at[i]])
            first, last = int(pairs.a[at[i]]) + low, int(pairs.b[at[i]]) + low
            score = float(pairs.apart[at[i]]) * max(purity, 0.0)
            wipe = Wipe(first, last, float(told.left[i]), float(told.left[i] / told.mixed[i]), score)
            if not _leads_on(window, wipe):
                continue
            if _is_slide(window, wipe) if by is by_slides else not _is_made_by_camera(window, wipe):
                yield wipe


def _rows_between(cells: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
    """What `by_orders` takes, of the pairs (N,) of rows of `cells` (R, 144)."""
    times = np.arange(1, _SAMPLES) / _SAMPLES
    rows = a[:, None] + np.rint(times * (b - a)[:, None]).astype(np.intp)
    return cells[rows], cells[a], cells[b], times


def _goes_on(told: Explained, uneven: float) -> np.ndarray:
    """(N,): whether the way goes on evenly."""
    return np.asarray((told.uneven <= uneven) & (told.back <= _MOST_BACK))


def _leads_on(window: RowWindow, wipe: Wipe) -> bool:
    """Whether a wipe leads to another picture that stays."""
    befores = window.grids(max(window.base, wipe.first - OUTSIDE_ROWS), wipe.first + 1)
    afters = window.grids(wipe.last, min(window.end, wipe.last + OUTSIDE_ROWS + 1))
    gap = float(distance(window.grid(wipe.first), window.grid(wipe.last)))
    return wipe.doubt <= _MOST_DOUBT and bool(distance(befores[:, None], afters[None]).min() >= _LEAST_AWAY * gap)


def _is_made_by_camera(window: RowWindow, wipe: Wipe) -> bool:
    """Whether a shift and a zoom explain the steps between the rows, as of a dissolve; the less doubtful a wipe, the
    more may be explained: where a dark picture gives way to a light one, the edge of a wipe looks like a shift. Or
    whether the old picture moves away at once and the new one still comes at the end, and neither pushes the other: a
    pan too fast for that."""
    grids = window.grids(wipe.first, wipe.last + 1)
    if unexplained_share(grids) < LEAST_UNEXPLAINED * min(1.0, wipe.doubt):
        return True
    quarter = max(1, (wipe.last - wipe.first) // 4)
    ends = ((grids[0], grids[quarter]), (grids[-1 - quarter], grids[-1]))
    return all(unmoved_share(*end) < _LEAST_UNMOVED_END for end in ends) and not best_push(grids).leads_elsewhere


def _is_slide(window: RowWindow, wipe: Wipe) -> bool:
    """Whether a slide is one without doubt, is not blurred, leads to another scene, and the picture moves less before
    it and after it."""
    low, high = max(window.base, wipe.first - OUTSIDE_ROWS), min(window.end, wipe.last + OUTSIDE_ROWS + 1)
    outside = [window.change(low + 1, wipe.first + 1), window.change(wipe.last + 1, high)]
    usual = max((float(np.median(changes)) for changes in outside if len(changes)), default=0.0)
    inside = float(np.median(window.change(wipe.first + 1, wipe.last + 1)))
    edges = window.edges(wipe.first, wipe.last + 1)
    sharp = float(np.median(edges[1:-1])) >= _LEAST_SHARP * float(min(edges[0], edges[-1]))
    quick = wipe.doubt < 1 and inside >= _LEAST_SLIDE_SPEED * usual
    return quick and sharp and best_push(window.grids(wipe.first, wipe.last + 1)).leads_elsewhere


def is_ordered(window: RowWindow, first: int, last: int) -> bool:
    """Whether an order explains the rows between two ends better than a mix: a dissolve that is none."""
    if last - first < _LEAST_ROWS:
        return False
    cells = window.grids(first, last + 1)[:, :LUMA_CELLS]
    told = by_orders(*_rows_between(cells, np.array([0]), np.array([last - first])))
    return bool(_goes_on(told, _MOST_UNEVEN)[0] and told.left[0] <= _BETTER_THAN_MIX * told.mixed[0])
