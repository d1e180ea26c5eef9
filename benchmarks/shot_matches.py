"""Matches the shot boundaries that a detector found with those of a truth.json, one to one, and counts them by kind.

All places are seconds. Where the truth gives frame numbers, a boundary may lie one frame beside a cut, or anywhere
inside the extent of another transition. Where it gives only times, it may lie a quarter of a second from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from .layouts import Truth
from .report import Row
from .shots import BoundaryScores, extent_frames, pooled_scores
from .timed_shots import UNCERTAIN, extent_of, kind_of

TIMED_TOLERANCE_S = 0.25
"""How far beside a time that a person wrote down a boundary may lie; seconds."""
UNSAID = "unsaid"
"""The kind of a boundary whose detector names none."""
_ROUNDING_S = 1e-3
_NEVER = 1e6


@dataclass(frozen=True, slots=True)
class TrueBoundary:
    """`time_s`: when the shot begins. A detected boundary from `low_s` to `high_s` is right. One of the kind
    `UNCERTAIN` need not be found."""

    kind: str
    time_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class FoundBoundary:
    """What a detector found. `kind`: what it calls the transition, or `UNSAID`."""

    kind: str
    time_s: float


def true_boundaries(truth: Truth, times_s: np.ndarray) -> list[TrueBoundary]:
    """The boundaries of a film; its first shot begins with none. times_s: (F,) seconds, the times of all its frames.

    Raises KeyError for a shot that gives neither `start_frame` nor `start_s`.
    """
    return [_by_frame(shot, times_s) if "start_frame" in shot else _by_time(shot) for shot in truth["shots"][1:]]


def match(true: Sequence[TrueBoundary], found: Sequence[FoundBoundary]) -> Row:
    """`found`: how many of the true boundaries were found; `missed` and `invented`: the others with their kinds and
    times; `by_kind`: kind → [found, all]. As many are matched as can be, at the least distance.

    What is found at an uncertain boundary counts neither way, but in `by_kind`.
    """
    certain = [boundary for boundary in true if boundary.kind != UNCERTAIN]
    hits = _pairs(certain, found)
    left = [boundary for number, boundary in enumerate(found) if number not in hits.values()]
    allowed = [boundary for boundary in true if boundary.kind == UNCERTAIN]
    excused = _pairs(allowed, left)
    invented = [b for b in left if not any(_is_inside(b, other) for other in allowed)]
    return {
        "found": len(hits),
        "missed": [_entry(b.kind, b.time_s) for number, b in enumerate(certain) if number not in hits],
        "invented": [_entry(b.kind, b.time_s) for b in invented],
        "by_kind": _by_kind([*certain, *allowed], [*(certain[n] for n in hits), *(allowed[n] for n in excused)]),
    }


def scores_of(row: Row) -> BoundaryScores:
    """The counts of what `match` returned, with places in milliseconds."""
    missed, invented = (tuple(round(entry["time_s"] * 1000) for entry in row[key]) for key in ("missed", "invented"))
    return BoundaryScores(row["found"], missed, invented)


def pooled(rows: Sequence[Row]) -> Row:
    """All boundaries of several films as one: counts, precision, recall, F1, and kinds. `invented_by_kind` has the
    kinds that the detector claims."""
    scores = pooled_scores([scores_of(row) for row in rows])
    totals: dict[str, list[int]] = {}
    for row in rows:
        for kind, (found, count) in row["by_kind"].items():
            before = totals.get(kind, [0, 0])
            totals[kind] = [before[0] + found, before[1] + count]
    invented = Counter(entry["kind"] for row in rows for entry in row["invented"])
    return {
        "films": len(rows), "found": scores.found, "missed": len(scores.missed), "invented": len(scores.invented),
        **figures(scores), "by_kind": dict(sorted(totals.items())), "invented_by_kind": dict(sorted(invented.items())),
    }  # fmt: skip


def figures(scores: BoundaryScores) -> Row:
    """Precision, recall and F1."""
    return {name: round(getattr(scores, name), 6) for name in ("precision", "recall", "f1")}


def _by_frame(shot: dict[str, Any], times_s: np.ndarray) -> TrueBoundary:
    first, last = extent_frames(shot)
    slack = 1 if first == last else 0
    low, high, start = np.clip([first - slack, last + slack, shot["start_frame"]], 0, len(times_s) - 1)
    kind = UNCERTAIN if shot.get("optional") else kind_of(str(shot.get("transition_in", "")))
    return TrueBoundary(
        kind, float(times_s[start]), float(times_s[low]) - _ROUNDING_S, float(times_s[high]) + _ROUNDING_S
    )


def _by_time(shot: dict[str, Any]) -> TrueBoundary:
    words, start_s = str(shot.get("transition_in", "")), float(shot["start_s"])
    low_s, high_s = extent_of(words, start_s)
    reach_s = TIMED_TOLERANCE_S + _ROUNDING_S
    return TrueBoundary(kind_of(words), start_s, low_s - reach_s, high_s + reach_s)


def _pairs(true: Sequence[TrueBoundary], found: Sequence[FoundBoundary]) -> dict[int, int]:
    """Numbers of true boundaries → numbers of found ones."""
    costs = np.full((len(true), len(found)), _NEVER)
    for row, wanted in enumerate(true):
        for column, boundary in enumerate(found):
            if _is_inside(boundary, wanted):
                costs[row, column] = abs(boundary.time_s - wanted.time_s)
    rows, columns = linear_sum_assignment(costs)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if costs[row, column] < _NEVER}


def _is_inside(boundary: FoundBoundary, wanted: TrueBoundary) -> bool:
    return wanted.low_s <= boundary.time_s <= wanted.high_s


def _by_kind(true: Sequence[TrueBoundary], hit: Sequence[TrueBoundary]) -> dict[str, list[int]]:
    count, found = Counter(boundary.kind for boundary in true), Counter(boundary.kind for boundary in hit)
    return {kind: [found[kind], count[kind]] for kind in sorted(count)}


def _entry(kind: str, time_s: float) -> Row:
    return {"kind": kind, "time_s": round(time_s, 3)}
