"""How far open the eyes are: the iris network's lid points, as the ratio of lid gap to eye width."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

from .batches import run_in_batches
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CHIP_PX = 64
SQUARE_SIDE = 1.0
"""Side of the square around an eye, in inter-ocular distances."""

LEAST_INTER_OCULAR_PX = 20.0
"""Below this distance the lids are too few pixels to tell open from closed."""

CORNERS = (0, 8)
UPPER_LID, LOWER_LID = (11, 12, 13), (3, 4, 5)


def inter_ocular(landmarks: np.ndarray) -> float:
    """Distance of the eyes in displayed pixels; on a turned head what their distance from the mouth implies."""
    left, right, _, mouth_left, mouth_right = np.asarray(landmarks, np.float64)
    down = np.linalg.norm((left + right) / 2 - (mouth_left + mouth_right) / 2)
    return float(max(np.linalg.norm(right - left), 0.85 * down))


def eye_matrices(landmarks: np.ndarray) -> np.ndarray:
    """(2, 2, 3) maps, displayed pixels → chip pixels, of the image-left and the image-right eye, level in the chip."""
    eyes = np.asarray(landmarks, np.float64)[:2]
    along = eyes[1] - eyes[0]
    along /= max(float(np.linalg.norm(along)), 1e-9)
    scale = CHIP_PX / (SQUARE_SIDE * inter_ocular(landmarks))
    rotation = np.array([[along[0], along[1]], [-along[1], along[0]]]) * scale
    return np.stack([np.column_stack([rotation, CHIP_PX / 2 - rotation @ eye]) for eye in eyes])


def openness(session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS) -> Array:
    """(2·N, 64, 64, 3) uint8 RGB chips, left and right eyes in turn → (2·N,) float32 ratios of lid gap to eye width.

    The network knows one side's eyes: the image-right ones are shown to it mirrored.
    """
    shown = chips.copy()
    shown[1::2] = chips[1::2, :, ::-1]
    planes = tools.engine_input(shown, divisor=255)
    return eye_aspect_ratio(run_in_batches(session, "image", planes, "landmarks", batch))


def eye_aspect_ratio(landmarks: Array) -> Array:
    """(N, 71, 3) contour points → (N,) mean lid gap over the distance of the corners, float32."""
    points = landmarks[:, :, :2]
    gaps = points[:, list(UPPER_LID)] - points[:, list(LOWER_LID)]
    width = points[:, CORNERS[0]] - points[:, CORNERS[1]]
    gap_px = np.sqrt((gaps * gaps).sum(2)).mean(1)
    return gap_px / np.maximum(np.sqrt((width * width).sum(1)), np.float32(1e-6))
