"""Black bars: the evidence that rows and columns leave over time, and the active area it proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DARKNESS_STRIDE = 8
"""Every so many frames the rows and columns are looked at, on every device."""

SEGMENTS = 16
"""Equal parts of a row (or column) whose means are told apart, so that a subtitle is not taken for a picture."""


@dataclass(frozen=True, slots=True)
class Darkness:
    """What rows and columns of the displayed picture showed over some frames (a shot).

    `rows` (displayed height, SEGMENTS) and `columns` (displayed width, SEGMENTS) are float32: the highest mean luma
    (0–255 full-range units) that each part of each row or column reached in the sampled frames; segments run from left
    to right in a row, from top to bottom in a column.
    """

    frames: int
    """Sampled frames; with none all values are 0."""
    rows: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True, slots=True)
class ActiveArea:
    """Pixels to cut off each side of the displayed picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
