"""Extreme expressions and open mouths.

An expression is extreme when it is neither happy nor neutral and more so than is usual for the person and in the film;
which of the other emotions is the most probable one does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.faces import EMOTIONS, Face

HAPPY, NEUTRAL = EMOTIONS.index("happy"), EMOTIONS.index("neutral")
_LEAST_PROBABILITY = 1e-3
"""Smaller probabilities count as this one: their logarithms are noise. Chosen by eye."""
_LEAST_SCALE = 2.0
"""Least spread of the log-odds: with less, every frown would be extreme in a film of very calm faces. Chosen by eye
below the common spread."""
_AT_REST, _SMILE_OPENS, _TALKING = 0.15, 0.15, 0.27
"""Mouth openness at rest, what a full smile adds, and what talking adds until the score is 0. Closed lips measure up to
.09, parted ones to .15, smiles with teeth reach .33, wide open begins at .4; the three are chosen by eye from that."""
_SMILING = (0.83, 0.98)
"""Mouth width over eye distance where a happy face smiles not at all and fully. At rest the median of the people of
E01–E05 is .79 to .87, in broad smiles it is 1.1 to 1.35 times that; happy faces that speak stay near 1."""
_UNKNOWN_MOUTH = 0.6
"""Score of a mouth that was not measured. Chosen by eye."""
_PARTED = 0.08
"""Mouth openness from which on the width of the lips counts. Chosen by eye, near the end of closed lips (.09)."""
_PURSED, _RELAXED = 0.6, 0.76
"""Mouth width over eye distance where the score is 0 and 1: .70 to .90 at rest, .60 to .71 when rounded or pulled.
Chosen by eye from that."""


@dataclass(frozen=True, slots=True)
class EmotionBaseline:
    """How odd a person or a film usually looks: robust centre and scale of `odd_log_odds`. `count`: the faces it was
    made from."""

    centre: float
    scale: float
    count: int


COMMON_BASELINE = EmotionBaseline(centre=-0.5, scale=2.86, count=700)
"""Of the 700 faces that were read in the five composed episodes and in ten excerpts of real films."""


def odd_share(emotion: np.ndarray) -> float:
    """0–1: the probability of all classes but happy and neutral in an emotion vector (7,)."""
    return float(np.clip(1.0 - float(emotion[HAPPY]) - float(emotion[NEUTRAL]), 0.0, 1.0))


def odd_log_odds(emotion: np.ndarray) -> float:
    """Natural log-odds of `odd_share`, which is kept `_LEAST_PROBABILITY` away from 0 and 1."""
    share = float(np.clip(odd_share(emotion), _LEAST_PROBABILITY, 1.0 - _LEAST_PROBABILITY))
    return float(np.log(share / (1.0 - share)))


def emotion_baseline(emotions: Sequence[np.ndarray]) -> EmotionBaseline:
    """Median and scaled median absolute deviation of `odd_log_odds` of one or more emotion vectors (7,)."""
    odds = np.array([odd_log_odds(emotion) for emotion in emotions])
    centre = float(np.median(odds))
    scale = max(1.4826 * float(np.median(np.abs(odds - centre))), _LEAST_SCALE)
    return EmotionBaseline(centre, scale, len(odds))


def shrunk_towards(own: EmotionBaseline, whole: EmotionBaseline, weight: float) -> EmotionBaseline:
    """A character's baseline mixed with the film's, or a film's with the common one; `whole` counts like `weight` faces
    (shrinkage). The scale is the deviation of the mixture, so that few faces far from the rest tell little."""
    share = own.count / (own.count + weight) if own.count + weight > 0 else 0.0
    apart = share * (1 - share) * (own.centre - whole.centre) ** 2
    scale = float(np.sqrt(share * own.scale**2 + (1 - share) * whole.scale**2 + apart))
    return EmotionBaseline(share * own.centre + (1 - share) * whole.centre, scale, own.count)


def extremeness(emotion: np.ndarray, baseline: EmotionBaseline) -> float:
    """How much odder than usual an emotion vector (7,) is: robust deviations above the baseline, times `odd_share`.

    Only the direction towards anger, disgust, fear, sadness and surprise counts, so a calm or happy face is never
    extreme, however rare calm is in the film.
    """
    deviations = (odd_log_odds(emotion) - baseline.centre) / baseline.scale
    return odd_share(emotion) * max(0.0, deviations)


def smile_share(face: Face) -> float:
    """0–1: how much a face smiles: its happiness, as far as its lips are as broad as in a smile.

    Teeth that are bared in the middle of a word are read as happy too, but the lips stay narrow. The breadth of lips
    that were not measured counts as half; without an emotion vector there is no smile.
    """
    if face.emotion is None:
        return 0.0
    return float(face.emotion[HAPPY]) * _breadth(face.mouth_width_ratio)


def _breadth(width_ratio: float | None) -> float:
    narrow, broad = _SMILING
    return 0.5 if width_ratio is None else float(np.clip((width_ratio - narrow) / (broad - narrow), 0.0, 1.0))


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
    """Whether the mouth is open beyond `limit` (a ratio); for a smiling face, beyond that and what a smile adds."""
    return face.mouth_openness_ratio is not None and face.mouth_openness_ratio - _allowed_openness(face) > (
        limit - _AT_REST
    )


def _allowed_openness(face: Face) -> float:
    """Mouth openness that does not count against a face: a smile shows teeth."""
    return _AT_REST + _SMILE_OPENS * smile_share(face)
