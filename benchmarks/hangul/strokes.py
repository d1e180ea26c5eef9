"""Strokes of letters as lines: their middle, where they end, what draws them anew."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

_STROKE = 80
"""What is a stroke, 0–255: thin ones of small letters cover no pixel half."""
_NEIGHBOURS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
"""A bit for each neighbour, clockwise from the one above."""


def middle(layer: np.ndarray) -> np.ndarray:
    """(H, W) uint8, 255 on lines one pixel wide in the middle of the strokes (Zhang and Suen 1984)."""
    left = (layer > _STROKE).astype(np.uint8)
    tables = _tables()
    changed = True
    while changed:
        changed = False
        for table in tables:
            goes = np.bitwise_and(cv2.LUT(_codes(left), table), left)
            if goes.any():
                left, changed = left - goes, True
    return left * np.uint8(255)


def ends(lines: np.ndarray) -> np.ndarray:
    """(N, 2) x, y of the pixels of `middle` that have one neighbour."""
    codes = _codes((lines > 0).astype(np.uint8))
    alone = np.array([int(code).bit_count() == 1 for code in range(256)])
    return np.argwhere(alone[codes] & (lines > 0))[:, ::-1]


def thickness(layer: np.ndarray) -> float:
    """Mean width of the strokes in pixels; 0 without any."""
    length = np.count_nonzero(middle(layer))
    return float(np.count_nonzero(layer > _STROKE)) / length if length else 0.0


def disc(width: int) -> np.ndarray:
    """(width, width) uint8: what is within a circle."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(1, width), max(1, width))))


def line_kernel(length: int, angle: float) -> np.ndarray:
    """(2 length + 1, 2 length + 1) uint8: a line through the middle, as a broad pen has it."""
    pen = np.zeros((2 * length + 1, 2 * length + 1), np.uint8)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    begin, end = (tuple((length + sign * reach).round().astype(int).tolist()) for sign in (-1, 1))
    cv2.line(pen, begin, end, 1)
    return pen


def _codes(left: np.ndarray) -> np.ndarray:
    """Which neighbours each pixel has, a bit each. left: (H, W) uint8, 0 or 1."""
    return np.asarray(cv2.filter2D(left, -1, _NEIGHBOURS, borderType=cv2.BORDER_CONSTANT))


@cache
def _tables() -> list[np.ndarray]:
    """For each code 1 where the pixel may go, in the first half of a round and in the second."""
    return [np.array([_goes(code, half) for code in range(256)], np.uint8) for half in (0, 1)]


def _goes(code: int, half: int) -> bool:
    p = [code >> at & 1 for at in range(8)]  # above, above right, right, …
    begins = sum(not p[at] and p[(at + 1) % 8] for at in range(8))
    if not 2 <= sum(p) <= 6 or begins != 1:
        return False
    up, right, down, left = p[0], p[2], p[4], p[6]
    if half == 0:
        return not (up and right and down) and not (right and down and left)
    return not (up and right and left) and not (up and down and left)
