"""Whip pans and zooms from one scene to another: the camera moves so fast that it cannot be followed, and stops at
another scene.

What tells them from fast moves inside one scene: all detail along the move is lost (of a picture that moves by a sixth
of its width while the shutter is open, less than a tenth of the edge energy in the direction that has least is left),
or the one picture pushes the other away (`pushes`), or much detail is lost and a second opinion sees another shot
begin. Where the ends overlap much, one of them shifted is the other, and it is a pan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import likeness_of_shifted
from .cuts import differ_in_light_only
from .overlaps import best_of_overlapping
from .pushes import Push, best_push
from .spans import OUTSIDE_ROWS
from .window import RowWindow, distance, floor_scale, tone_gap

_LONGEST_S = 0.7
"""Seconds that a swing takes at most. Chosen by eye."""
_LEAST_SWING_ROWS = 4
"""A shorter swing is a cut. Chosen by eye."""
_MOST_LEFT = 0.11
"""Edge energy of the swing (median of its rows) in the direction that has least, as a share of that of the end that has
less. Among 30 clips each, composed of excerpts of twelve films, 18 whip pans have less; of the pans inside one scene
three of those by .9 of the picture's width; of zooms, dissolves and fifteen films without whip pans none has less than
.2, with all other limits as they are. A half and twice as much: 7 and 22 whip pans, 0 and 8 pans."""
_LEAST_COHERENCE = 0.5
"""Median of `blur_anisotropy` over the swing: what is left lies in one direction. Of 30 whip pans 1 has less, of 30
zooms 11 that have lost as much."""
_MOST_LEFT_OF_PUSH, _MOST_SHARE_OF_PUSH = 0.06, 0.35
"""What a push leaves of the rows of a swing, and as a share of what a mix leaves, at most. Of 47 pushes composed of
excerpts of eleven films two leave more (.23). Of 50 pans inside one scene by .8 and .9 of the picture none leaves so
little where it seems to lead elsewhere, of 50 by just a picture eleven: their edges are neighbours that differ much."""
_MOST_STEP_BACK = 0.07
"""Largest step back of a push: a little more than one of its sixteen."""
_LITTLE_LEFT, _MOST_LEFT_IN_DOUBT = 0.4, 1.0
"""Edge energy of a swing, as above, that is little, and up to which a second opinion is asked for. Of 22 swings in ten
excerpts of films, all of them motion inside a scene, none has less than .56; of five zooms through a cut all have .2
and less."""
_LEAST_SEEN, _LEAST_SEEN_OF_CLEAR = 0.5, 0.7
"""Probability of a boundary that a second opinion must give where little is left (TransNet V2's own limit) and where
more is. The five zooms have .52 to .93, one that fades besides .79; of pans and zooms inside a scene, all of which keep
more, three have .51 to .62."""
_LEAST_SPEED = 2.0
"""How much the rows of the swing change (lower quartile) over what is usual around it (median), at least. By eye."""
_LEAST_DETOUR = 1.5
"""The changes of the swing add up to this many times the distance between its ends: in a dissolve, to one. Of 30 whip
pans none has less than 1.7."""
_MOST_SWING_UNSTABLE, _SWING_STABLE_ROWS = 0.45, 4
"""Largest distance of an end to the row this far outside, as a share of that between the ends: as of dissolves."""
_LEAST_SWING_AWAY = 0.5
"""Every row before differs from every row after by this share of the distance between the ends: what covers the picture
for a moment goes away again. Chosen by eye."""
_MOST_ALIKE = 0.9
"""Correlation of the ends, one shifted, from which on they show one scene. Pans by .6 of the width: .95 to .99."""
_SWING_NOISE = 0.5
"""Code values of change that noise alone makes. As of cuts."""
_ROUNDING = 1e-3
"""Share by which sums of the same numbers may differ, far more than they do."""


@dataclass(frozen=True, slots=True)
class WhipPan:
    """Row `first` is the last that is not part of the swing, row `last` the first after. `doubt`: 0 where nothing is
    doubtful, 1 at the limit. `score`: larger for ends that are farther apart and less that is left, code values.
    `asked`: whether a second opinion must tell, and the probability of a boundary that it must give at least; 0 where
    the rows tell."""

    first: int
    last: int
    doubt: float
    score: float
    asked: float = 0.0

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        return (self.first + self.last + 1) // 2


def find_whip_pans(
    window: RowWindow, first: int, end: int, rows_per_s: float, longest: int, settings: ShotSettings
) -> list[WhipPan]:
    """For each centre row from `first` to `end` (exclusive) the best whip pan around it, if any; those of neighbouring
    centres overlap. longest: rows, whatever the rate. Reads up to `longest`/2 + `spans.OUTSIDE_ROWS` rows on either
    side, as far as the window has them."""
    lengths = np.arange(_LEAST_SWING_ROWS, min(longest, round(_LONGEST_S * rows_per_s)) + 1)
    margin = longest // 2 + OUTSIDE_ROWS
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    a = (np.arange(first, end)[None] - (lengths // 2)[:, None]).ravel()
    b = a + np.repeat(lengths, end - first)
    inside = (a >= low) & (b < high)
    best: dict[int, WhipPan] = {}
    for p, q in _swings(window, a[inside], b[inside], (low, high), settings):
        found = _whip_pan(window, p, q, (low, high), settings)
        if found is not None and (found.row not in best or _rank(found) > _rank(best[found.row])):
            best[found.row] = found
    return list(best.values())


def _swings(
    window: RowWindow, a: np.ndarray, b: np.ndarray, reach: tuple[int, int], settings: ShotSettings
) -> Iterator[tuple[int, int]]:
    """Those of the pairs of rows (N,) that are far apart, between which most rows change much, and outside of which
    they do not. reach: first and last (exclusive) row that may be read."""
    low = reach[0]
    change, contrast, grids = (signal(*reach) for signal in (window.change, window.contrast, window.grids))
    a, b, longest = a - low, b - low, int((b - a).max(initial=0))
    floor = settings.cut_floor * floor_scale(contrast[a], contrast[b], settings)
    # The rows between are costly to look at, and few pairs pass what their sums tell.
    passing = np.flatnonzero(_may_swing(change, a, b, floor))
    a, b, floor = a[passing], b[passing], floor[passing]
    places = a[:, None] + np.arange(1, longest + 1)
    within = places <= b[:, None]
    changes = np.sort(_picked(change, places, within, np.inf), axis=1)[np.arange(len(a)), (b - a) // 4]
    total = _picked(change, places, within, 0).sum(axis=1)
    likely = np.flatnonzero(total >= _LEAST_DETOUR * floor)
    likely = likely[changes[likely] >= _LEAST_SPEED * _usual(change, a[likely], b[likely])]
    gap = distance(grids[a[likely]], grids[b[likely]])
    far = (gap >= floor[likely]) & (total[likely] >= _LEAST_DETOUR * gap)
    likely, gap = likely[far], gap[far]
    a, b = a[likely], b[likely]
    before, after = np.maximum(a - _SWING_STABLE_ROWS, 0), np.minimum(b + _SWING_STABLE_ROWS, len(grids) - 1)
    unstable = np.maximum(distance(grids[before], grids[a]), distance(grids[b], grids[after]))
    for at in np.flatnonzero(unstable <= _MOST_SWING_UNSTABLE * gap).tolist():
        yield int(a[at]) + low, int(b[at]) + low


def _may_swing(change: np.ndarray, a: np.ndarray, b: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """(N,): whether three quarters of the rows from `a` (exclusive) to `b` change by more than noise, and all together
    by what a swing needs, but for rounding."""
    still = np.concatenate([[0], np.cumsum(change < _LEAST_SPEED * _SWING_NOISE)])
    moving = still[b + 1] - still[a + 1] <= (b - a) // 4
    summed = np.concatenate([[0.0], np.cumsum(change, dtype=np.float64)])
    return np.asarray(moving & (summed[b + 1] - summed[a + 1] >= (1 - _ROUNDING) * _LEAST_DETOUR * floor))


def _picked(values: np.ndarray, places: np.ndarray, known: np.ndarray, other: float) -> np.ndarray:
    """`values` (R,) at `places` (N, M) where these are known, else `other`."""
    return np.where(known, values.take(places, mode="clip"), other)


def _usual(change: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,): the median change of the rows before `a` and after `b`, and noise; infinite where there are none."""
    beside = np.arange(OUTSIDE_ROWS)
    places = np.concatenate([a[:, None] - beside, b[:, None] + 1 + beside], axis=1)
    known = (places >= 1) & (places < len(change))
    around, number = np.sort(_picked(change, places, known, np.inf), axis=1), known.sum(axis=1)
    row = np.arange(len(a))
    return np.asarray((around[row, np.maximum(number - 1, 0) // 2] + around[row, number // 2]) / 2 + _SWING_NOISE)


def strongest_whip_pans(found: list[WhipPan], first: int, end: int) -> list[WhipPan]:
    """Those with their middle in rows `first` to `end` (exclusive) that overlap no better one, nor an equally good
    earlier one."""
    return best_of_overlapping(found, first, end, _rank)


def _rank(w: WhipPan) -> tuple[bool, float, int, int]:
    return not w.asked, w.score, -w.first, -w.last


def _whip_pan(
    window: RowWindow, first: int, last: int, reach: tuple[int, int], settings: ShotSettings
) -> WhipPan | None:
    """The whip pan between two rows of a swing, if any. reach: first and last (exclusive) row that may be read."""
    gap = float(distance(window.grid(first), window.grid(last)))
    reach = max(reach[0], first - OUTSIDE_ROWS), min(reach[1], last + OUTSIDE_ROWS + 1)
    if not _leads_on(window, first, last, reach, gap, settings):
        return None
    least = window.least_edges(first, last + 1)
    left = float(np.median(least[1:-1])) / max(float(min(least[0], least[-1])), 1e-6)
    if left <= _MOST_LEFT and float(np.median(window.coherence(first + 1, last))) >= _LEAST_COHERENCE:
        found = WhipPan(first, last, left / _MOST_LEFT, gap * (1 - left))
    elif _is_whip_pan(push := best_push(window.grids(first, last + 1))):
        found = WhipPan(first, last, push.left / _MOST_LEFT_OF_PUSH, gap * (1 - push.left))
    elif left <= _MOST_LEFT_IN_DOUBT:
        seen = _LEAST_SEEN if left <= _LITTLE_LEFT else _LEAST_SEEN_OF_CLEAR
        found = WhipPan(first, last, 1.0, gap * (1 - left), seen)
    else:
        return None
    return found if likeness_of_shifted(window.grid(first), window.grid(last)) < _MOST_ALIKE else None


def _is_whip_pan(push: Push) -> bool:
    explained = push.left <= min(_MOST_LEFT_OF_PUSH, _MOST_SHARE_OF_PUSH * push.mixed)
    return explained and push.back <= _MOST_STEP_BACK and push.leads_elsewhere


def _leads_on(
    window: RowWindow, first: int, last: int, reach: tuple[int, int], gap: float, settings: ShotSettings
) -> bool:
    """Whether the pictures after are of another scene and stay so."""
    befores, afters = window.grids(reach[0], first + 1), window.grids(last, reach[1])
    tones = window.tones(first, last + 1)
    return bool(
        tone_gap(tones[0], tones[-1]) >= settings.dissolve_tones
        and not differ_in_light_only(befores[-1], afters[0])
        and distance(befores[:, None], afters[None]).min() >= _LEAST_SWING_AWAY * gap
    )
