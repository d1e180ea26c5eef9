"""The seven-class expression network. The *change* of its vector says more than its label: it over-calls fear."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array, Rect

from .batches import run_in_batches
from .session import Session

CHIP_PX = 64
MARGIN = 1.2
"""Side of the square the network looks at, in longer sides of the face box."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of R'G'B' in luma (ITU-R BT.601), as in the grey pictures the network learned from."""


def chip_matrix(box: Rect) -> np.ndarray:
    """(2, 3) map, displayed pixels → chip pixels: the upright square around the middle of the face box."""
    x, y, width, height = box
    side = MARGIN * max(width, height)
    left, top = x + (width - side) / 2, y + (height - side) / 2
    return np.array([[1, 0, -left], [0, 1, -top]]) * (CHIP_PX / side)


def grey(chips: Array) -> Array:
    """(N, h, w, 3) uint8 RGB → (N, h, w) float32 luma, 0–255."""
    red, green, blue = (chips[..., channel].astype("float32") for channel in range(3))
    return red * np.float32(LUMA[0]) + green * np.float32(LUMA[1]) + blue * np.float32(LUMA[2])


def emotions(session: Session, chips: Array, batch: int) -> Array:
    """(N, 64, 64, 3) uint8 RGB chips → (N, 7) float32 probabilities in the order of `faces.EMOTIONS`."""
    scaled = (grey(chips)[:, None] / np.float32(255) - np.float32(0.5)) * np.float32(2)
    return run_in_batches(session, "image", scaled, "probabilities", batch)
