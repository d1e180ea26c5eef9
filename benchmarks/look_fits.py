"""What is fitted to an expert's labels, as functions from films to settings, and what they are without each film.

A fit belongs into `FITS`: from labelled frames it makes named numbers, and from the numbers a look score. Nothing in
Keyart reads the numbers; who takes some over into the code says from which fit, and whether they hold without any film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from engines.faces import EMOTIONS, Face
from stream.people import expression, eyes, looks

from .look_auc import Floats, LookScore, by_set, look_aucs
from .look_frames import LookFrame
from .report import Section

Numbers = Mapping[str, float]
_OFFSET = "(offset)"
_RIDGE = 0.3
"""Weight of the squared weights in `pairwise`, which keeps them finite where few pairs tell. Chosen by eye."""
_STRENGTH = 1.0
"""Inverse of the penalty on standardised coefficients: scikit-learn's default, not tuned."""


@dataclass(frozen=True, slots=True)
class LookFit:
    """A function from labelled frames to numbers, and the look score that such numbers make."""

    fit: Callable[[Sequence[LookFrame]], Numbers]
    score: Callable[[Numbers], LookScore]


def look_terms(face: Face) -> dict[str, float]:
    """The terms that `look_score` adds up."""
    return {
        "eyes": eyes.look_of_eyes(face),
        "pose": looks.pose_score(face),
        "pleasant": looks.pleasant_score(face),
        "mouth": expression.mouth_score(face),
    }


def face_readings(face: Face) -> dict[str, float]:
    """What was measured of a face, as numbers; what was not is 0, and 1 under "… unknown"."""
    low, high = _eyes_apart(face)
    yaw, pitch, roll = face.pose_deg
    emotion = np.zeros(len(EMOTIONS)) if face.emotion is None else _log_ratios(face.emotion)
    return {
        "eyes": face.eye_openness_ratio or 0.0,
        "lower eye": low, "eyes differ": high - low,
        "eyes unknown": float(face.eye_openness_ratio is None),
        "mouth opens": face.mouth_openness_ratio or 0.0,
        "mouth width": face.mouth_width_ratio or 0.0,
        "mouth unknown": float(face.mouth_openness_ratio is None),
        "yaw": abs(yaw), "pitch up": max(pitch, 0.0), "pitch down": max(-pitch, 0.0), "roll": abs(roll),
        **dict(zip(EMOTIONS, (float(v) for v in emotion), strict=True)),
        "emotion unknown": float(face.emotion is None),
    }  # fmt: skip


def logistic(features: Callable[[Face], dict[str, float]]) -> LookFit:
    """Logistic regression of picked or refused over standardised features, both classes with the same weight."""

    def fit(frames: Sequence[LookFrame]) -> Numbers:
        rows = [features(frame.face) for frame in frames]
        values = np.array([list(row.values()) for row in rows], np.float64)
        spread = np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
        model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000)
        model.fit(values / spread, [frame.picked for frame in frames])
        numbers = dict(zip(rows[0], (float(c) for c in model.coef_[0] / spread), strict=True))
        return numbers | {_OFFSET: float(model.intercept_[0])}

    def score(numbers: Numbers) -> LookScore:
        return lambda face: numbers[_OFFSET] + sum(numbers[name] * value for name, value in features(face).items())

    return LookFit(fit, score)


def pairwise(features: Callable[[Face], dict[str, float]]) -> LookFit:
    """Weights, none below 0, by a logistic regression over the pairs of a pick and a refused frame of one film; a film
    counts by the square root of its pairs."""

    def fit(frames: Sequence[LookFrame]) -> Numbers:
        names = list(features(frames[0].face))
        steps, counts = _steps(frames, features)

        def loss(weights: Floats) -> float:
            return float((counts * np.logaddexp(0.0, -steps @ weights)).sum() + _RIDGE * weights @ weights)

        best = minimize(loss, np.ones(len(names)), bounds=[(0.0, None)] * len(names))
        return dict(zip(names, (float(weight) for weight in best.x), strict=True))

    def score(numbers: Numbers) -> LookScore:
        return lambda face: sum(numbers[name] * value for name, value in features(face).items())

    return LookFit(fit, score)


def _steps(frames: Sequence[LookFrame], features: Callable[[Face], dict[str, float]]) -> tuple[Floats, Floats]:
    """(N, F) differences between each pick and each refused frame of its film, and (N,) what each counts."""
    rows: list[Floats] = []
    counts: list[float] = []
    for film in dict.fromkeys(frame.film for frame in frames):
        own = [(frame.picked, np.array([*features(frame.face).values()])) for frame in frames if frame.film == film]
        pairs = [pick - other for picked, pick in own if picked for refused, other in own if not refused]
        rows += pairs
        counts += [max(1, len(pairs)) ** -0.5] * len(pairs)
    return np.array(rows, np.float64).reshape(len(rows), -1), np.array(counts, np.float64)


def _log_ratios(emotion: np.ndarray) -> Floats:
    """Centred logarithms of (7,) probabilities, of which none counts as less than .001."""
    logs = np.log(np.maximum(np.asarray(emotion, np.float64), 1e-3))
    return np.asarray(logs - logs.mean())


FITS: dict[str, LookFit] = {
    "weights of the look score": logistic(look_terms),
    "weights of the look score, by pairs": pairwise(look_terms),
    "regression over readings": logistic(face_readings),
}
"""What can be fitted to labelled frames, by name. Add others here."""


def leave_one_out(frames: Sequence[LookFrame], fits: Mapping[str, LookFit] = FITS) -> Section:
    """For each fit: its numbers from all films with their range when one film is left out; the AUC on films that were
    left out, with that on all films for comparison; and the range of the AUC on all films over the refits."""
    return {name: _leave_one_out(frames, fit) for name, fit in fits.items()}


def _leave_one_out(frames: Sequence[LookFrame], fit: LookFit) -> Section:
    films = list(dict.fromkeys(frame.film for frame in frames))
    if len(films) < 2 or len({frame.picked for frame in frames if frame.film != films[0]}) < 2:
        return {"why": "needs picks and refused frames in two films or more"}
    whole = fit.fit(frames)
    refits = {film: fit.fit([frame for frame in frames if frame.film != film]) for film in films}
    left_out = [fit.score(refits[frame.film])(frame.face) for frame in frames]
    on_all = [look_aucs(frames, _scored(fit, numbers, frames)) for numbers in refits.values()]
    return {
        "numbers": {name: _spread(value, [refit[name] for refit in refits.values()]) for name, value in whole.items()},
        "left_out": by_set(frames, left_out),
        "fitted_on_all": by_set(frames, _scored(fit, whole, frames)),
        "refits_on_all": {key: _range([row[key] for row in on_all]) for key in ("whole", "inside")},
    }  # fmt: skip


def _scored(fit: LookFit, numbers: Numbers, frames: Sequence[LookFrame]) -> list[float]:
    score = fit.score(numbers)
    return [score(frame.face) for frame in frames]


def _spread(value: float, refitted: Sequence[float]) -> Section:
    found: Floats = np.array(refitted, np.float64)
    return {"all_films": round(value, 6), **_range(refitted), "deviation": round(float(found.std()), 6)}


def _range(values: Sequence[float]) -> Section:
    return {"least": round(min(values), 6), "greatest": round(max(values), 6)}


def _eyes_apart(face: Face) -> tuple[float, float]:
    known = [ratio for ratio in face.eye_openness_ratios if ratio is not None]
    return min(known, default=0.0), max(known, default=0.0)
