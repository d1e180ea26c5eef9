"""Openness of eyes and where they look: the gap between the lids, and the place of the iris between the corners of the
eye, over the eye's width; from the iris network's points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernels.surface import Array

from .batches import in_batches
from .faces import Gaze
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CHIP_PX = 64
SQUARE_SIDE = 1.0
"""Side of the square around an eye that the network sees, in inter-ocular distances."""

LEAST_INTER_OCULAR_PX = 20.0
"""Below this inter-ocular distance the lids have too few pixels to tell open eyes from closed ones."""

FAR_EYE_MOST_YAW_DEG = 30.0
"""Yaw (`engines.pose`, which overstates it) beyond which only the nearer eye is measured. Over 700 faces of
15 films the median ratio of the farther eye is .32 to .34 up to 40 degrees and .40 beyond, that of the nearer one .28
to .33 throughout."""

NEAR_EYE_MOST_YAW_DEG = 65.0
"""Yaw beyond which neither eye is measured."""

GAZE_MOST_YAW_DEG, GAZE_LEAST_INTER_OCULAR_PX = 40.0, 30.0
"""Yaw beyond which, and inter-ocular distance below which, it is unknown where the eyes look. Looked at on 700 faces of
15 films: within these limits every gaze beyond .17 aside, .09 down or .1 inwards is one, or the eyes are closed, hidden
or blurred; beyond, glasses and low resolution give such numbers too."""

AHEAD_OUTWARDS, AHEAD_DOWN = 0.05, -0.06
"""`iris_place` of eyes that look straight ahead: medians over 370 faces of 15 films with a yaw below 20 degrees."""

CORNERS = (0, 8)
"""The outer and the inner corner of an eye as the network sees it."""
UPPER_LID, LOWER_LID = (11, 12, 13), (3, 4, 5)
POINTS = (*CORNERS, *UPPER_LID, *LOWER_LID)
"""The points of the contour that are used; each upper point is above the lower point of the same index."""


def inter_ocular(landmarks: np.ndarray) -> float:
    """Distance between the eyes in displayed pixels. On a turned head it is estimated from the distance between eyes
    and mouth.

    landmarks: (5, 2) displayed pixels.
    """
    left, right, _, mouth_left, mouth_right = np.asarray(landmarks, np.float64)
    down = np.linalg.norm((left + right) / 2 - (mouth_left + mouth_right) / 2)
    return float(max(np.linalg.norm(right - left), 0.85 * down))


def eye_matrices(landmarks: np.ndarray) -> np.ndarray:
    """(2, 2, 3) matrices from displayed pixels to chip pixels, of the image-left and the image-right eye; the eyes'
    axis is horizontal in the chip. landmarks: (5, 2) displayed pixels."""
    eyes = np.asarray(landmarks, np.float64)[:2]
    along = eyes[1] - eyes[0]
    along /= max(float(np.linalg.norm(along)), 1e-9)
    scale = CHIP_PX / (SQUARE_SIDE * inter_ocular(landmarks))
    rotation = np.array([[along[0], along[1]], [-along[1], along[0]]]) * scale
    return np.stack([np.column_stack([rotation, CHIP_PX / 2 - rotation @ eye]) for eye in eyes])


def eye_points(
    session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS, wanted: np.ndarray | None = None
) -> Array:
    """(2·N, 18) float32: x, y of the `POINTS` of the contour and of the iris's centre, chip pixels, of chips (2·N, 64,
    64, 3) uint8 RGB, image-left and image-right eyes in turn. wanted: see `in_batches`.

    The network was trained on eyes of one side, so image-right eyes are mirrored before they are fed to it.
    """
    shown = chips.copy()
    shown[1::2] = chips[1::2, :, ::-1]
    planes = tools.engine_input(shown, divisor=255)
    width = 2 * (len(POINTS) + 1)
    return in_batches(lambda some: _points(session.run({"image": some})), planes, batch, width, wanted)


def _points(answer: Mapping[str, Array]) -> Array:
    parts = [answer["landmarks"][:, list(POINTS), :2], answer["iris"][:, :1, :2]]
    chosen: Array = np.concatenate(parts, 1).reshape(-1, 2 * (len(POINTS) + 1))
    return chosen


def eye_measures(points: np.ndarray) -> np.ndarray:
    """(N, 3) float64 of rows of `eye_points`: the ratio of lid gap to eye width, and where the iris lies from the
    middle of the eye's corners, along the line from the inner to the outer one and at a right angle to it, down; in eye
    widths."""
    places = np.asarray(points, np.float64).reshape(-1, len(POINTS) + 1, 2)
    outer, inner, upper, lower, iris = places[:, 0], places[:, 1], places[:, 2:5], places[:, 5:8], places[:, 8]
    axis, offset = outer - inner, iris - (outer + inner) / 2
    width = np.maximum(np.linalg.norm(axis, axis=1), 1e-6)
    ratio = np.linalg.norm(upper - lower, axis=2).mean(1) / width
    outwards = (offset * axis).sum(1) / width**2
    down = (offset[:, 0] * axis[:, 1] - offset[:, 1] * axis[:, 0]) / width**2
    return np.column_stack([ratio, outwards, down])


def measurable_eyes(yaw_deg: float) -> tuple[bool, bool]:
    """Whether the image-left and the image-right eye of a head turned by `yaw_deg` can be measured: both, only the
    nearer one, or none."""
    turned = abs(yaw_deg)
    if turned > NEAR_EYE_MOST_YAW_DEG:
        return False, False
    return yaw_deg >= -FAR_EYE_MOST_YAW_DEG, yaw_deg <= FAR_EYE_MOST_YAW_DEG


def gaze_of(eyes: np.ndarray, seen: tuple[bool, bool]) -> Gaze | None:
    """Where the eyes look; None where none is measured.

    eyes: (2, 3) rows of `eye_measures`. seen: which of them are measured.
    """
    if not any(seen):
        return None
    outwards, down = eyes[:, 1] - AHEAD_OUTWARDS, eyes[:, 2] - AHEAD_DOWN
    there = np.array(seen)
    return Gaze(
        right=float((outwards * [-1, 1])[there].mean()),
        down=float(down[there].mean()),
        inwards=float(-outwards.mean()) if there.all() else None,
    )
