"""Extreme expressions and open mouths.

An expression is extreme when its emotion vector is far from what is usual in the film and for the person; which emotion
is the most probable one does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.faces import EMOTIONS, Face

HAPPY = EMOTIONS.index("happy")
_LEAST_PROBABILITY = 1e-3
"""Smaller probabilities count as this one: their logarithms are noise. Chosen by eye."""
_LEAST_SCALE = 0.5
"""Least spread of a log-ratio: with less, every smile would be extreme in a film of very calm faces. Chosen by eye."""
_AT_REST, _SMILE_OPENS, _TALKING = 0.15, 0.15, 0.27
"""Mouth openness at rest, what a full smile adds, and what talking adds until the score is 0. Closed lips measure up to
.09, parted ones to .15, smiles with teeth reach .33, wide open begins at .4; the three are chosen by eye from that."""
_UNKNOWN_MOUTH = 0.6
"""Score of a mouth that was not measured. Chosen by eye."""
_PARTED = 0.08
"""Mouth openness from which on the width of the lips counts. Chosen by eye, near the end of closed lips (.09)."""
_PURSED, _RELAXED = 0.6, 0.76
"""Mouth width over eye distance where the score is 0 and 1: .70 to .90 at rest, .60 to .71 when rounded or pulled.
Chosen by eye from that."""


@dataclass(frozen=True, slots=True)
class EmotionBaseline:
    """What is usual: robust centre and scale of emotion vectors in centred log-ratios (Aitchison 1982).

    `centre`, `scale`: (7,) float64. `count`: the faces it was made from.
    """

    centre: np.ndarray
    scale: np.ndarray
    count: int


def log_ratios(emotions: np.ndarray) -> np.ndarray:
    """(N, 7) probabilities → (N, 7) centred log-ratios; probabilities below 0.001 count as 0.001."""
    logs = np.log(np.maximum(np.asarray(emotions, dtype=np.float64), _LEAST_PROBABILITY))
    ratios: np.ndarray = logs - logs.mean(axis=1, keepdims=True)
    return ratios


def emotion_baseline(emotions: np.ndarray) -> EmotionBaseline:
    """Median and scaled median absolute deviation of each log-ratio of (N, 7) probabilities."""
    ratios = log_ratios(emotions)
    centre = np.median(ratios, axis=0)
    scale = 1.4826 * np.median(np.abs(ratios - centre), axis=0)
    return EmotionBaseline(centre, np.maximum(scale, _LEAST_SCALE), len(ratios))


def shrunk_towards(own: EmotionBaseline, whole: EmotionBaseline, weight: float) -> EmotionBaseline:
    """A character's baseline, averaged with the film's; the film's counts like `weight` faces (shrinkage)."""
    share = own.count / (own.count + weight) if own.count + weight > 0 else 0.0
    return EmotionBaseline(
        share * own.centre + (1 - share) * whole.centre, share * own.scale + (1 - share) * whole.scale, own.count
    )


def extremeness(emotion: np.ndarray, baseline: EmotionBaseline) -> float:
    """Root mean square of the robust deviations of one (7,) vector, times the probability that it is not happy.

    A smile leaves almost no probability to the other classes, so their ratios are noise; and posters want smiles.
    """
    deviations = (log_ratios(emotion[None])[0] - baseline.centre) / baseline.scale
    unhappy = 1.0 - float(emotion[HAPPY])
    return unhappy * float(np.sqrt(np.mean(np.square(deviations))))


def mouth_score(face: Face) -> float:
    """0–1: 1 for a mouth at rest or smiling, 0 wide open, talking between. 0.6 where the mouth was not measured."""
    if face.mouth_openness_ratio is None:
        return _UNKNOWN_MOUTH
    calm = float(np.clip(1.0 - (face.mouth_openness_ratio - _allowed_openness(face)) / _TALKING, 0.0, 1.0))
    return calm * _lip_width_score(face)


def _lip_width_score(face: Face) -> float:
    """0–1: less than 1 for lips that are parted and narrow, as in the middle of a word or pulled to one side."""
    if face.mouth_width_ratio is None or (face.mouth_openness_ratio or 0.0) < _PARTED:
        return 1.0
    return float(np.clip((face.mouth_width_ratio - _PURSED) / (_RELAXED - _PURSED), 0.0, 1.0))


def is_wide_open(face: Face, limit: float) -> bool:
    """Whether the mouth is open beyond `limit` (a ratio); for a happy face, beyond that and what a smile adds."""
    return face.mouth_openness_ratio is not None and face.mouth_openness_ratio - _allowed_openness(face) > (
        limit - _AT_REST
    )


def _allowed_openness(face: Face) -> float:
    """Mouth openness that does not count against a face: a smile shows teeth."""
    happy = 0.0 if face.emotion is None else float(face.emotion[HAPPY])
    return _AT_REST + _SMILE_OPENS * happy
