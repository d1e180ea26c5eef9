"""Luma of R'G'B' chips."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

BT601_WEIGHTS = (0.299, 0.587, 0.114)
"""Weights of R', G' and B' in luma (ITU-R BT.601), as in the grey pictures that the expression network was trained
on."""


def grey(chips: Array) -> Array:
    """(N, h, w) float32 luma, 0–255, of chips (N, h, w, 3) uint8 RGB."""
    red, green, blue = (chips[..., channel].astype("float32") for channel in range(3))
    return (
        red * np.float32(BT601_WEIGHTS[0]) + green * np.float32(BT601_WEIGHTS[1]) + blue * np.float32(BT601_WEIGHTS[2])
    )
