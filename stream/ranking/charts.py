"""Colour charts: test cards and generators' patterns, whose bars may move and carry text, told from a small picture.

Bars that stand still, grey ones too, are told before that from what is measured of every frame
(stream/candidates/unusable.py), so they never become candidates.
"""

from __future__ import annotations

import cv2
import numpy as np

_LEAST_CHROMA = 140
"""Largest less smallest of red, green and blue (0–255) from which on a cell is of a pure hue; bars of 75 % have 191."""
_LEAST_SHARE, _LEAST_HUES = 0.03, 5
"""Share of the cells that a hue must have, and how many of red, yellow, green, cyan, blue and magenta a chart shows.
(Seven test cards: all six hues in each frame, but for a pattern of red, green and blue alone, which is not found; 5,675
frames of 90 films: two at most, 2026-11-30.)"""


def is_colour_chart(picture: np.ndarray) -> bool:
    """Whether a small picture (h, w, 3) uint8 RGB shows nearly all pure hues at once, each over some of it."""
    cells = picture.astype(np.float32)
    pure = cells.max(2) - cells.min(2) >= _LEAST_CHROMA
    sextants = np.rint(cv2.cvtColor(cells / 255, cv2.COLOR_RGB2HSV)[..., 0] / 60).astype(int) % 6
    shares = np.bincount(sextants[pure], minlength=6) / pure.size
    return int((shares >= _LEAST_SHARE).sum()) >= _LEAST_HUES
