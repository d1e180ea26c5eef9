"""From sums over a picture to the numbers of its row; shared by all devices, so that they cannot disagree."""

from __future__ import annotations

from functools import lru_cache
from math import atan2, hypot, pi, radians

import numpy as np

from .colour import Range
from .surface import Rotation

_FLAT = 1e-9


def structure(xx: float, yy: float, xy: float, rotation: Rotation) -> tuple[float, float, float]:
    """Energy, coherence (0–1) and direction of least energy (radians in [0, π), displayed) of a structure tensor.

    Coherence is (λ₁ - λ₂) / (λ₁ + λ₂) of the tensor's eigenvalues (Bigün & Granlund 1987); 0 for a flat picture.
    """
    energy = xx + yy
    if energy <= _FLAT:
        return 0.0, 0.0, 0.0
    coherence = min(1.0, hypot(xx - yy, 2.0 * xy) / energy)
    along = atan2(2.0 * xy, xx - yy) / 2.0 + pi / 2.0 + radians(rotation)
    angle = along % pi
    return energy, coherence, angle if angle < np.float32(pi) else 0.0


def luma_moments(codes: np.ndarray, span: Range) -> tuple[float, float]:
    """Mean and deviation in full-range units, from the (256,) histogram of 8-bit code values."""
    values = (np.arange(256.0) - span.black) * span.luma_gain
    weights = np.asarray(codes, np.float64) / max(1.0, float(np.sum(codes)))
    mean = float(weights @ values)
    deviation = float(np.sqrt(max(0.0, float(weights @ (values - mean) ** 2))))
    return min(255.0, max(0.0, mean)), deviation


def histogram_row(codes: np.ndarray, span: Range, bins: int) -> np.ndarray:
    """(bins,) uint16: the histogram over equal parts of 0–255 in full-range units, scaled to a sum of about 65,535."""
    counts = np.bincount(_bin_of_code(span, bins), weights=codes, minlength=bins)
    row: np.ndarray = np.rint(counts * (65535.0 / max(1.0, float(counts.sum())))).astype(np.uint16)
    return row


@lru_cache(maxsize=8)
def _bin_of_code(span: Range, bins: int) -> np.ndarray:
    full = np.clip((np.arange(256.0) - span.black) * span.luma_gain, 0.0, 255.0)
    places: np.ndarray = np.minimum((full * bins / 256.0).astype(np.int64), bins - 1)
    return places
