"""Dissolves: frames that mix the first and the last one, in even steps, with the edges of neither at full strength.

With Q the squared distances between pictures, a frame k between the ends a and b lies at
α = (Q_ak + Q_ab − Q_kb) / 2Q_ab along the line from a to b, and √(Q_ak/Q_ab − α²) off it (law of cosines). A dissolve
stays on the line and α grows evenly; a pan, a zoom or a person crossing leaves it. Averaging two unrelated pictures
halves the edge energy, which a moving camera does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import unmoved_share
from .window import RowWindow, distance, floor_scale, tone_gap

OUTSIDE_ROWS = 12
"""Rows before and after a dissolve that are looked at."""
_STABLE_ROWS = 4
_SAMPLES = 8
_UNEVEN = 0.2
_UNSTABLE = 0.45
_DETAIL_MATTERS_ROWS = 5
_BLEND_RESIDUAL = 0.15
_SLOW = 0.2
"""Added doubt of the longest dissolve: the longer it takes, the more it may be something that moves."""
_RETURNS = 0.4
_UNMOVED = 0.4


@dataclass(frozen=True, slots=True)
class Dissolve:
    """Row `first` is the last clean one, row `last` the first clean one after; rows between are mixed."""

    first: int
    last: int
    score: float

    @property
    def row(self) -> int:
        return (self.first + self.last + 1) // 2


@cache
def lengths(longest: int) -> np.ndarray:
    """Spans in rows that are tried: 2 … `longest`, a fifth apart."""
    steps = 2 * 1.2 ** np.arange(64)
    return np.unique(np.rint(steps[steps <= max(2, longest)]).astype(np.intp))


def find_dissolves(window: RowWindow, first: int, end: int, longest: int, settings: ShotSettings) -> list[Dissolve]:
    """The best dissolve around each centre row in [first, end), if any: overlapping ones are not yet thinned out.

    Reads `longest`/2 + `OUTSIDE_ROWS` rows to either side, where there are any.
    """
    margin = (longest + 1) // 2 + OUTSIDE_ROWS
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    if high - low < 3 or first >= end:
        return []
    spans = lengths(longest)
    starts = np.arange(first, end)[None] - (spans // 2)[:, None]
    ends = starts + spans[:, None]
    score = _scores(window, starts, ends, (low, high), settings)
    best = score.argmax(axis=0)
    columns = np.flatnonzero(score[best, np.arange(end - first)] > 0)
    found = [Dissolve(int(starts[best[c], c]), int(ends[best[c], c]), float(score[best[c], c])) for c in columns]
    return [d for d in found if _new_picture(window, d, settings)]


def _new_picture(window: RowWindow, d: Dissolve, settings: ShotSettings) -> bool:
    """Whether it leads somewhere else, farther than motion around it would: a camera that sways comes back."""
    low, high = max(window.base, d.first - OUTSIDE_ROWS), min(window.end, d.last + OUTSIDE_ROWS + 1)
    a, b = window.x(d.first, d.first + 1), window.x(d.last, d.last + 1)
    gap = float(distance(a, b)[0])
    motion = np.sort(np.concatenate([window.change(low, d.first + 1), window.change(d.last + 1, high)]))
    ends = window.contrast(d.first, d.last + 1)
    floor = settings.cut_floor * float(floor_scale(ends[0], ends[-1], settings))
    if gap < floor + settings.cut_activity_ratio * (motion[-2] if len(motion) > 1 else 0):
        return False
    tones = window.tones(d.first, d.last + 1)
    if tone_gap(tones[0], tones[-1]) < settings.dissolve_tones:
        return False
    befores, afters = window.x(low, d.first + 1), window.x(d.last, high)
    return bool(distance(befores[:, None], afters[None]).min() >= _RETURNS * gap)


def strongest_dissolves(found: list[Dissolve], first: int, end: int) -> list[Dissolve]:
    """Of those centred in [first, end) the ones that overlap no better one (or equally good and earlier)."""
    return [d for d in found if first <= d.row < end and not any(_beats(o, d) for o in found if _overlap(o, d))]


def camera_moved(window: RowWindow, d: Dissolve) -> bool:
    """Whether both ends show one scene, shifted: slow pans and tilts over soft pictures mix much like dissolves."""
    return unmoved_share(window.picture(d.first), window.picture(d.last)) < _UNMOVED


def _overlap(a: Dissolve, b: Dissolve) -> bool:
    return a is not b and a.first < b.last and b.first < a.last


def _beats(a: Dissolve, b: Dissolve) -> bool:
    return (a.score, -a.first) > (b.score, -b.first)


def _scores(
    window: RowWindow, a: np.ndarray, b: np.ndarray, reach: tuple[int, int], settings: ShotSettings
) -> np.ndarray:
    """(spans, centres) float64: 0 where there is no dissolve from a to b; else larger for a farther and purer one."""
    low, high = reach
    x = window.x(low, high)
    q = _squared_distances(x)
    inside = (a >= low) & (b < high)
    a, b = np.clip(a - low, 0, high - low - 1), np.clip(b - low, 0, high - low - 1)
    score, longest = np.zeros(a.shape), (b - a).max()
    gap = np.maximum(q[a, b], 1.0)
    jump = np.sqrt(gap / x.shape[1])
    contrast = window.contrast(low, high)
    floor = settings.dissolve_floor * floor_scale(contrast[a], contrast[b], settings)
    before, after = np.maximum(a - _STABLE_ROWS, 0), np.minimum(b + _STABLE_ROWS, high - low - 1)
    unstable = np.sqrt(np.maximum(q[before, a], q[b, after]) / gap)
    # What lies between the ends is costly to look at, and a few pairs of ends pass so far.
    likely = np.nonzero(inside & (jump >= floor) & (unstable <= _UNSTABLE))
    if not len(likely[0]):
        return score
    a, b = a[likely], b[likely]
    off, uneven = _strays(q, a, b, gap[likely])
    detail = _middle_detail(window.edges(low, high), a, b)
    doubt = off + 2 * uneven + detail + _SLOW * (b - a) / longest
    pure = np.where(
        b - a < _DETAIL_MATTERS_ROWS,
        off <= _BLEND_RESIDUAL,
        (detail <= settings.dissolve_detail) & (doubt <= settings.dissolve_doubt),
    )
    purity = 1 - off - uneven - unstable[likely] / 2
    score[likely] = np.where(pure & (uneven <= _UNEVEN), jump[likely] * purity, 0)
    return score


def _strays(q: np.ndarray, a: np.ndarray, b: np.ndarray, gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For pairs of ends (N,): how far frames between them lie off the line, and off an even pace along it, at most."""
    k = a + np.rint(np.linspace(0, 1, _SAMPLES + 1)[1:-1, None] * (b - a)).astype(np.intp)
    to_start = q[a, k]
    alpha = (to_start + gap - q[k, b]) / (2 * gap)
    off = np.sqrt(np.maximum(0, to_start / gap - alpha**2)).max(axis=0)
    return off, np.abs(alpha - (k - a) / np.maximum(b - a, 1)).max(axis=0)


def _squared_distances(x: np.ndarray) -> np.ndarray:
    gram = x @ x.T
    square = np.diagonal(gram)
    apart = square[:, None] + square
    gram *= 2  # whole numbers below 2²⁴: exact in any order
    return np.asarray(np.maximum(np.subtract(apart, gram, out=apart), 0, out=apart))


def _middle_detail(edges: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Edge energy half way, relative to the mean of the ends."""
    return np.asarray(edges[(a + b) // 2] / np.maximum((edges[a] + edges[b]) / 2, 1e-3))
