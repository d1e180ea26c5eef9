"""Where to look for an episode number: the times of a film at which a picture is read, the likeliest first.

Within `extract` every picture was measured, and the shots are known. Alone nothing is known but the times of the
pictures. All weights here were chosen by eye: they decide what is looked at first while the budget lasts, not what is
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from kernels.stats import HISTOGRAM_BINS

from ..decode.picture_times import PictureTimes
from ..records import Shot

Part = Literal["whole", "fine", "corners"]
"""How a picture is searched: small; larger, for small letters; each corner by itself."""
COST = {"whole": 1, "fine": 3, "corners": 4}
"""Looks of the budget that it costs: 30 ms of one core each for finding lines."""
CORNERS = ((0.0, 0.0), (0.6, 0.0), (0.0, 0.7), (0.6, 0.7))
CORNER_SIZE = (0.4, 0.3)
"""Where the corners begin, and how large they are, in shares of the picture's width and height."""

HEAD_S, TAIL_S, GLANCE_S = 180.0, 120.0, 480.0
"""How much of a film's beginning and end may be searched, and until when key pictures are glanced at, seconds: a title
may come after a long scene."""
_HEAD, _TAIL, _ELSEWHERE = ((60.0, 1.0), (120.0, 0.7), (HEAD_S, 0.45)), ((60.0, 0.6), (TAIL_S, 0.3)), 0.12
"""How likely a number is up to so many seconds from the beginning or the end, and elsewhere."""
_STEPS_S, _LATER = (4.0, 2.0, 1.0), (1.0, 0.75, 0.5)
"""The steps between looks, halved twice, and what the likelihood is multiplied by at each."""
_MIDDLE = 6
"""Key pictures glanced at between that and the tail."""
_GLANCED, _GLANCED_CARD = 0.65, 0.5
"""How likely a number is in a card that was glanced at, and how much it has to look like one."""
_CORNER_LOOKS, _CORNER_LIKELIHOOD = 3, 0.55
"""How often the corners are searched, spread over the film: a number in a corner usually stays."""

_FINE_APART_S = 3.0
"""Pictures nearer than this show the same card."""

_PLAIN_BINS = 4
"""Neighbouring bins of the luma histogram that make a plain ground, 16 luma units."""
_PLAIN_FROM, _PLAIN_TO = 0.35, 0.8
"""Share of the pixels within them from which a picture begins to be a card, and is one."""
_STILL_CHANGE = 2.0
"""Usual `change` of a shot (`kernels.stats.ROW`) above which it is not still."""
_BLANK_EDGES = 0.5
"""Energy of edges below which nothing is written in a picture. (Cards of `reading._BLANK_SHARPNESS`: small lettering
1.5 and more, a plain ground .1 at most.)"""
_PER_SHOT_S = 2.5
"""A shot is looked at again after so much of it."""

LOOK_ROW = np.dtype([
    ("pts_s", "<f8"), ("edges", "<f4"), ("strokes", "<f4"), ("plain", "<f4"), ("change", "<f4"),
])  # fmt: skip
"""What is kept of every picture: its time; energy of its edges; how much sharper they are than smooth slopes (variance
of the Laplacian over that energy: lettering that is laid over a picture is sharper than what a lens drew); the largest
share of its pixels in a plain ground; and its change to the one before. NaN for damaged pictures, which are not looked
at."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `time_s`: of a picture of the film; `likelihood`: that a number is there, for comparing looks only."""

    time_s: float
    likelihood: float
    part: Part = "whole"

    @property
    def cost(self) -> int:
        """Looks of the budget."""
        return COST[self.part]


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a film that is searched, seconds on the file's clock."""

    start_s: float
    end_s: float

    def likelihood(self, time_s: float) -> float:
        """How likely a number is at a time, by its distance from the beginning and the end alone."""
        from_start, to_end = time_s - self.start_s, self.end_s - time_s
        head = next((value for until_s, value in _HEAD if from_start <= until_s), _ELSEWHERE)
        tail = next((value for until_s, value in _TAIL if to_end <= until_s), _ELSEWHERE)
        return max(head, tail)


