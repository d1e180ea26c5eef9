"""Openness and width of the mouth, from the 468 points of the face mesh."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernels.surface import Array

from .batches import in_batches
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CHIP_PX = 192
SQUARE_SIDE = 1.4
"""Side of the square around a face that the network sees, in longer sides of the face box.

Measured on 106 detections and on 141 mouths judged by eye: the mesh's eye corners agree with the detector's eyes
equally well from 1.3 to 1.7 (5 % of the inter-ocular distance, the detector's own error). The points scatter more the
larger the square is (1.8 % at 1.3, 3.6 % at 1.7, when the box is 4 % off), and talking mouths are best told from closed
ones up to 1.4.
"""

LEAST_INTER_OCULAR_PX = 15.0
"""Below this inter-ocular distance the mouth is not measured. At it the openness of the same mouths is off by .015 in
the median, at 10 pixels by .025."""

MOST_YAW_DEG = 65.0
"""Yaw (`engines.pose`, which overstates it) beyond which the mouth is not measured. Chosen by eye."""

UPPER_LIP, LOWER_LIP = (13, 82, 312), (14, 87, 317)
"""Points of the inner rims; each upper point is above the lower point of the same index."""
INNER_CORNERS, OUTER_CORNERS = (78, 308), (61, 291)
LEFT_EYE, RIGHT_EYE = (33, 133), (362, 263)
"""Corners of the image-left and of the image-right eye."""


def chip_matrix(box: tuple[float, float, float, float], landmarks: np.ndarray) -> np.ndarray:
    """(2, 3) matrix from displayed pixels to chip pixels: a square around the middle of the box in which the eyes' axis
    is horizontal.

    box: x, y, width, height. landmarks: (5, 2), the eyes first. Both in displayed pixels.
    """
    x, y, width, height = box
    along = np.asarray(landmarks[1] - landmarks[0], np.float64)
    along /= max(float(np.linalg.norm(along)), 1e-9)
    scale = CHIP_PX / (SQUARE_SIDE * max(width, height, 1e-9))
    rotation = np.array([[along[0], along[1]], [-along[1], along[0]]]) * scale
    return np.column_stack([rotation, CHIP_PX / 2 - rotation @ np.array([x + width / 2, y + height / 2])])


def mouth_measures(
    session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS, wanted: np.ndarray | None = None
) -> Array:
    """(N, 3) float32 for chips (N, 192, 192, 3) uint8 RGB: openness, width, log-odds that the chip shows a face.
    wanted: see `in_batches`."""
    planes = tools.engine_input(chips, divisor=255)
    return in_batches(lambda some: _mouth(session.run({"image": some})), planes, batch, 3, wanted)


def _mouth(answer: Mapping[str, Array]) -> Array:
    points = answer["landmarks"]
    columns: Array = np.stack([mouth_openness(points), mouth_width(points), answer["presence"][:, 0]], axis=1)
    return columns


def mouth_openness(points: Array) -> Array:
    """(N,) mean gap between the lips over the distance of the mouth's inner corners, from mesh points (N, 468, 3)."""
    gap = _distances(points[:, list(UPPER_LIP)], points[:, list(LOWER_LIP)]).mean(1)
    return gap / np.maximum(_between(points, INNER_CORNERS), np.float32(1e-6))


def mouth_width(points: Array) -> Array:
    """(N,) distance of the mouth's outer corners over that of the eyes' middles, from mesh points (N, 468, 3). It grows
    in a smile."""
    eyes = _distances(points[:, list(LEFT_EYE)].mean(1), points[:, list(RIGHT_EYE)].mean(1))
    return _between(points, OUTER_CORNERS) / np.maximum(eyes, np.float32(1e-6))


def _between(points: Array, pair: tuple[int, int]) -> Array:
    return _distances(points[:, pair[0]], points[:, pair[1]])


def _distances(first: Array, second: Array) -> Array:
    """Distances in the picture plane; the depth of the points is ignored."""
    apart = (first - second)[..., :2]
    return np.sqrt((apart * apart).sum(-1))
