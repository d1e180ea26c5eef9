"""Scores of a single face as a viewer sees it, and which face of a picture leads."""

from __future__ import annotations

import numpy as np

from engines.faces import Face

from .expression import HAPPY, NEUTRAL, mouth_score, smile_share
from .eyes import look_of_eyes

_CO_STAR = 0.6
"""Share of the leading face's height from which on a viewer looks at another face as much. Chosen by eye."""
_NEUTRAL_WORTH = 0.6
"""Of a neutral expression, where a happy one is worth 1. Chosen by eye."""
_WITHOUT_SMILE = 0.8
"""Of a happy expression without the lips of a smile: teeth in the middle of a word look happy to the network. Chosen by
eye; .8 and .6 match more picks of E01–E05 than 1."""
_PROFILE_DEG = 60.0
"""Yaw or pitch at which the pose score is 0. Chosen by eye."""
UNKNOWN_EXPRESSION = 0.5
"""Worth of an expression that was not read: less than a neutral one. Chosen by eye."""
EYES_WEIGHT, EXPRESSION_WEIGHT, MOUTH_WEIGHT, POSE_WEIGHT = 1.95, 1.25, 0.7, 0.6
"""Of the parts of the look score, 4.5 in all. The first three are what `benchmarks.look_fits` gives by pairs, rounded;
it gives pose nothing, which is kept because labelled faces in profile are few. Chosen by eye."""


def leading_face(faces: tuple[Face, ...]) -> Face | None:
    """The face a viewer looks at first: the largest by height times detection score; None without faces."""
    return max(faces, key=lambda f: (f.box[3] * f.score, -f.box[0]), default=None)


def co_stars(faces: tuple[Face, ...], lead: Face | None) -> tuple[Face, ...]:
    """The leading face and those nearly as large, whose eyes and expressions count as much; none without a lead."""
    return () if lead is None else tuple(face for face in faces if face.box[3] >= _CO_STAR * lead.box[3])


def pose_score(face: Face) -> float:
    """0–1: 1 turned to the viewer, 0 in profile or with the head thrown back or bowed."""
    yaw, pitch, _ = face.pose_deg
    return float(np.clip(1.0 - (yaw / _PROFILE_DEG) ** 2 - (pitch / _PROFILE_DEG) ** 2, 0.0, 1.0))


def pleasant_score(face: Face) -> float:
    """0–1: the happy share of a face's emotions, all of it in a smile (`smile_share`) and 0.8 otherwise, and 0.6 of the
    neutral one; `UNKNOWN_EXPRESSION` where no emotion was read."""
    if face.emotion is None:
        return UNKNOWN_EXPRESSION
    happy = _WITHOUT_SMILE * float(face.emotion[HAPPY]) + (1 - _WITHOUT_SMILE) * smile_share(face)
    return happy + _NEUTRAL_WORTH * float(face.emotion[NEUTRAL])


BEST_LOOK = EYES_WEIGHT + EXPRESSION_WEIGHT + MOUTH_WEIGHT + POSE_WEIGHT
"""The look score of a face that lacks nothing."""


def look_score(face: Face, typical_openness: float | None = None) -> float:
    """0–4.5: what a face's eyes, pose, expression and mouth add to a picture's score within its shot.

    `typical_openness`: what is usual for the person's eyes, None where unknown (`stream.people.eyes`).
    """
    return (
        EYES_WEIGHT * look_of_eyes(face, typical_openness)
        + EXPRESSION_WEIGHT * pleasant_score(face)
        + MOUTH_WEIGHT * mouth_score(face)
        + POSE_WEIGHT * pose_score(face)
    )
