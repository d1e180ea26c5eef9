"""What the composition of a picture follows from: a few sums over a small copy of it, made where the copy lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PixelBox = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels, right and bottom not included; empty when they are not the larger ones."""

BT709_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)


class Balance(NamedTuple):
    """Sums over all pixels. The gradient is that of luma, units a pixel: half the difference of the neighbours, at the
    edges that to the one neighbour."""

    gradient: float
    gradient_x: float
    """Gradient times column."""
    gradient_y: float
    """Gradient times row."""
    gradient_outside: float
    """Of the pixels that the subject does not cover."""
    pixels_outside: float
    luma: float
    luma_squared: float
    luma_mirrored: float
    """Luma times the luma at the mirrored place, left for right."""


def balance_sums(picture: np.ndarray, subject: PixelBox) -> np.ndarray:
    """(8,) float64 in the order of `Balance`, of (h, w, 3) uint8 R'G'B' with two rows and columns or more."""
    luma = picture.astype(np.float32) @ BT709_WEIGHTS
    gradient, wide = np.hypot(*np.gradient(luma)).astype(np.float64), luma.astype(np.float64)
    rows, columns = np.indices(luma.shape)
    outside = np.ones(luma.shape, bool)
    left, top, right, bottom = subject
    outside[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
    sums = Balance(
        gradient=gradient.sum(),
        gradient_x=(columns * gradient).sum(),
        gradient_y=(rows * gradient).sum(),
        gradient_outside=gradient[outside].sum(),
        pixels_outside=outside.sum(),
        luma=wide.sum(),
        luma_squared=(wide * wide).sum(),
        luma_mirrored=(wide * wide[:, ::-1]).sum(),
    )
    return np.array(sums, np.float64)
