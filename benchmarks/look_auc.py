"""How well a look score tells an expert's picks from frames that were refused for a reason of the face: the area under
the ROC curve, the probability that a pick has the higher score, equal scores counting half.

Over whole sets every pick is paired with every refused frame, so the score has to mean the same in all films. Inside
films only frames of the same film are paired, and the pairs of all films pooled: what choosing in a film needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.faces import Face
from stream.people import expression, eyes, looks

from .look_frames import LookFrame
from .recall import BOOTSTRAP_DRAWS
from .report import Section

LookScore = Callable[[Face], float]
SEED = 20250
Floats = npt.NDArray[np.float64]

LOOK_SCORES: dict[str, LookScore] = {
    "look_score": looks.look_score,
    "eyes alone": lambda face: eyes.look_of_eyes(face),
    "mouth alone": expression.mouth_score,
    "pose alone": looks.pose_score,
}
"""The look scores that are judged, by name: `look_score` of this version, and parts of it. Add others here."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a pick and a refused frame. `won`: how many the pick wins, a tie counting half."""

    won: float
    count: int


def pairs_of(picked: Sequence[float], refused: Sequence[float]) -> Pairs:
    """All pairs of these scores."""
    above = np.sign(np.asarray(picked, np.float64)[:, None] - np.asarray(refused, np.float64)[None, :])
    return Pairs(float((above + 1).sum() / 2), above.size)


def look_aucs(frames: Sequence[LookFrame], scores: Sequence[float]) -> Section:
    """AUC over the whole set and inside films, with counts, the interval over films, and the range when one film is
    left out. scores: of the frames, in their order."""
    films = {name: _of_film(frames, scores, name) for name in dict.fromkeys(frame.film for frame in frames)}
    whole = pairs_of(
        [s for frame, s in zip(frames, scores, strict=True) if frame.picked],
        [s for frame, s in zip(frames, scores, strict=True) if not frame.picked],
    )
    inside = {name: pairs for name, pairs in films.items() if pairs.count}
    picked = sum(frame.picked for frame in frames)
    return {
        "picked": picked, "refused": len(frames) - picked, "films": len(inside), "pairs_inside": _pooled(inside).count,
        "whole": _auc(whole), "inside": _auc(_pooled(inside)), "inside_interval": _interval(list(inside.values())),
        "inside_without_one_film": _without_one(inside),
        "by_film": {name: {"auc": _auc(pairs), "pairs": pairs.count} for name, pairs in inside.items()},
    }  # fmt: skip


def by_set(frames: Sequence[LookFrame], scores: Sequence[float]) -> dict[str, Section]:
    """`look_aucs` of each set, by its name, and of all together (`all`)."""
    names = dict.fromkeys(frame.set_name for frame in frames)
    found = {"all": look_aucs(frames, scores)}
    for name in names if len(names) > 1 else ():
        rows = [(frame, score) for frame, score in zip(frames, scores, strict=True) if frame.set_name == name]
        found[name] = look_aucs([frame for frame, _ in rows], [score for _, score in rows])
    return found


def scores_section(frames: Sequence[LookFrame], named: Mapping[str, LookScore] = LOOK_SCORES) -> Section:
    """`by_set` of each look score."""
    return {name: by_set(frames, [score(frame.face) for frame in frames]) for name, score in named.items()}


def _of_film(frames: Sequence[LookFrame], scores: Sequence[float], film: str) -> Pairs:
    own = [(frame.picked, score) for frame, score in zip(frames, scores, strict=True) if frame.film == film]
    return pairs_of([s for picked, s in own if picked], [s for picked, s in own if not picked])


def _pooled(films: Mapping[str, Pairs]) -> Pairs:
    return Pairs(sum(pairs.won for pairs in films.values()), sum(pairs.count for pairs in films.values()))


def _auc(pairs: Pairs) -> float | None:
    return round(pairs.won / pairs.count, 6) if pairs.count else None


def _interval(films: Sequence[Pairs]) -> Section | None:
    """The middle 95 % of the pooled AUC of films drawn with replacement; None with fewer than two."""
    if len(films) < 2:
        return None
    won, count = (np.array([getattr(pairs, key) for pairs in films], np.float64) for key in ("won", "count"))
    drawn = np.random.default_rng(SEED).integers(0, len(films), (BOOTSTRAP_DRAWS, len(films)))
    low, high = np.quantile(won[drawn].sum(axis=1) / count[drawn].sum(axis=1), [0.025, 0.975])
    return {"low": round(float(low), 6), "high": round(float(high), 6)}


def _without_one(films: Mapping[str, Pairs]) -> Section | None:
    """Least and greatest AUC inside films when one film is left out."""
    found = [_auc(_pooled({name: p for name, p in films.items() if name != gone})) for gone in films]
    known = [value for value in found if value is not None]
    return {"least": min(known), "greatest": max(known)} if known else None
