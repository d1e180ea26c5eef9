"""Steps on host planes: (h, w) uint8 or uint16; sizes are (width, height)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np

from . import fused
from .surface import Rotation

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def opencv_plane(samples: np.ndarray) -> np.ndarray:
    """The plane in a layout that OpenCV reads without a copy of its own: adjacent samples in a row, rows from top to
    bottom."""
    if samples.strides[1] != samples.itemsize or samples.strides[0] < 0:
        return np.ascontiguousarray(samples)
    return samples


def halve(picture: np.ndarray, step: tuple[int, int] = (2, 2)) -> np.ndarray:
    """Means of 2×2 (or 2×1, 1×2) samples, rounded half up. An odd last row or column is dropped."""
    height, width = picture.shape[0] // step[1], picture.shape[1] // step[0]
    if step == (2, 2):
        return _halved(fused.halve_into, fused.halve_pairs_into, picture, (height, width))
    even = picture[: height * step[1], : width * step[0]]
    # Not by OpenCV: it rounds means of pairs half to even and means of squares half up, which would bias every step.
    pair = (even[:, 0::2], even[:, 1::2]) if step[0] == 2 else (even[0::2], even[1::2])
    wide = np.add(*pair, dtype=np.uint16 if picture.dtype == np.uint8 else np.uint32)
    means: np.ndarray = ((wide + 1) >> 1).astype(picture.dtype)
    return means


def halve_steps(picture: np.ndarray, steps: Sequence[tuple[int, int]]) -> np.ndarray:
    """The picture after all halving steps. Two 2×2 steps in a row are done in one pass over the pixels."""
    steps = list(steps)
    while steps:
        if steps[:2] == [(2, 2), (2, 2)]:
            # Halving twice drops the same rows and columns as dividing by four: ⌊⌊n / 2⌋ / 2⌋ = ⌊n / 4⌋.
            shape = picture.shape[0] // 4, picture.shape[1] // 4
            picture = _halved(fused.quarter_into, fused.quarter_pairs_into, picture, shape)
            del steps[:2]
        else:
            picture = halve(picture, steps.pop(0))
    return picture


_Loop = Callable[[np.ndarray, int, np.ndarray], None]


def _halved(loop: _Loop, in_pairs: _Loop, picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """What `loop` gives, by `in_pairs` where the picture can be read in pairs: the same numbers in half the time."""
    out, line = np.empty(shape, picture.dtype), fused.flat(picture)
    paired = fused.pairs(*line)
    if paired is None:
        loop(*line, out)
    else:
        in_pairs(*paired, out)
    return out


def to_8_bit(picture: np.ndarray, bit_depth: int) -> np.ndarray:
    """Code values of `bit_depth` as uint8: scaled, rounded half to even and clipped."""
    if picture.dtype == np.uint8:
        return picture
    return cv2.convertScaleAbs(picture, alpha=1.0 / (1 << (bit_depth - 8)))


@lru_cache(maxsize=64)
def coverage(length: int, cells: int) -> np.ndarray:
    """(cells, length) float32: the share of each cell that each pixel covers when both divide the same line."""
    edges = np.linspace(0.0, length, cells + 1)
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    result: np.ndarray = (np.clip(overlap, 0.0, None) * cells / length).astype(np.float32)
    return result


def rotated(picture: np.ndarray, rotation: Rotation) -> np.ndarray:
    """The picture turned clockwise by `rotation` degrees."""
    return cv2.rotate(picture, _TURNS[rotation]) if rotation else picture