@dataclass(slots=True)
class LookRows:
    """What is kept of a film's pictures while it is measured, 24 bytes for each."""

    _blocks: list[np.ndarray] = field(default_factory=list)

    def add(self, rows: np.ndarray, damaged: np.ndarray) -> None:
        """Add the next rows (N,) of dtype `kernels.stats.ROW`; damaged: (N,) bool."""
        block = np.empty(len(rows), LOOK_ROW)
        block["pts_s"], block["edges"], block["change"] = rows["pts_s"], rows["sobel_energy"], rows["change"]
        block["strokes"] = rows["laplacian_var"] / np.maximum(rows["sobel_energy"], 1.0)
        block["plain"] = plain_shares(rows["histogram"])
        block["edges"][damaged] = np.nan
        self._blocks.append(block)

    def all(self) -> np.ndarray:
        """(N,) of dtype `LOOK_ROW`, by time."""
        return np.concatenate([np.empty(0, LOOK_ROW), *self._blocks])


def plain_shares(histograms: np.ndarray) -> np.ndarray:
    """(N,) float32: the largest share of pixels within `_PLAIN_BINS` neighbouring bins of histograms (N, 64)."""
    sums = np.cumsum(histograms, 1, dtype=np.float32)
    before = np.concatenate([np.zeros((len(sums), 1), np.float32), sums[:, : HISTOGRAM_BINS - _PLAIN_BINS]], 1)
    return np.asarray((sums[:, _PLAIN_BINS - 1 :] - before).max(1) / np.maximum(sums[:, -1], 1))


def looks_in_shots(rows: np.ndarray, shots: Sequence[Shot]) -> list[Look]:
    """The looks at a film that was measured, the likeliest first: each shot at its stillest, long ones several times.

    rows: (N,) of dtype `LOOK_ROW`; a shot's `first_row` and `end_row` count in them.
    """
    usable = np.isfinite(rows["edges"])
    if not usable.any():
        return []
    span = Span(float(rows["pts_s"][0]), float(rows["pts_s"][-1]))
    usual = float(np.median(rows["strokes"][usable]))
    found = [look for shot in shots for look in _looks_in(rows[shot.clean_first_row : shot.clean_end_row], span, usual)]
    return ordered([*found, *_corner_looks(rows["pts_s"][usable], span)])


def _looks_in(rows: np.ndarray, span: Span, usual_strokes: float) -> list[Look]:
    """The looks in one shot: in each part of `_PER_SHOT_S` its stillest picture, late ones first among equals, because
    titles come to rest."""
    parts = np.array_split(rows, max(1, round(float(np.ptp(rows["pts_s"])) / _PER_SHOT_S))) if len(rows) else []
    looks = []
    for place, part in enumerate(parts):
        written = part[part["edges"] >= _BLANK_EDGES]
        if len(written):
            still = written[::-1][int(np.argmin(np.round(written["change"][::-1], 1)))]
            time_s = float(still["pts_s"])
            once_more = _LATER[0] if place == len(parts) // 2 else _LATER[1]
            like_card = 0.3 + card_likelihood(written, usual_strokes)
            looks.append(Look(time_s, once_more * span.likelihood(time_s) * like_card))
    return looks


