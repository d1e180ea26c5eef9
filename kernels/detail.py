"""The finest detail in each cell of a picture: the strongest Laplacian of its luma.

A mean over the cell would tell how much of it is textured; the strongest tells how sharp its sharpest edge is, which is
what focus is seen by. All numbers are whole, so every device finds the same.
"""

from __future__ import annotations

import numpy as np

LUMA_WEIGHTS = (54, 183, 19)
"""Weights of R', G' and B' in luma (ITU-R BT.709), in 256ths."""
LUMA_UNIT = sum(LUMA_WEIGHTS)
"""What one code value of luma counts in `Ops.detail`."""


def strongest_detail(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) int32: see `kernels.ops.Ops.detail`."""
    luma = np.pad(_luma(picture), 1, mode="edge")
    middle, beside = luma[1:-1, 1:-1], luma[1:-1, :-2] + luma[1:-1, 2:] + luma[:-2, 1:-1] + luma[2:, 1:-1]
    across, down = (cell_starts(length, cells) for length, cells in zip(picture.shape[1::-1], size, strict=True))
    strongest = np.maximum.reduceat(np.abs(4 * middle - beside), down, axis=0)
    return np.asarray(np.maximum.reduceat(strongest, across, axis=1))


def _luma(picture: np.ndarray) -> np.ndarray:
    """(h, w) int32, `LUMA_UNIT` for a code value."""
    red, green, blue = (picture[..., channel].astype(np.int32) for channel in range(3))
    return LUMA_WEIGHTS[0] * red + LUMA_WEIGHTS[1] * green + LUMA_WEIGHTS[2] * blue


def cell_starts(length: int, cells: int) -> np.ndarray:
    """(cells,) first pixel of each cell of a line of `length` pixels. A cell ends where the next one begins; where
    there are more cells than pixels, some share one."""
    return np.arange(cells) * length // cells
