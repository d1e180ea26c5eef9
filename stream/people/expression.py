"""Extreme expressions by the distribution of a film's emotion vectors, not by their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.faces import EMOTIONS, Face

_FLOOR = 1e-3
_MIN_SCALE = 0.5
"""Least spread of a log-ratio: below it a film of very calm faces would call every smile extreme."""
_HAPPY = EMOTIONS.index("happy")
_AT_REST, _SMILE_OPENS, _TALKING = 0.15, 0.15, 0.27
"""Mouth openness: lips are closed below .09 and parted to .15, smiles with teeth reach .33, wide open begins at .4."""
_UNKNOWN_MOUTH = 0.6
_PARTED = 0.08
_PURSED, _RELAXED = 0.6, 0.76
"""Mouth width over eye distance: at rest .70 to .90, rounded or pulled mouths .60 to .71."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Robust centre and spread of emotion vectors in centred log-ratios (Aitchison 1982): (7,) float64 each."""

    centre: np.ndarray
    scale: np.ndarray
    count: int


def log_ratios(emotions: np.ndarray) -> np.ndarray:
    """(N, 7) probabilities → (N, 7) centred log-ratios; probabilities below 0.001 count as 0.001."""
    logs = np.log(np.maximum(np.asarray(emotions, dtype=np.float64), _FLOOR))
    ratios: np.ndarray = logs - logs.mean(axis=1, keepdims=True)
    return ratios


def spread_of(emotions: np.ndarray) -> Spread:
    """Median and scaled median absolute deviation of each log-ratio of (N, 7) probabilities."""
    ratios = log_ratios(emotions)
    centre = np.median(ratios, axis=0)
    scale = 1.4826 * np.median(np.abs(ratios - centre), axis=0)
    return Spread(centre, np.maximum(scale, _MIN_SCALE), len(ratios))


def shrunk(own: Spread, whole: Spread, weight: float) -> Spread:
    """A character's spread drawn towards the video's as if the video were `weight` more faces."""
    share = own.count / (own.count + weight) if own.count + weight > 0 else 0.0
    return Spread(
        share * own.centre + (1 - share) * whole.centre, share * own.scale + (1 - share) * whole.scale, own.count
    )


def extremeness(emotion: np.ndarray, spread: Spread) -> float:
    """Root mean square of the robust deviations of one (7,) vector, times the probability that it is no happy one.

    A smile leaves the other classes nearly nothing, so their ratios say nothing; and smiles are what posters want.
    """
    deviations = (log_ratios(emotion[None])[0] - spread.centre) / spread.scale
    unhappy = 1.0 - float(emotion[_HAPPY])
    return unhappy * float(np.sqrt(np.mean(np.square(deviations))))


def mouth_score(face: Face) -> float:
    """1 for a mouth at rest or smiling, 0 wide open; talking lies between. 0.6 where it is unknown."""
    if face.mouth_openness_ratio is None:
        return _UNKNOWN_MOUTH
    calm = float(np.clip(1.0 - (face.mouth_openness_ratio - _allowed(face)) / _TALKING, 0.0, 1.0))
    return calm * _unpursed(face)


def _unpursed(face: Face) -> float:
    """1, less for lips that are parted and drawn together: rounded in mid-word, or pulled to a side."""
    if face.mouth_width_ratio is None or (face.mouth_openness_ratio or 0.0) < _PARTED:
        return 1.0
    return float(np.clip((face.mouth_width_ratio - _PURSED) / (_RELAXED - _PURSED), 0.0, 1.0))


def is_wide_open(face: Face, limit: float) -> bool:
    """A mouth open beyond `limit`, or beyond that and what a laugh adds."""
    return face.mouth_openness_ratio is not None and face.mouth_openness_ratio - _allowed(face) > limit - _AT_REST


def _allowed(face: Face) -> float:
    """How far a mouth may open before it counts: a smile shows teeth."""
    happy = 0.0 if face.emotion is None else float(face.emotion[_HAPPY])
    return _AT_REST + _SMILE_OPENS * happy
