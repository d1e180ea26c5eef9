"""Highest luma of the parts of each displayed row and column over many frames, on the host."""

from __future__ import annotations

import numpy as np

from .bars import LIT, SEGMENTS, Darkness, classify_lines
from .colour import code_range
from .fused import flat, part_means
from .surface import Geometry, Rotation, Surface


class ProfileAccumulator:
    """Keeps the highest mean luma that each part of each row and column reached. Its memory depends on the picture's
    size only.

    `rows` (displayed height, SEGMENTS) and `columns` (displayed width, SEGMENTS): float32, 0–255 full-range units.
    Parts run from left to right in a row, from top to bottom in a column.
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._clear()

    def _clear(self) -> None:
        self._frames = 0
        self.rows = np.zeros((self._geometry.display_height, SEGMENTS), np.float32)
        self.columns = np.zeros((self._geometry.display_width, SEGMENTS), np.float32)

    def add(self, surface: Surface) -> None:
        """Adds one frame."""
        span = code_range(surface.colour)
        unit = 1.0 / (1 << (surface.bit_depth - 8))
        stored = segment_means(surface.y)
        rows, columns = displayed_profiles(*stored, self._geometry.rotation)
        for kept, new in ((self.rows, rows), (self.columns, columns)):
            luma = (resized_profile(new, len(kept)) * unit - span.black) * span.luma_gain
            np.maximum(kept, luma, out=kept)
        self._frames += 1

    def take(self) -> Darkness:
        """The classes of rows and columns over the frames added since the last call; then starts again from nothing."""
        lit = bool((self.rows >= LIT).any())
        taken = Darkness(self._frames, classify_lines(self.rows), classify_lines(self.columns), lit)
        self._clear()
        return taken


def segment_edges(length: int) -> np.ndarray:
    """(SEGMENTS + 1,) int: where the parts of a line of `length` pixels begin and end. Parts of short lines may be
    empty."""
    return np.arange(SEGMENTS + 1) * length // SEGMENTS


def segment_means(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means in code values of the parts of each row, (h, SEGMENTS) float32, and of each column, (w, SEGMENTS) float32.

    An empty part (of a line shorter than SEGMENTS pixels) has the value of the pixel at its beginning.
    """
    rows, columns = part_means(*flat(luma), segment_edges(luma.shape[1]), segment_edges(luma.shape[0]))
    return rows, columns


def displayed_profiles(rows: np.ndarray, columns: np.ndarray, rotation: Rotation) -> tuple[np.ndarray, np.ndarray]:
    """Profiles of stored rows and columns as those of displayed ones. A rotation swaps rows and columns and reverses
    their order or the order of their parts."""
    if rotation == 90:
        return columns[:, ::-1], rows[::-1]
    if rotation == 180:
        return rows[::-1, ::-1], columns[::-1, ::-1]
    if rotation == 270:
        return columns[::-1], rows[:, ::-1]
    return rows, columns


def displayed_lines(rows: np.ndarray, columns: np.ndarray, rotation: Rotation) -> tuple[np.ndarray, np.ndarray]:
    """Like `displayed_profiles`, for one value per line instead of one per part."""
    if rotation == 90:
        return columns, rows[::-1]
    if rotation == 180:
        return rows[::-1], columns[::-1]
    if rotation == 270:
        return columns[::-1], rows
    return rows, columns


def resized_profile(profile: np.ndarray, lines: int) -> np.ndarray:
    """The profile with `lines` lines, each taken from the nearest line."""
    if len(profile) == lines:
        return profile
    nearest = ((np.arange(lines) + 0.5) * (len(profile) / lines)).astype(np.int64)
    return profile[nearest]
