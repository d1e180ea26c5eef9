"""Facial expression by a network with seven classes. A *change* of its vector is more reliable than its label: it
reports fear too often."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array, Rect

from .batches import run_in_batches
from .faces import EMOTIONS
from .session import Session
from .tools import HOST_TOOLS, EngineTools

MOST_YAW_DEG = 50.0
"""Yaw (`engines.pose`) beyond which expression is unknown. Over 450 faces of 15 films the mean probability of a neutral
expression falls from .32 up to 30 degrees to .15 beyond 40: turned faces look angry and sad to the network."""

LEAST_INTER_OCULAR_PX = 10.0
"""Inter-ocular distance below which expression is unknown: the face is enlarged more than twofold. Chosen by eye."""

CHIP_PX = 64
SQUARE_SIDE = 1.2
"""Side of the square that the network sees, in longer sides of the face box."""


def chip_matrix(box: Rect) -> np.ndarray:
    """(2, 3) matrix from displayed pixels to chip pixels: the upright square around the middle of the face box."""
    x, y, width, height = box
    side = SQUARE_SIDE * max(width, height)
    left, top = x + (width - side) / 2, y + (height - side) / 2
    return np.array([[1, 0, -left], [0, 1, -top]]) * (CHIP_PX / side)


def emotions(
    session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS, wanted: np.ndarray | None = None
) -> Array:
    """(N, 7) float32 probabilities in the order of `faces.EMOTIONS` for chips (N, 64, 64, 3) uint8 RGB. wanted: see
    `in_batches`."""
    planes = tools.grey_input(chips)
    return run_in_batches(session, ("image", "probabilities"), planes, batch, len(EMOTIONS), wanted)
