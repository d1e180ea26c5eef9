"""How a face looks out of a picture: which face leads, turned to the viewer, pleasant, at rest."""

from __future__ import annotations

import numpy as np

from engines.faces import Face

from .expression import mouth_score
from .eyes import eye_score, openness

_NEUTRAL_WORTH = 0.6


def leading_face(faces: tuple[Face, ...]) -> Face | None:
    """The face a viewer looks at first: the largest, by height and certainty."""
    return max(faces, key=lambda f: (f.box[3] * f.score, -f.box[0]), default=None)


def pose_score(face: Face) -> float:
    """1 turned to the viewer, 0 in profile or with the head thrown back."""
    yaw, pitch, _ = face.pose_deg
    return float(np.clip(1.0 - (yaw / 60.0) ** 2 - (pitch / 60.0) ** 2, 0.0, 1.0))


def pleasant_score(emotion: np.ndarray | None) -> float:
    """Share of the happy and, somewhat less, of the neutral in an emotion vector; 0.5 where there is none."""
    return 0.5 if emotion is None else float(emotion[3] + _NEUTRAL_WORTH * emotion[6])


def look_score(face: Face) -> float:
    """What a face's eyes, pose, expression and mouth add to a picture's score within its shot, 0–4.5."""
    return 1.5 * eye_score(openness(face)) + pose_score(face) + pleasant_score(face.emotion) + mouth_score(face)
