"""Conversion of code values to luma, chroma and R'G'B' (ITU-T H.273). All devices take their numbers from here."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .surface import Colour, Matrix

LUMA_WEIGHTS: dict[Matrix, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}
"""K_R and K_B of each matrix; K_G is 1 - K_R - K_B (H.273 table 4, non-constant luminance)."""


class Range(NamedTuple):
    """8-bit code value of black luma, and the factors that stretch the luma and chroma excursions to 255."""

    black: float
    luma_gain: float
    chroma_gain: float


FULL = Range(0.0, 1.0, 1.0)
LIMITED = Range(16.0, 255.0 / 219.0, 255.0 / 224.0)


def code_range(colour: Colour) -> Range:
    """The range that the colour description names: `FULL` or `LIMITED`."""
    return FULL if colour.full_range else LIMITED


def chroma_columns(matrix: Matrix) -> np.ndarray:
    """(3, 2) float64: what one unit of Cb and one unit of Cr (full-range, centred on 0) add to R', G' and B'."""
    kr, kb = LUMA_WEIGHTS[matrix]
    kg = 1.0 - kr - kb
    to_red, to_blue = 2.0 * (1.0 - kr), 2.0 * (1.0 - kb)
    return np.array([[0.0, to_red], [-to_blue * kb / kg, -to_red * kr / kg], [to_blue, 0.0]])


@lru_cache(maxsize=64)
def rgb_matrix(colour: Colour, bit_depth: int) -> np.ndarray:
    """(3, 4) float64 that multiplies (Y, U, V, 1) in code values of `bit_depth` and gives R'G'B' in 0–255, not
    clipped."""
    span = code_range(colour)
    unit = 1.0 / (1 << (bit_depth - 8))
    linear = np.empty((3, 3))
    linear[:, 0] = span.luma_gain
    linear[:, 1:] = chroma_columns(colour.matrix) * span.chroma_gain
    offset = -linear @ np.array([span.black, 128.0, 128.0])
    return np.column_stack([linear * unit, offset])


@lru_cache(maxsize=64)
def opponent_axes(colour: Colour) -> tuple[tuple[float, float], tuple[float, float]]:
    """What one centred 8-bit code unit of U and of V adds to R'-G' and to (R'+G')/2 - B'. Luma cancels out of both.

    Returns ((U to R'-G', V to R'-G'), (U to (R'+G')/2 - B', V to (R'+G')/2 - B')).
    """
    red, green, blue = (column * code_range(colour).chroma_gain for column in chroma_columns(colour.matrix))
    rg, yb = red - green, (red + green) / 2.0 - blue
    return (float(rg[0]), float(rg[1])), (float(yb[0]), float(yb[1]))
