"""Frames of made films, at the size that the network for shot boundaries is shown."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from skimage import data

WIDTH_PX, HEIGHT_PX = 48, 27
PHOTOGRAPHS = ("astronaut", "coffee", "rocket", "chelsea")


def scene(photograph: str, length: int) -> np.ndarray:
    """(length, 27, 48, 3) uint8: the camera moves slowly over a photograph."""
    pixels = getattr(data, photograph)()[..., :3]
    picture = cv2.resize(pixels, (24 * WIDTH_PX, 24 * HEIGHT_PX), interpolation=cv2.INTER_AREA)
    width, height = 16 * WIDTH_PX, 16 * HEIGHT_PX
    parts = (picture[2 * number : 2 * number + height, number : number + width] for number in range(length))
    return np.stack([cv2.resize(part, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA) for part in parts])


def cut_film(lengths: Sequence[int]) -> np.ndarray:
    """Scenes of these numbers of frames, at most four of at most 100, joined by cuts; (T, 27, 48, 3) uint8."""
    return np.concatenate([scene(name, length) for name, length in zip(PHOTOGRAPHS, lengths, strict=False)])
