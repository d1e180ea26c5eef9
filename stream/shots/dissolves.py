"""Dissolves: the frames between two pictures mix them, in even steps, and have weaker edges than either.

With Q the squared distances between grids, a frame k between the ends a and b lies at
α = (Q_ak + Q_ab − Q_kb) / 2Q_ab along the line from a to b, and √(Q_ak/Q_ab − α²) off it (law of cosines). In a
dissolve the frames stay on the line and α grows evenly; a pan, a zoom or a person crossing leaves the line. Averaging
two unrelated pictures halves the edge energy. So does motion blur, and short fast moves keep near the line: what a
shift and a zoom from frame to frame explain is no dissolve (`camera_motion`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import likeness_of_shifted, unexplained_share, unlit_share, unmoved_share
from .spans import RowSpans
from .window import CHROMA_CELLS, LUMA_CELLS, RowWindow, distance, floor_scale, luma_correlation, tone_gap

_SPAN_RATIO = 1.2
"""Each span that is tried is longer than the one before by this factor. E01–E05: 1.18 to 1.24."""
_MOST_INSTABILITY = 0.45
"""Largest distance of an end to the row outside it, as a share of the distance between the ends. E01–E05: 0.7 to 1.5
times."""
_MIX_SAMPLES = 8
"""Equal steps into which a span is divided; the frames between them are placed on the line. E01–E05: 7 to 16."""
_MIXES = np.linspace(0, 1, _MIX_SAMPLES + 1)[1:-1, None]
"""Shares of the way of those frames."""
_MOST_UNEVENNESS = 0.2
"""Largest deviation of α from an even growth. E01–E05: 0.5 to 1.1 times."""
_SHORT_SPAN_ROWS = 5
"""A shorter span has at most three mixed frames; it is judged by their distance off the line alone, not by edges.
E01–E05: 2 to 6."""
_MOST_SHORT_RESIDUAL = 0.15
"""Largest distance off the line in a short span, as a share of the distance between the ends. E01–E05: 0.5 to 2
times."""
_UNEVENNESS_WEIGHT = 2
"""Of unevenness in the sum that `dissolve_doubt` limits. E01–E05: 0.85 to 1.5 times."""
_LENGTH_DOUBT = 0.2
"""Added to that sum for the longest span, in proportion for shorter ones: what takes long is more often a motion.
E01–E05: 0.7 to 1.5 times."""
_INSTABILITY_WEIGHT = 0.5
"""Of instability in the score by which overlapping dissolves are compared. E01–E05: 0.5 to 2 times."""
_LEAST_DEPARTURE = 0.4
"""Every row before differs from every row after by at least this share of the distance between the ends. E01–E05: 0.5
to 2 times."""
_LEAST_UNMOVED_SHARE = 0.4
"""Share of the difference between the ends that no shift may explain, else the camera moved. E01–E05: 0.5 to 1.2
times."""
_MOST_DIM, _COMES_BACK_TO, _LEAST_ALIKE = 0.6, 0.5, 0.4
"""Contrast of the dim end as a share of that of the other, distance to that as a share of the one between the ends, and
luma correlation, of light that dips. Of 14 true dissolves and cards whose one end is as dim, in fifteen films, none has
a row as near within two seconds; light that dips to 20 % over a moving drawing has .48, other such clips .9 and more.
"""
_NEAR_CELLS, _MOST_ALIKE_DIM = (2, 4), 0.9
"""Rows and columns by which such an end is shifted at most, and the correlation from which on it shows the same. Of 14
true dissolves with a dim end one has .83, all others .54 and less."""
LEAST_UNEXPLAINED = 0.55
"""Share of the steps between the frames that no shift and zoom may explain, else the camera moved. Of 84 true dissolves
found in clips composed of twelve films and in fifteen films one has less (.40, both pictures pan), those in films .69
or more; of 37 found in composed pans and zooms, and in a film that has none, two have more (.57, .58). E01–E05: 0.5 to
1.2 times."""


@dataclass(frozen=True, slots=True)
class Dissolve:
    """Row `first` is the last clean one, row `last` the first clean one after; the rows between are mixed.

    `score`: larger for ends that are farther apart and for a purer mix; code values (RMS). `doubt`: what
    `ShotSettings.dissolve_doubt` limits.
    """

    first: int
    last: int
    score: float
    doubt: float = 0.0

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        return (self.first + self.last + 1) // 2


@cache
def lengths(longest: int) -> np.ndarray:
    """(S,) lengths in rows that are tried: 2 … `longest`, a fifth apart."""
    steps = 2 * _SPAN_RATIO ** np.arange(64)
    return np.unique(np.rint(steps[steps <= max(2, longest)]).astype(np.intp))


def find_dissolves(
    window: RowWindow,
    first: int,
    end: int,
    longest: int,
    settings: ShotSettings,
    spans: RowSpans,
    by_time: bool = False,
) -> list[Dissolve]:
    """For each centre row from `first` to `end` (exclusive) the best dissolve around it, if any.

    Dissolves of neighbouring centres overlap; `gradual.strongest` chooses among them. Reads up to `longest`/2 +
    `spans.outside` rows on either side, as far as the window has them. `by_time`: rows come unevenly, so the growth of
    a dissolve is measured against their times; else against their numbers.
    """
    margin = (longest + 1) // 2 + spans.outside
    low, high = max(window.base, first - margin), min(window.end, end + margin)
    if high - low < 3 or first >= end:
        return []
    tried = lengths(longest)
    starts = np.arange(first, end)[None] - (tried // 2)[:, None]
    ends = starts + tried[:, None]
    pace = window.times_s(low, high) if by_time else np.arange(low, high)
    score, doubt = _scores(window, starts, ends, (low, high), pace, settings, spans.stable)
    best = score.argmax(axis=0)
    columns = np.flatnonzero(score[best, np.arange(end - first)] > 0)
    places = [(best[c], c) for c in columns]
    found = [Dissolve(int(starts[p]), int(ends[p]), float(score[p]), float(doubt[p])) for p in places]
    return [d for d in found if _leads_to_a_new_picture(window, d, settings, spans.outside)]


def _leads_to_a_new_picture(window: RowWindow, d: Dissolve, settings: ShotSettings, outside: int) -> bool:
    """Whether the ends are farther apart than the motion around explains, and differ in tones, and the rows after stay
    away from the rows before: a camera that sways comes back."""
    low, high = max(window.base, d.first - outside), min(window.end, d.last + outside + 1)
    a, b = window.grids(d.first, d.first + 1), window.grids(d.last, d.last + 1)
    gap = float(distance(a, b)[0])
    motion = np.sort(np.concatenate([window.change(low, d.first + 1), window.change(d.last + 1, high)]))
    ends = window.contrast(d.first, d.last + 1)
    floor = settings.cut_floor * float(floor_scale(ends[0], ends[-1], settings))
    if gap < floor + settings.cut_activity_ratio * (motion[-2] if len(motion) > 1 else 0):
        return False
    tones = window.tones(d.first, d.last + 1)
    if tone_gap(tones[0], tones[-1]) < settings.dissolve_tones:
        return False
    befores, afters = window.grids(low, d.first + 1), window.grids(d.last, high)
    return bool(distance(befores[:, None], afters[None]).min() >= _LEAST_DEPARTURE * gap)


def camera_moved(window: RowWindow, d: Dissolve) -> bool:
    """Whether both ends show one scene, shifted, or a pan or zoom leads from one to the other, and no change of light
    does so better: over soft pictures, or with motion blur, that looks much like a dissolve."""
    grids = window.grids(d.first, d.last + 1)
    moved = unexplained_share(grids) < min(LEAST_UNEXPLAINED, unlit_share(grids))
    return moved or unmoved_share(window.grid(d.first), window.grid(d.last)) < _LEAST_UNMOVED_SHARE


def light_dips(window: RowWindow, d: Dissolve, reach: int) -> bool:
    """Whether the light of one scene goes down, or comes up again: one end is dim and, shifted, like the other; or up
    to `reach` rows beyond it the picture of the other end comes back."""
    dim_first = window.contrast(d.first, d.first + 1)[0] < window.contrast(d.last, d.last + 1)[0]
    bright, dim = (d.last, d.first) if dim_first else (d.first, d.last)
    picture = window.grid(bright)
    if window.contrast(dim, dim + 1)[0] > _MOST_DIM * window.contrast(bright, bright + 1)[0]:
        return False
    if likeness_of_shifted(window.grid(dim), picture, _NEAR_CELLS) >= _MOST_ALIKE_DIM:
        return True
    rows = window.grids(max(window.base, dim - reach), dim) if dim_first else window.grids(dim + 1, dim + reach + 1)
    near = distance(rows, picture) < _COMES_BACK_TO * float(distance(window.grid(dim), picture))
    return any(luma_correlation(row, picture) >= _LEAST_ALIKE for row in rows[near])


def _scores(
    window: RowWindow,
    a: np.ndarray,
    b: np.ndarray,
    reach: tuple[int, int],
    pace: np.ndarray,
    settings: ShotSettings,
    stable: int,
) -> tuple[np.ndarray, np.ndarray]:
    """(S, C) float64 each, for S spans around C centres: the score of a dissolve from row a to row b, 0 where there is
    none, and its doubt.

    `a`, `b`: (S, C) rows. `reach`: first and last (exclusive) row that may be read. `pace`: (R,) for the rows of
    `reach`, the times or the numbers along which a dissolve grows evenly.
    """
    low, high = reach
    q = window.squared_distances(low, high)
    inside, score, doubts = (a >= low) & (b < high), np.zeros(a.shape), np.zeros(a.shape)
    a, b = (np.minimum(np.maximum(ends - low, 0), high - low - 1) for ends in (a, b))
    longest = (b - a).max()
    gap = np.maximum(q[a, b], 1.0)
    jump = np.sqrt(gap / (LUMA_CELLS + CHROMA_CELLS))
    contrast = window.contrast(low, high)
    floor = settings.dissolve_floor * floor_scale(contrast[a], contrast[b], settings)
    far = np.nonzero(inside & (jump >= floor))
    before, after = np.maximum(a[far] - stable, 0), np.minimum(b[far] + stable, high - low - 1)
    unstable = np.sqrt(np.maximum(q[before, a[far]], q[b[far], after]) / gap[far])
    # The frames between the ends are costly to look at, and few pairs of ends pass up to here.
    steady = unstable <= _MOST_INSTABILITY
    likely, unstable = (far[0][steady], far[1][steady]), unstable[steady]
    if not len(unstable):
        return score, doubts
    a, b = a[likely], b[likely]
    off, uneven = _deviations(q, pace, a, b, gap[likely])
    detail = _middle_detail(window.edges(low, high), a, b)
    doubt = off + _UNEVENNESS_WEIGHT * uneven + detail + _LENGTH_DOUBT * (b - a) / longest
    pure = np.where(
        b - a < _SHORT_SPAN_ROWS,
        off <= _MOST_SHORT_RESIDUAL,
        (detail <= settings.dissolve_detail) & (doubt <= settings.dissolve_doubt),
    )
    purity = 1 - off - uneven - _INSTABILITY_WEIGHT * unstable
    score[likely] = np.where(pure & (uneven <= _MOST_UNEVENNESS), jump[likely] * purity, 0)
    doubts[likely] = doubt
    return score, doubts


def _deviations(
    q: np.ndarray, pace: np.ndarray, a: np.ndarray, b: np.ndarray, gap: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For N pairs of ends, (N,) each: the largest distance of a frame between them off the line, and the largest
    deviation of its α from an even growth along `pace`. `q`: (R, R); `pace`: (R,); `a`, `b`, `gap`: (N,)."""
    k = a + np.rint(_MIXES * (b - a)).astype(np.intp)
    to_start = q[a, k]
    alpha = (to_start + gap - q[k, b]) / (2 * gap)
    off = np.sqrt(np.maximum(0, to_start / gap - alpha**2)).max(axis=0)
    return off, np.abs(alpha - (pace[k] - pace[a]) / (pace[b] - pace[a])).max(axis=0)


def _middle_detail(edges: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) edge energy half way, relative to the mean of the ends; `edges`: (R,), `a` and `b`: (N,)."""
    return np.asarray(edges[(a + b) // 2] / np.maximum((edges[a] + edges[b]) / 2, 1e-3))
