"""Sums over a small picture from which the composition scores (symmetry, calm background) are computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PixelBox = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels; right and bottom are exclusive. The box is empty when right <= left or
bottom <= top."""

BT709_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of R', G' and B' in luma (ITU-R BT.709)."""


class Balance(NamedTuple):
    """Sums over all pixels of a picture.

    The gradient is the length of luma's gradient in luma units per pixel: half the difference of the two neighbours, at
    the edges the difference to the one neighbour.
    """

    gradient_outside: float
    """Sum of the gradient over the pixels outside the subject's box."""
    pixels_outside: float
    """Number of pixels outside the subject's box."""
    luma: float
    luma_squared: float
    luma_mirrored: float
    """Sum of luma times the luma at the horizontally mirrored column."""


def balance_sums(picture: np.ndarray, subject: PixelBox) -> np.ndarray:
    """The sums of a picture, (5,) float64 in the order of `Balance`.

    picture: (h, w, 3) uint8 R'G'B', at least 2×2 pixels. subject: the box of pixels that do not count as background.
    """
    luma = picture.astype(np.float32) @ BT709_WEIGHTS
    gradient, wide = np.hypot(*np.gradient(luma)).astype(np.float64), luma.astype(np.float64)
    outside = np.ones(luma.shape, bool)
    left, top, right, bottom = subject
    outside[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
    sums = Balance(
        gradient_outside=gradient[outside].sum(),
        pixels_outside=outside.sum(),
        luma=wide.sum(),
        luma_squared=(wide * wide).sum(),
        luma_mirrored=(wide * wide[:, ::-1]).sum(),
    )
    return np.array(sums, np.float64)
