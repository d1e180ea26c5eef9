"""Whether eyes look at something with the head, or are cast down, rolled aside or crossed."""

from __future__ import annotations

import numpy as np

from engines.faces import Face

_EYE_TURN = 0.4
"""How far an iris moves in its eye, in eye widths, times the sine of the angle: an eyeball's radius of 12 mm over a
width of the eye of 30 mm."""
_ASIDE, _DOWN, _CROSSED = (0.24, 0.10), (0.12, 0.02), (0.12, 0.05)
"""Distances (`engines.faces.Gaze`) where each part of the score is 0 and 1. Chosen by eye on 700 faces of 15 films."""


def gaze_score(face: Face) -> float | None:
    """0–1: 1 for eyes that look where the head points, to the camera, or between the two; 0 for eyes that are cast
    down, rolled aside or crossed. None where it is unknown."""
    if face.gaze is None:
        return None
    aside = _aside(face.gaze.right, face.pose_deg[0])
    parts = ((aside, _ASIDE), (face.gaze.down, _DOWN), (face.gaze.inwards or 0.0, _CROSSED))
    return float(np.prod([np.clip((value - worst) / (best - worst), 0.0, 1.0) for value, (worst, best) in parts]))


def _aside(right: float, yaw_deg: float) -> float:
    """How far eyes look past both the head's direction (0) and the camera's, which a head turned to the right has on
    its left; eye widths."""
    to_camera = -_EYE_TURN * float(np.sin(np.radians(yaw_deg)))
    return max(min(to_camera, 0.0) - right, right - max(to_camera, 0.0), 0.0)
