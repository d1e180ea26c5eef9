"""The colour of what is worn below a face: evidence for who somebody is, beside the face."""

from __future__ import annotations

import cv2
import numpy as np

from kernels.surface import Rect, Surface

CELLS = (4, 3)
"""Columns and rows of mean colours that are taken of the area."""
_AREA = (-1.0, 1.4, 3.0, 2.0)
"""The area in widths and heights of the face box, from its top left corner: shoulders and chest. Chosen by eye."""
_LEAST_SEEN = 0.3
"""Share of the area that the picture must show, and share of the cells that must not be black. Chosen by eye."""
_BLACK = 14
"""Cells in which no channel is brighter (0–255) are left out: they may be black bars."""


def clothes_rect(surface: Surface, box: Rect) -> Rect:
    """The part of the area below a face that the picture shows (displayed pixels); the whole picture where it shows
    nothing of it."""
    left, top, width, height = _area(box)
    right = min(left + width, surface.geometry.display_width)
    bottom = min(top + height, surface.geometry.display_height)
    left, top = max(left, 0.0), max(top, 0.0)
    if right - left < 1 or bottom - top < 1:
        return 0.0, 0.0, float(surface.geometry.display_width), float(surface.geometry.display_height)
    return left, top, right - left, bottom - top


def clothes_colour(cells: np.ndarray, seen: Rect, box: Rect) -> np.ndarray | None:
    """(3,) float32 mean CIE L*a*b* of the clothes, None where too little of them is seen.

    `cells`: (36,) R'G'B' 0–255, rows of columns of channels (`CELLS`). `seen`: the `clothes_rect` they were taken of.
    `box`: the face's.
    """
    _, _, width, height = _area(box)
    colours = cells.reshape(-1, 1, 3).astype(np.float32)
    lit = colours.max(axis=(1, 2)) > _BLACK
    if seen[2] * seen[3] < _LEAST_SEEN * width * height or seen[1] < box[1] + box[3] or lit.mean() < _LEAST_SEEN:
        return None
    lab: np.ndarray = cv2.cvtColor(colours / np.float32(255), cv2.COLOR_RGB2LAB)[lit, 0].mean(axis=0)
    return lab


def _area(box: Rect) -> Rect:
    x, y, width, height = box
    return x + _AREA[0] * width, y + _AREA[1] * height, _AREA[2] * width, _AREA[3] * height