def card_likelihood(rows: np.ndarray, usual_strokes: float) -> float:
    """How much a shot looks like a title card, 0–1, by rows (N ≥ 1,) of dtype `LOOK_ROW`: on a plain ground, or with
    sharper strokes than are usual in the film; still.

    usual_strokes: median of `strokes` over the film.
    """
    plain = np.clip((float(np.median(rows["plain"])) - _PLAIN_FROM) / (_PLAIN_TO - _PLAIN_FROM), 0, 1)
    sharper = float(np.median(rows["strokes"])) / max(usual_strokes, 0.1)
    lettering = np.clip((sharper - 1) / 2, 0, 1)
    still = 1.0 if float(np.median(rows["change"])) <= _STILL_CHANGE else 0.6
    return float(max(plain, 0.9 * lettering) * still)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a film of which nothing is known, each (start, end) in seconds. `searched`: beginning and end;
    `glanced`: where all key pictures are glanced at; `sampled`: where the first key picture of each is."""

    searched: tuple[tuple[float, float], ...]
    glanced: tuple[tuple[float, float], ...] = ()
    sampled: tuple[tuple[float, float], ...] = ()


def parts_to_search(first_s: float, end_s: float) -> Parts:
    """The parts of a film from `first_s` to `end_s`; they do not overlap."""
    head_s, tail_s = first_s + HEAD_S, end_s - TAIL_S
    if tail_s <= head_s:
        return Parts(((first_s, end_s),))
    glance_s = min(first_s + GLANCE_S, tail_s)
    edges = np.linspace(glance_s, tail_s, _MIDDLE + 1).tolist()
    sampled = tuple(pairwise(edges)) if glance_s < tail_s else ()
    return Parts(((first_s, head_s), (tail_s, end_s)), ((head_s, glance_s),), sampled)


def looks_at_times(parts: Sequence[PictureTimes], keys_s: Sequence[float], span: Span) -> list[Look]:
    """The looks at a film of which only times are known, the likeliest first: every four seconds, then between them, at
    key pictures where they are near; and into corners.

    parts: the pictures of the parts that are searched; keys_s: times of key pictures elsewhere.
    """
    looks = [look for part in parts for look in _looks_spread(part, span)]
    keys = np.concatenate([*(part.times_s[part.keys] for part in parts), np.array(keys_s)])
    return ordered([*looks, *_corner_looks(np.sort(keys), span)])


def looks_after_glances(rows: np.ndarray) -> list[Look]:
    """The looks at those of the glanced pictures that look like cards. rows: (N,) of dtype `LOOK_ROW`; how sharp
    strokes usually are is taken from these pictures themselves."""
    if not len(rows):
        return []
    usual = float(np.median(rows["strokes"]))
    cards = [(float(row["pts_s"]), card_likelihood(rows[i : i + 1], usual)) for i, row in enumerate(rows)]
    return ordered([Look(time_s, _GLANCED * card) for time_s, card in cards if card >= _GLANCED_CARD])


def _looks_spread(part: PictureTimes, span: Span) -> list[Look]:
    """A look in each cell of the finest step, the first ones where the coarser steps fall."""
    if not len(part.times_s):
        return []
    cells = np.floor((part.times_s - part.times_s[0]) / _STEPS_S[-1]).astype(int)
    looks = []
    for cell in np.unique(cells).tolist():
        inside, keys = part.times_s[cells == cell], part.keys[cells == cell]
        # A card that begins with a key picture is faded in or written later: the last picture of a cell comes first.
        time_s = float(inside[keys][-1] if keys.any() else inside[-1])
        level = next(place for place, step_s in enumerate(_STEPS_S) if (cell + 2) % (step_s / _STEPS_S[-1]) == 0)
        looks.append(Look(time_s, _LATER[level] * span.likelihood(time_s)))
    return looks


def _corner_looks(times_s: np.ndarray, span: Span) -> list[Look]:
    """Looks into the corners, spread over the film."""
    if not len(times_s):
        return []
    wanted = span.start_s + (span.end_s - span.start_s) * (np.arange(_CORNER_LOOKS) + 0.5) / _CORNER_LOOKS
    places = np.unique([int(np.argmin(np.abs(times_s - time_s))) for time_s in wanted])
    return [Look(float(times_s[place]), _CORNER_LIKELIHOOD, "corners") for place in places]


def looks_for_small_letters(rows: np.ndarray, worth: Sequence[float], span: Span) -> list[Look]:
    """Finer looks at pictures that were read without finding a number, the likeliest first, none within `_FINE_APART_S`
    of a likelier one.

    rows: (N,) of dtype `LOOK_ROW`, of these pictures; worth: what of its reading speaks for each, added to its
    likeness to a card.
    """
    if not len(rows):
        return []
    usual = float(np.median(rows["strokes"]))
    looks = []
    for place, (row, extra) in enumerate(zip(rows, worth, strict=True)):
        like_card = 0.3 + card_likelihood(rows[place : place + 1], usual) + extra
        looks.append(Look(float(row["pts_s"]), span.likelihood(float(row["pts_s"])) * like_card, "fine"))
    chosen: list[Look] = []
    for look in ordered(looks):
        if all(abs(look.time_s - other.time_s) >= _FINE_APART_S for other in chosen):
            chosen.append(look)
    return chosen


def ordered(looks: Sequence[Look]) -> list[Look]:
    """The likeliest first."""
    return sorted(looks, key=lambda look: (-round(look.likelihood, 4), look.time_s, look.part))
