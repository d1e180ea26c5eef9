"""Whip pans: the camera swings so fast that all detail along the swing is lost, and stops at another scene.

What tells them from fast pans inside one scene is how much is lost: of a picture that moves by a sixth of its width
while the shutter is open, less than a tenth of the edge energy in the direction that has least is left. Where the ends
overlap much, one of them shifted is the other, and it is a pan.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import GRID
from .spans import OUTSIDE_ROWS
from .window import LUMA_CELLS, RowWindow, distance, floor_scale, tone_gap

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
_FARTHEST_CELLS = (2, 11)
"""Rows and columns of the luma grid by which an end is shifted at most: a third of the columns still overlap."""
_LEAST_DEVIATION = 3.0
"""Deviation of luma, code values, that both have where they overlap. Chosen by eye."""
_SWING_NOISE = 0.5
"""Code values of change that noise alone makes. As of cuts."""


@dataclass(frozen=True, slots=True)
class WhipPan:
    """Row `first` is the last that is not blurred, row `last` the first after. `left`: edge energy in between, as a
    share (0 to `_MOST_LEFT`). `score`: larger for ends that are farther apart and less that is left, code values."""

    first: int
    last: int
    left: float
    score: float

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        return (self.first + self.last + 1) // 2

    @property
    def confidence(self) -> float:
        """½ at the limit, 1 where nothing is left."""
        return 1.0 - 0.5 * self.left / _MOST_LEFT


def find_whip_pans(
    window: RowWindow, first: int, end: int, rows_per_s: float, longest: int, settings: ShotSettings
) -> list[WhipPan]:
    """For each centre row from `first` to `end` (exclusive) the best whip pan around it, if any; those of neighbouring
    centres overlap. longest: rows, whatever the rate. Reads up to `longest`/2 + `spans.OUTSIDE_ROWS` rows on either
    side, as far as the window has them."""
    lengths = np.arange(_LEAST_SWING_ROWS, min(longest, round(_LONGEST_S * rows_per_s)) + 1)
    centres = np.arange(first, end)
    margin = longest // 2 + OUTSIDE_ROWS
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    a = (centres[None] - (lengths // 2)[:, None]).ravel()
    b, middle = a + np.repeat(lengths, len(centres)), np.tile(centres, len(lengths))
    inside = (a >= low) & (b < high)
    a, b, middle = a[inside], b[inside], middle[inside]
    least = window.least_edges(low, high)
    blurred = least[middle - low] <= _MOST_LEFT * np.minimum(least[a - low], least[b - low])
    best: dict[int, WhipPan] = {}
    for p, q in zip(a[blurred].tolist(), b[blurred].tolist(), strict=True):
        found = _whip_pan(window, p, q, (low, high), settings)
        if found is not None and (found.row not in best or best[found.row].score < found.score):
            best[found.row] = found
    return list(best.values())


def strongest_whip_pans(found: list[WhipPan], first: int, end: int) -> list[WhipPan]:
    """Those with their middle in rows `first` to `end` (exclusive) that overlap no better one, nor an equally good
    earlier one."""
    return [w for w in found if first <= w.row < end and not any(_is_better(o, w) for o in found if _overlap(o, w))]


def _overlap(a: WhipPan, b: WhipPan) -> bool:
    return a is not b and a.first < b.last and b.first < a.last


def _is_better(a: WhipPan, b: WhipPan) -> bool:
    return (a.score, -a.first, -a.last) > (b.score, -b.first, -b.last)


def _whip_pan(
    window: RowWindow, first: int, last: int, reach: tuple[int, int], settings: ShotSettings
) -> WhipPan | None:
    """The whip pan between two rows, if it is one. reach: first and last (exclusive) row that may be read."""
    low, high = max(reach[0], first - OUTSIDE_ROWS), min(reach[1], last + OUTSIDE_ROWS + 1)
    least = window.least_edges(first, last + 1)
    left = float(np.median(least[1:-1])) / max(float(min(least[0], least[-1])), 1e-6)
    gap = float(distance(window.grid(first), window.grid(last)))
    contrast = window.contrast(first, last + 1)
    if left > _MOST_LEFT or gap < settings.cut_floor * float(floor_scale(contrast[0], contrast[-1], settings)):
        return None
    if float(np.median(window.coherence(first + 1, last))) < _LEAST_COHERENCE:
        return None
    changes = window.change(first + 1, last + 1)
    around = np.concatenate([window.change(low + 1, first + 1), window.change(last + 1, high)])
    usual = float(np.median(around)) + _SWING_NOISE if len(around) else np.inf
    if changes.sum() < _LEAST_DETOUR * gap or np.sort(changes)[len(changes) // 4] < _LEAST_SPEED * usual:
        return None
    leads_on = _leads_on(window, first, last, (low, high), gap, settings)
    return WhipPan(first, last, left, gap * (1.0 - left)) if leads_on else None


def _leads_on(
    window: RowWindow, first: int, last: int, reach: tuple[int, int], gap: float, settings: ShotSettings
) -> bool:
    """Whether the pictures before and after keep still and stay another scene."""
    befores, afters = window.grids(reach[0], first + 1), window.grids(last, reach[1])
    outside = befores[-1 - min(_SWING_STABLE_ROWS, len(befores) - 1)], afters[min(_SWING_STABLE_ROWS, len(afters) - 1)]
    unstable = max(float(distance(outside[0], befores[-1])), float(distance(afters[0], outside[1])))
    tones = window.tones(first, last + 1)
    return bool(
        unstable <= _MOST_SWING_UNSTABLE * gap
        and tone_gap(tones[0], tones[-1]) >= settings.dissolve_tones
        and distance(befores[:, None], afters[None]).min() >= _LEAST_SWING_AWAY * gap
        and _likeness_of_shifted(befores[-1], afters[0]) < _MOST_ALIKE
    )


def _likeness_of_shifted(a: np.ndarray, b: np.ndarray) -> float:
    """The highest correlation (−1…1) of the luma of two grids (208,) where one, shifted, overlaps the other; −1 where
    all is plain."""
    first, second = (p[:LUMA_CELLS].reshape(GRID) for p in (a, b))
    found = -1.0
    for shift in product(*(range(-far, far + 1) for far in _FARTHEST_CELLS)):
        ours = first[tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(shift, GRID, strict=True))]
        theirs = second[tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(shift, GRID, strict=True))]
        if min(ours.std(), theirs.std()) >= _LEAST_DEVIATION:
            found = max(found, float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]))
    return found
