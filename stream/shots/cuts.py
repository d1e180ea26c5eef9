"""Hard cuts: rows where the picture changes more than around them, and which of them begin a new picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..settings.sections import ShotSettings
from .camera_motion import lit_box, unlit_share, unmoved_share
from .cut_evidence import EVIDENCE, evidence_at
from .cut_model import MODEL, CutModel, probability
from .flicker import FLICKERS_ROWS, steady_share
from .second_opinion import SecondOpinion
from .spans import AROUND_ROWS, RowSpans
from .window import LUMA_CELLS, LUMA_SHAPE, RowWindow, distance, floor_scale, luma_correlation

_NOISE_CHANGE = 0.5
"""Code values of change that noise alone makes at full contrast; added to the motion around a quiet cut. E01–E05: 0.5
to 2 times."""
_LIKELY_LOUD, _LIKELY_QUIET = 0.35, 0.6
"""Shares of the change that the settings require of a cut from which on a row is looked at closely. On fifteen films
all but 2 of 315 cuts change so much, those 2 beside black."""
_LEAST_SEPARATION = 0.5
"""Every frame before a cut differs from every frame after it by at least this share of the jump; else a flash begins or
ends. E01–E05: 0.5 to 1.5 times."""
_COMES_BACK, _LEAST_CONTRAST = 0.75, 10.0
"""Luma correlation of a picture before and one after that are nearer than that from which on they may be the same one,
and the deviation of luma, code values, below which that is not known: a cut in light that flickers leads to another
picture in the same light. In 40 excerpts with flashes and flickering light the best is .90 and more, at the cuts inside
such light, and inside motion, .58 at most. The deviation was chosen by eye: what fades to white is hardly a picture."""
_LEAST_SEPARATION_OF_LIGHTNING = 0.7
"""The same of what has no structure of its own, as the white of lightning that fades within a third of a second, where
a picture comes back. In fifteen films three cuts are as near and have as little structure; of these none comes back by
more than .54."""
_LEAST_STRUCTURE = 1.0
"""The evidence `structure` that such a cut has at least. The four that are found have 1.9 to 3.8, one amid a whip pan
less than 1. Chosen by eye."""
_OF_FLASHES = [EVIDENCE.index("separation"), EVIDENCE.index("structure")]
_RELATIVE = [EVIDENCE.index("likeness_drop"), EVIDENCE.index("distance_rise")]
_LIGHTING_CORRELATION = 0.985
"""Luma correlation from which on two pictures show the same structure. E01–E05: 0.97 to 0.9925. Of 334 cuts of fifteen
films none has more than .964."""
_DIMMED_CORRELATION, _MOST_UNLIT = 0.93, 0.05
"""The same of pictures of which one lost its dark parts, and the most of their difference that light does not explain.
Of eight excerpts whose light goes out by a quarter of white at once six are as much alike, .004 to .043. Of the cuts of
fifteen films that are as much alike, in the same colours, none has less than .13; of those that are .87 to .90 alike
three have .03 to .04."""
_LEAST_UNMOVED, _LEAST_MOVING, _MOVING_ROWS = 0.4, 0.4, 3
"""Share of the difference between the pictures before and after a cut that no shift of a quarter explains, else the
camera moved, if the change of two of the six rows beside is at least the second of these shares of the cut's: a jump in
a still shot is a cut. By reference frames, 309 cuts of fifteen films have .46 and more; of ten cuts that pans and
shakes of eight excerpts invented one has .57, the others .08 to .34, and all have rows beside that change by .45 and
more."""
_BANNER_HOLDS, _LARGEST_BANNER, _MOST_BESIDE_BANNER = 0.95, 0.35, 0.12
"""A banner: the block that holds this share of the squared difference of two pictures is at most so large, a share of
the lit picture, and beside it the difference is at most this share of that inside. Of 334 cuts of fifteen films none
has so small a block (.44 and more), and none so little beside it (.13 and more); four of banners have .22 and .04."""
_FAR, _LEAST_UNMOVED_FAR = 0.5, 0.15
"""A larger shift that is tried where rows are no consecutive frames, and the share that it must leave. By reference
frames, 25 cuts inside motion of fifteen films have .26 and more, four pans by most of the picture and more in a third
of a second .10 and less; so has a whip pan to another scene, which is lost."""
_LIGHTING_CHROMA = 6.0
"""Mean chroma difference, code values, less what the gain of the luma explains, below which only the light differs.
E01–E05: 0.5 to 2 times."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Row `row` is the first of a new picture. `change`: to the row before, code values. `probability`: that it is a
    cut, 0.5 to 1."""

    row: int
    change: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class CutJudge:
    """Decides which rows are cuts. `flash_rows`: the length of a flash. `opinion`: asked where `model` is in doubt;
    None to do without. `spans`: how many rows are looked at."""

    settings: ShotSettings
    flash_rows: int
    spans: RowSpans
    opinion: SecondOpinion | None = None
    model: CutModel = MODEL

    def find(self, window: RowWindow, first: int, end: int) -> list[Cut]:
        """Cuts at rows `first` to `end` (exclusive), by row.

        Reads up to max(`AROUND_ROWS`, `USUAL_ROWS`, `flash_rows` + 1) rows on either side, as far as the window has
        them.
        """
        likely = likely_cuts(window, first, end, self.settings, self.spans)
        found = [Cut(row, change, self._probability(window, row, tones)) for row, change, tones in likely]
        new = [cut for cut in found if cut.probability > 0.5 and not self._camera_moved(window, cut)]
        return [cut for cut in new if not is_banner(window.grid(cut.row - 1), window.grid(cut.row))]

    def _probability(self, window: RowWindow, row: int, tones: tuple[float, float]) -> float:
        evenly = not self.spans.consecutive
        evidence = evidence_at(window, row, self.flash_rows, tones, self.settings, evenly=evenly)
        if not self.spans.consecutive:
            # Rows far apart are unlike each other in any shot that moves: that a cut is no more unusual says nothing.
            evidence[_RELATIVE] = np.maximum(evidence[_RELATIVE], 0.0)
        flash = self._is_flash(window, row, *evidence[_OF_FLASHES].tolist())
        if flash or differ_in_light_only(window.grid(row - 1), window.grid(row)):
            return 0.0
        return probability(self._log_odds(evidence, row))

    def _is_flash(self, window: RowWindow, row: int, separation: float, structure: float) -> bool:
        """Whether a flash begins or ends at a row, of which these are two numbers of the evidence."""
        if separation < _LEAST_SEPARATION:
            return structure < _LEAST_STRUCTURE or _comes_back(window, row, self.flash_rows, _LEAST_SEPARATION)
        fades = separation < _LEAST_SEPARATION_OF_LIGHTNING and structure < 0
        return fades and _comes_back(window, row, self.flash_rows, _LEAST_SEPARATION_OF_LIGHTNING, of_flat=False)

    def _camera_moved(self, window: RowWindow, cut: Cut) -> bool:
        rows = _beside(_MOVING_ROWS) + cut.row
        known = rows[(rows >= window.base) & (rows < window.end)] - window.base
        beside = np.sort(window.change(window.base, window.end)[known])
        if len(beside) < 2 or beside[-2] < _LEAST_MOVING * cut.change:
            return False
        ends = window.grid(cut.row - 1), window.grid(cut.row)
        far = not self.spans.consecutive and unmoved_share(*ends, _FAR) < _LEAST_UNMOVED_FAR
        return far or unmoved_share(*ends) < _LEAST_UNMOVED

    def _log_odds(self, evidence: np.ndarray, row: int) -> float:
        own = self.model.log_odds(evidence)
        opinion = self.opinion.cut(row) if self.opinion is not None and self.model.is_in_doubt(own) else None
        return own if opinion is None else self.model.joint_log_odds(own, opinion)


def likely_cuts(
    window: RowWindow, first: int, end: int, settings: ShotSettings, spans: RowSpans
) -> list[tuple[int, float, tuple[float, float]]]:
    """Rows from `first` to `end` (exclusive) that change more than their neighbours, and not much less than the motion
    around them would explain; each with its change, code values, and how its tones change, at it and around it."""
    first = max(first, window.base + 1)
    if first >= end:
        return []
    change, contrast = window.change(first, end), window.contrast(first - 1, end)
    scale = floor_scale(contrast[1:], contrast[:-1], settings)
    # A cheap test first, which assumes no motion: it leaves few rows for the costly look at the rows around them.
    loud_enough = change >= _LIKELY_LOUD * settings.cut_floor * scale
    likely = np.flatnonzero((loud_enough | (change >= _LIKELY_QUIET * settings.quiet_cut_floor * scale)) & (change > 0))
    if not len(likely):
        return []
    rows, change, scale = first + likely, change[likely], scale[likely]
    moves, tones_moved = _motion(window, first - AROUND_ROWS, end + AROUND_ROWS)
    activity = _motion_around(moves, window, rows, AROUND_ROWS, evenly=not spans.consecutive)
    loud = change >= _LIKELY_LOUD * (settings.cut_floor * scale + settings.cut_activity_ratio * activity)
    quiet = (change >= _LIKELY_QUIET * settings.quiet_cut_floor * scale) & (
        change >= _LIKELY_QUIET * settings.quiet_cut_ratio * (activity + _NOISE_CHANGE * scale)
    )
    tones_around = _motion_around(tones_moved, window, rows, spans.tones)
    tones = window.tone_change(first, end)[likely]
    return [
        (int(row), float(change[place]), (float(tones[place]), float(tones_around[place])))
        for place, row in enumerate(rows)
        if (loud[place] or quiet[place]) and _is_peak(moves, int(row) - window.base, float(change[place]), spans.peak)
    ]


def differ_in_light_only(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two grids (208,) show the same picture in brighter or dimmer light: with the same structure, or with much
    of it, as in the dark some is lost, where an offset and a gain explain nearly all of the difference. Colours fade as
    the luma does; light of another colour changes them while the structure stays. Black bars, which all pictures of a
    film have, are no such structure."""
    return _have_one_structure(a, b) and _alike_within_bars(a, b)


