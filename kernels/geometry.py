"""Where a stored pixel is displayed, and the sizes at which a picture is measured. Angles are clockwise, y points
down."""

from __future__ import annotations

import numpy as np

from .stats import ANALYSIS_LONG_SIDE
from .surface import Geometry, Rect, Rotation, Surface

CHROMA_LONG_SIDE = ANALYSIS_LONG_SIDE // 2
"""Chroma planes are halved while their longer side is at least twice this many pixels."""


def rotated_size(size: tuple[int, int], rotation: Rotation) -> tuple[int, int]:
    """(width, height) after a rotation: 90° and 270° swap the two. The function is its own inverse."""
    return (size[1], size[0]) if rotation % 180 else size


def analysis_size(geometry: Geometry) -> tuple[int, int]:
    """(width, height) of the measured luma in *stored* orientation: displayed aspect ratio, longer side at most 480,
    never enlarged."""
    width, height = geometry.display_width, geometry.display_height
    scale = min(1.0, ANALYSIS_LONG_SIDE / max(width, height))
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    return rotated_size(shown, geometry.rotation)


def halvings(size: tuple[int, int], target: tuple[int, int]) -> list[tuple[int, int]]:
    """The halving steps from `size` towards `target` (both width, height), each a pair of factors (x, y) of 1 or 2.

    A side is halved while it is at least twice its target. Both sides are halved together while both can be. An odd
    last row or column is dropped by a step.
    """
    (width, height), steps = size, list[tuple[int, int]]()
    while True:
        step = (2 if width >= 2 * target[0] and width > 1 else 1, 2 if height >= 2 * target[1] and height > 1 else 1)
        if step == (1, 1):
            return steps
        steps.append(step)
        width, height = width // step[0], height // step[1]


def chroma_halvings(size: tuple[int, int]) -> int:
    """How often both sides of a chroma plane of `size` (width, height) are halved before its colours are measured."""
    (width, height), count = size, 0
    while max(width, height) >= 2 * CHROMA_LONG_SIDE and min(width, height) >= 2:
        width, height, count = width // 2, height // 2, count + 1
    return count


def stored_to_displayed(stored: tuple[int, int], geometry: Geometry) -> np.ndarray:
    """(3, 3) float64 that maps stored to displayed coordinates, both measured from the corner of the first pixel.
    `stored`: (width, height) of the luma plane."""
    width, height = rotated_size((geometry.display_width, geometry.display_height), geometry.rotation)
    scale = np.diag([width / stored[0], height / stored[1], 1.0])
    turn = {
        0: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        90: [[0.0, -1.0, height], [1.0, 0.0, 0.0]],
        180: [[-1.0, 0.0, width], [0.0, -1.0, height]],
        270: [[0.0, 1.0, 0.0], [-1.0, 0.0, width]],
    }[geometry.rotation]
    return np.vstack([turn, [0.0, 0.0, 1.0]]) @ scale


def stored_rect(surface: Surface, rect: Rect | None) -> Rect:
    """The rectangle of stored luma pixels, corner coordinates, that is displayed in `rect`; the whole plane when `rect`
    is None."""
    height, width = surface.y.shape
    return rect_in((width, height), surface.geometry, rect)


def rect_in(stored: tuple[int, int], geometry: Geometry, rect: Rect | None) -> Rect:
    """`stored_rect` for a picture whose luma plane is `stored` (width, height)."""
    width, height = stored
    if rect is None:
        return 0.0, 0.0, float(width), float(height)
    back = np.linalg.inv(stored_to_displayed(stored, geometry))
    x, y, w, h = rect
    corners = back[:2, :2] @ np.array([[x, x + w], [y, y + h]]) + back[:2, 2:]
    low, high = corners.min(axis=1), corners.max(axis=1)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def output_size(geometry: Geometry, rect: Rect | None, size: tuple[int, int] | None) -> tuple[int, int]:
    """(width, height) of what `Ops.rgb` returns: `size`, or the rectangle's own size rounded, at least 1.

    Raises ValueError for a rectangle or size without area.
    """
    if rect is not None and not (rect[2] > 0 and rect[3] > 0):
        raise ValueError(f"rect {rect} has no area")
    if size is None:
        shown = (geometry.display_width, geometry.display_height) if rect is None else (rect[2], rect[3])
        return max(1, round(shown[0])), max(1, round(shown[1]))
    if min(size) < 1:
        raise ValueError(f"size {size} has no area")
    return size


def index_matrix(corner: np.ndarray) -> np.ndarray:
    """The same mapping for coordinates whose 0 is the *centre* of the first pixel, as in OpenCV's warps."""
    shift = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    back = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]])
    result: np.ndarray = back @ corner @ shift
    return result
