"""Mean luma of the parts of each displayed row and column of a frame, on the host."""

from __future__ import annotations

import numpy as np

from .bars import SEGMENTS
from .colour import code_range
from .cpu_tone_mapping import mapped_luma
from .fused import flat, part_means
from .surface import Colour, Geometry, Rotation, Surface
from .tone_mapping import is_mapped


def profiles_of(surface: Surface, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The mean luma of each part of each displayed row, (displayed height, SEGMENTS), and of each displayed column,
    (displayed width, SEGMENTS): float32, 0–255 full-range units. Luma below black counts as black.

    Parts run from left to right in a row, from top to bottom in a column.
    """
    span, unit = code_range(surface.colour), 1.0 / (1 << (surface.bit_depth - 8))
    stored = displayed_profiles(*segment_means(surface.y), geometry.rotation)
    rows, columns = (
        _shown((resized_profile(lines, count) * unit - span.black) * span.luma_gain, surface.colour)
        for lines, count in zip(stored, (geometry.display_height, geometry.display_width), strict=True)
    )
    return rows, columns


def _shown(luma: np.ndarray, colour: Colour) -> np.ndarray:
    held = np.maximum(luma, 0.0).astype(np.float32)
    return mapped_luma(held, colour) if is_mapped(colour) else held


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


def resized_profile(profile: np.ndarray, lines: int) -> np.ndarray:
    """The profile with `lines` lines, each taken from the nearest line."""
    if len(profile) == lines:
        return profile
    nearest = ((np.arange(lines) + 0.5) * (len(profile) / lines)).astype(np.int64)
    return profile[nearest]