def _have_one_structure(a: np.ndarray, b: np.ndarray) -> bool:
    alike = luma_correlation(a, b)
    contrasts = float(a[:LUMA_CELLS].std()), float(b[:LUMA_CELLS].std())
    bright, dark = (a, b) if contrasts[0] >= contrasts[1] else (b, a)
    gain = alike * min(contrasts) / max(*contrasts, 1e-6)
    if float(np.abs(dark - gain * bright)[LUMA_CELLS:].mean()) >= _LIGHTING_CHROMA:
        return alike >= _LIGHTING_CORRELATION and min(contrasts) >= _LEAST_CONTRAST
    if alike >= _LIGHTING_CORRELATION:
        return True
    return alike >= _DIMMED_CORRELATION and unlit_share(np.stack([a, b])) <= _MOST_UNLIT


def _alike_within_bars(a: np.ndarray, b: np.ndarray) -> bool:
    first, second = lit_box(np.stack([a, b])[:, :LUMA_CELLS].reshape(2, *LUMA_SHAPE)).astype(np.float64)
    if first.size == LUMA_CELLS or min(first.std(), second.std()) == 0:
        return True
    return luma_correlation(first.ravel(), second.ravel()) >= _DIMMED_CORRELATION


def is_banner(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether of two grids (208,) only a small block of neighbouring rows and columns differs: a banner, a caption or a
    picture in the picture comes or goes over a scene that stays."""
    luma = lit_box(np.stack([a, b])[:, :LUMA_CELLS].reshape(2, *LUMA_SHAPE)).astype(np.float64)
    apart = np.abs(luma[1] - luma[0])
    block = np.ix_(*(_most_of((apart**2).sum(axis=1 - axis)) for axis in (0, 1)))
    outside = apart.size - apart[block].size
    if outside < (1 - _LARGEST_BANNER) * apart.size:
        return False
    rest = float(apart.sum() - apart[block].sum()) / outside
    return bool(rest <= _MOST_BESIDE_BANNER * apart[block].mean())


def _most_of(squares: np.ndarray) -> np.ndarray:
    """The fewest neighbours among (N,) that hold `_BANNER_HOLDS` of the sum."""
    summed = np.concatenate([[0.0], np.cumsum(squares)])
    for length in range(1, len(squares)):
        held = summed[length:] - summed[:-length]
        if held.max() >= _BANNER_HOLDS * summed[-1]:
            return np.arange(held.argmax(), held.argmax() + length)
    return np.arange(len(squares))


def _comes_back(window: RowWindow, row: int, flash_rows: int, nearness: float, *, of_flat: bool = True) -> bool:
    """Whether a picture before `row` and one after, up to a flash's length away and nearer to each other than this
    share of the distance of the two at it, may be the same one. of_flat: whether pictures that are nearly flat may be
    any."""
    first, end = max(window.base, row - flash_rows - 1), min(window.end, row + flash_rows + 1)
    before, after = window.grids(first, row), window.grids(row, end)
    apart = distance(before[:, None], after[None])
    near = apart < nearness * apart[-1, 0]
    flat = (window.contrast(first, end) < _LEAST_CONTRAST) & of_flat
    unknown = flat[: row - first, None] | flat[None, row - first :]
    if (near & unknown).any():
        return True
    return any(luma_correlation(before[i], after[j]) >= _COMES_BACK for i, j in np.argwhere(near).tolist())


def strongest_cuts(cuts: list[Cut], apart_rows: int) -> list[Cut]:
    """The cuts that have no stronger one, nor an equal earlier one, less than `apart_rows` away."""
    return [c for c in cuts if not any(_is_stronger(o, c) for o in cuts if 0 < abs(o.row - c.row) < apart_rows)]


def _is_stronger(a: Cut, b: Cut) -> bool:
    return (a.change, -a.row) > (b.change, -b.row)


def _motion(window: RowWindow, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Changes of all rows of the window, and of their tones, without what light that flickers explains in rows `first`
    to `end` (exclusive)."""
    steady = np.ones(len(window))
    low, high = max(window.base, first - FLICKERS_ROWS - 1), min(window.end, end + FLICKERS_ROWS + 1)
    steady[low - window.base : high - window.base] = steady_share(window.grids(low, high))
    return window.change(window.base, window.end) * steady, window.tone_change(window.base, window.end) * steady


def _is_peak(moves: np.ndarray, row: int, change: float, reach: int) -> bool:
    before, after = moves[max(0, row - reach) : row], moves[row + 1 : row + reach + 1]
    return bool(change >= before.max(initial=0.0) and change >= after.max(initial=0.0))


@cache
def _beside(reach: int) -> np.ndarray:
    """The places of so many rows before and after a row, from it."""
    return np.concatenate([np.arange(-reach, 0), np.arange(1, reach + 1)])


def _motion_around(
    signal: np.ndarray, window: RowWindow, rows: np.ndarray, reach: int, *, evenly: bool = False
) -> np.ndarray:
    """(M,) the second largest value of `signal`, of all rows of the window, among the `reach` neighbours on either side
    of each row: the largest may be another cut or a flash, which is no motion. evenly: what it would be in the time
    that the row follows in."""
    places = rows[:, None] + _beside(reach)
    known = (places >= window.base) & (places < window.end)
    at = np.where(known, places, window.base) - window.base
    values = signal[at]
    if evenly:
        steps_s = np.diff(window.times_s(window.base, window.end), prepend=np.nan)
        longer = steps_s[rows - window.base][:, None] / steps_s[at]
        values = values * np.fmax(longer, 1.0)
    return np.asarray(np.partition(np.where(known, values, 0), -2, axis=1)[:, -2])
