"""Openness of eyes: the ratio of the gap between the lids to the width of the eye, from the iris network's contour
points."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

from .batches import run_in_batches
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CHIP_PX = 64
SQUARE_SIDE = 1.0
"""Side of the square around an eye that the network sees, in inter-ocular distances."""

LEAST_INTER_OCULAR_PX = 20.0
"""Below this inter-ocular distance the lids have too few pixels to tell open eyes from closed ones."""

CORNERS = (0, 8)
UPPER_LID, LOWER_LID = (11, 12, 13), (3, 4, 5)


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


def openness(session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS) -> Array:
    """(2·N,) float32 ratios of lid gap to eye width for chips (2·N, 64, 64, 3) uint8 RGB, image-left and image-right
    eyes in turn.

    The network was trained on eyes of one side, so image-right eyes are mirrored before they are fed to it.
    """
    shown = chips.copy()
    shown[1::2] = chips[1::2, :, ::-1]
    planes = tools.engine_input(shown, divisor=255)
    return eye_aspect_ratio(run_in_batches(session, "image", planes, "landmarks", batch))


def eye_aspect_ratio(landmarks: Array) -> Array:
    """(N,) float32: mean gap between the lids over the distance of the eye's corners, from contour points (N, 71,
    3)."""
    points = landmarks[:, :, :2]
    gaps = points[:, list(UPPER_LID)] - points[:, list(LOWER_LID)]
    width = points[:, CORNERS[0]] - points[:, CORNERS[1]]
    gap_px = np.sqrt((gaps * gaps).sum(2)).mean(1)
    return gap_px / np.maximum(np.sqrt((width * width).sum(1)), np.float32(1e-6))
