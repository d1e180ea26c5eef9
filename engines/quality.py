"""Photographic quality of a face: sharpness, noise, contrast, overexposure, motion blur and light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.surface import Array, Rect, Surface

from .grey import grey

_BURNT_LUMA = 248.0
_GRAIN_GAIN = (3.141592653589793 / 2) ** 0.5 / 6.0
PATCH_PX = 64
"""Side of the square in the middle of a face in which noise is measured, pixels."""
_GRAIN_LINES, _INSIDE = 300.0, 0.75
"""Length of the picture's shorter side at the scale of that square, and the largest share of a face that the square
takes.

At this scale noise stands out whatever the size of the face: shots with noise lie 5.1 to 17.9 times above their film's
median, all others 3.5 times at most (four episodes). On chips, whose scale follows the face, it was 2.7 to 17.5 and
3.2; in the picture's own pixels coding has smoothed noise away.
"""
MEASURES = ("focus", "grain", "contrast", "burnt_ratio", "blur_anisotropy", "luma")


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of the luma (0–255) of one face."""

    focus: float
    """Variance of the 4-neighbour Laplacian, squared luma units."""
    grain: float
    """Standard deviation of noise after Immerkær 1996, luma units, at one scale of the picture (`patch_matrix`). Fine
    texture adds a little to it."""
    contrast: float
    """Standard deviation, luma units."""
    burnt_ratio: float
    """Share of pixels at or above 248, 0–1."""
    blur_anisotropy: float
    """Coherence of the structure tensor, 0–1: near 1 all edges have one direction, as under motion blur."""
    luma: float
    """Mean."""


def patch_matrix(surface: Surface, box: Rect) -> np.ndarray:
    """(2, 3) matrix from displayed pixels to the pixels of the square in the middle of a face. box: x, y, width, height
    in displayed pixels."""
    x, y, width, height = box
    lines = min(surface.geometry.display_width, surface.geometry.display_height)
    scale = max(_GRAIN_LINES / lines, PATCH_PX / max(_INSIDE * max(width, height), 1.0))
    left, top = x + width / 2 - PATCH_PX / scale / 2, y + height / 2 - PATCH_PX / scale / 2
    return np.array([[scale, 0, -scale * left], [0, scale, -scale * top]])


def measure_quality(chips: Array) -> Array:
    """(N, 6) float32 in the order of `MEASURES` for chips (N, h, w, 3) uint8 RGB, on the chips' device."""
    luma = grey(chips)
    middle = luma[:, 1:-1, 1:-1]
    cross = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    corners = luma[:, :-2, :-2] + luma[:, :-2, 2:] + luma[:, 2:, :-2] + luma[:, 2:, 2:]
    flat = (len(luma), -1)
    focus = (cross - 4 * middle).reshape(flat).var(1)
    grain = abs(corners - 2 * cross + 4 * middle).reshape(flat).mean(1) * _GRAIN_GAIN
    pixels = luma.reshape(flat)
    burnt = (pixels >= _BURNT_LUMA).astype("float32").mean(1)
    measures: Array = focus[:, None].repeat(len(MEASURES), axis=1)
    measures[:, 1], measures[:, 2], measures[:, 3] = grain, pixels.std(1), burnt
    measures[:, 4], measures[:, 5] = _coherence(luma), pixels.mean(1)
    return measures


def _coherence(luma: Array) -> Array:
    """(N,) √((xx − yy)² + 4xy²) / (xx + yy) of central differences of luma (N, h, w)."""
    across = (luma[:, 1:-1, 2:] - luma[:, 1:-1, :-2]).reshape(len(luma), -1)
    down = (luma[:, 2:, 1:-1] - luma[:, :-2, 1:-1]).reshape(len(luma), -1)
    xx, yy, xy = (across * across).mean(1), (down * down).mean(1), (across * down).mean(1)
    coherence: Array = (((xx - yy) ** 2 + 4 * xy**2) ** 0.5) / (xx + yy + 1e-6)
    return coherence
