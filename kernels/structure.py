"""Computes the numbers of a row from sums over a picture, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import pi, radians

import numpy as np

from .colour import Range
from .surface import Rotation

_FLAT = 1e-9


def structure(
    xx: np.ndarray, yy: np.ndarray, xy: np.ndarray, rotation: Rotation
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energy, coherence (0–1) and direction of least energy (radians in [0, π), displayed orientation) of (N,)
    structure tensors with components `xx`, `yy`, `xy`.

    Coherence is (λ₁ - λ₂) / (λ₁ + λ₂) of the tensor's eigenvalues (Bigün & Granlund 1987). All three are 0 for a flat
    picture.
    """
    energy = xx + yy
    lit = energy > _FLAT
    coherence = np.minimum(1.0, np.hypot(xx - yy, 2.0 * xy) / np.where(lit, energy, 1.0))
    along = np.arctan2(2.0 * xy, xx - yy) / 2.0 + pi / 2.0 + radians(rotation)
    angle = along % pi
    angle = np.where(angle < np.float32(pi), angle, 0.0)
    return np.where(lit, energy, 0.0), np.where(lit, coherence, 0.0), np.where(lit, angle, 0.0)


def luma_moments(codes: np.ndarray, black: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) means and (N,) standard deviations in full-range units, from (N, 256) histograms of 8-bit code values.

    `black` and `gain` (N,): black level and luma gain of each picture, from `code_range`.
    """
    values = np.arange(256.0)
    weights = codes / np.maximum(1, codes.sum(axis=1, keepdims=True))
    mean = weights @ values
    deviation = np.sqrt(np.maximum(0.0, (weights * (values - mean[:, None]) ** 2).sum(axis=1)))
    return np.clip((mean - black) * gain, 0.0, 255.0), deviation * gain


def cell_changes(signatures: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """(N,) float32: the largest |difference| of a cell to the same cell of the frame before, 8-bit codes.

    signatures: (N, 9, 16) uint8, `signature_y` of a batch. before: (9, 16), of the frame before it; None where there is
    none, and the first change is 0.
    """
    first = signatures[:1] if before is None else before[None]
    steps = np.abs(np.diff(np.concatenate([first, signatures]).astype(np.int16), axis=0))
    return np.asarray(steps.max(axis=(1, 2)).astype(np.float32))


def histogram_rows(codes: np.ndarray, spans: Sequence[Range], bins: int) -> np.ndarray:
    """(N, bins) uint16 histograms over equal parts of 0–255 in full-range units, each with a sum of about 65,535.

    codes: (N, 256) histograms of 8-bit code values. spans: the code range of each picture.
    """
    counts = np.empty((len(codes), bins))
    for span in set(spans):
        alike = [place for place, one in enumerate(spans) if one == span]
        counts[alike] = codes[alike].astype(np.float64) @ _bins_of_codes(span, bins)
    rows: np.ndarray = np.rint(counts * (65535.0 / np.maximum(1.0, counts.sum(axis=1, keepdims=True))))
    return rows.astype(np.uint16)


@lru_cache(maxsize=8)
def _bins_of_codes(span: Range, bins: int) -> np.ndarray:
    """(256, bins) float64: 1 where a code value falls into a bin, else 0."""
    full = np.clip((np.arange(256.0) - span.black) * span.luma_gain, 0.0, 255.0)
    places = np.minimum((full * bins / 256.0).astype(np.int64), bins - 1)
    result: np.ndarray = np.eye(bins)[places]
    return result
