"""Black bars: the evidence that rows and columns leave over time, and the active area it proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Darkness:
    """What rows and columns of the displayed picture showed over some frames (a shot)."""

    frames: int
    rows: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True, slots=True)
class ActiveArea:
    """Pixels to cut off each side of the displayed picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
