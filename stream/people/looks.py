"""Scores of a single face as a viewer sees it, and which face of a picture leads."""

from __future__ import annotations

import numpy as np

from engines.faces import EMOTIONS, Face

from .expression import HAPPY, mouth_score
from .eyes import eye_score, openness

_NEUTRAL = EMOTIONS.index("neutral")
_NEUTRAL_WORTH = 0.6
"""Of a neutral expression, where a happy one is worth 1. Chosen by eye."""
_PROFILE_DEG = 60.0
"""Yaw or pitch at which the pose score is 0. Chosen by eye."""
_EYES_WEIGHT = 1.5
"""Of the eyes in the look score, where pose, expression and mouth count 1 each. Chosen by eye."""


def leading_face(faces: tuple[Face, ...]) -> Face | None:
    """The face a viewer looks at first: the largest by height times detection score; None without faces."""
    return max(faces, key=lambda f: (f.box[3] * f.score, -f.box[0]), default=None)


def pose_score(face: Face) -> float:
    """0–1: 1 turned to the viewer, 0 in profile or with the head thrown back or bowed."""
    yaw, pitch, _ = face.pose_deg
    return float(np.clip(1.0 - (yaw / _PROFILE_DEG) ** 2 - (pitch / _PROFILE_DEG) ** 2, 0.0, 1.0))


def pleasant_score(emotion: np.ndarray | None) -> float:
    """0–1: the happy share of an emotion vector (7,) and 0.6 of the neutral one; 0.5 where there is none."""
    return 0.5 if emotion is None else float(emotion[HAPPY] + _NEUTRAL_WORTH * emotion[_NEUTRAL])


def look_score(face: Face) -> float:
    """0–4.5: what a face's eyes, pose, expression and mouth add to a picture's score within its shot."""
    eyes = _EYES_WEIGHT * eye_score(openness(face))
    return eyes + pose_score(face) + pleasant_score(face.emotion) + mouth_score(face)
