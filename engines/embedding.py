"""Identity of a face: the aligned chip and the network that turns it into 128 numbers."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

from .batches import run_in_batches
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CHIP_PX = 150
LENGTH = 128
"""Numbers of a vector."""
"""Side of the network's input, pixels."""

CHIP_POINTS = np.array([(47.55, 46.60), (100.48, 46.60), (74.01, 76.56), (50.41, 103.02), (97.61, 103.02)])
"""Positions of the five landmarks of a frontal face in the chips that the network was trained on."""


def chip_matrix(landmarks: np.ndarray, size: int = CHIP_PX) -> np.ndarray:
    """(2, 3) similarity from displayed pixels to the pixels of a chip `size` wide that moves the landmarks onto
    `CHIP_POINTS`.

    landmarks: (5, 2) displayed pixels. Least squares after Umeyama 1991. Raises ValueError when all landmarks are the
    same point.
    """
    source = np.asarray(landmarks, np.float64)
    target = CHIP_POINTS * (size / CHIP_PX)
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    spread = (a**2).sum()
    if spread == 0:
        raise ValueError("the landmarks of a face coincide")
    cosine, sine = (a * b).sum() / spread, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / spread
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([rotation, target_mean - rotation @ source_mean])


def embed(
    session: Session, chips: Array, batch: int, tools: EngineTools = HOST_TOOLS, wanted: np.ndarray | None = None
) -> Array:
    """(N, 128) float32 unit vectors for chips (N, 150, 150, 3) uint8 RGB. wanted: see `in_batches`."""
    planes = tools.engine_input(chips)
    raw = run_in_batches(session, ("image", "embedding"), planes, batch, LENGTH, wanted)
    return raw / np.maximum(np.sqrt((raw * raw).sum(1, keepdims=True)), 1e-12)
