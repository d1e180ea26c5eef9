"""Colour charts as a frame shows them."""

from __future__ import annotations

import cv2
import numpy as np

from kernels.surface import Colour, Geometry, Surface

WIDTH, HEIGHT = 640, 360
_HUES = ((1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1))
SMPTE = [(1, 1, 1), *_HUES]


def bars(level: int = 191, shift_px: int = 0, text: str = "") -> np.ndarray:
    """(h, w, 3) uint8 RGB: seven bars, moved to the right, with a clock before them."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for place, colour in enumerate(SMPTE):
        picture[:, place * WIDTH // 7 : (place + 1) * WIDTH // 7] = level * np.array(colour)
    picture = np.roll(picture, shift_px, axis=1)
    if text:
        cv2.rectangle(picture, (180, 140), (460, 220), (0, 0, 0), cv2.FILLED)
        cv2.putText(picture, text, (190, 195), cv2.FONT_HERSHEY_DUPLEX, 1.5, (255, 255, 255), 2)
    return picture


def surface_of(picture: np.ndarray) -> Surface:
    """A limited-range surface of a picture (h, w, 3) uint8 RGB with even sides."""
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    rest = planes[height:].reshape(2, height // 2, width // 2)
    return Surface(planes[:height], rest[0], rest[1], 8, Colour(), Geometry(width, height))


def chart_surface() -> Surface:
    return surface_of(bars(text="00:00:12:20"))
