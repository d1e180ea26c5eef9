"""How well a face is photographed: sharp, free of grain, neither flat nor burnt out, not smeared by motion."""

from __future__ import annotations

from dataclasses import dataclass

from kernels.surface import Array

from .grey import grey

_BURNT_LUMA = 248.0
_GRAIN_GAIN = (3.141592653589793 / 2) ** 0.5 / 6.0
MEASURES = ("focus", "grain", "contrast", "burnt_ratio", "blur_anisotropy")


@dataclass(frozen=True, slots=True)
class Quality:
    """Of the luma of one face chip, 0–255."""

    focus: float
    """Variance of the 4-neighbour Laplacian, squared luma units."""
    grain: float
    """Standard deviation of noise after Immerkær 1996, luma units; fine texture counts too, a little."""
    contrast: float
    """Standard deviation, luma units."""
    burnt_ratio: float
    """Share of pixels at or above 248."""
    blur_anisotropy: float
    """Coherence of the structure tensor, 0–1: near 1 all edges run one way, as under motion blur."""


def measure(chips: Array) -> Array:
    """(N, h, w, 3) uint8 RGB → (N, 5) float32 in the order of `MEASURES`, on the device of the chips."""
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
    measures[:, 4] = _coherence(luma)
    return measures


def _coherence(luma: Array) -> Array:
    """(N, h, w) → (N,): √((xx − yy)² + 4xy²) / (xx + yy) of central differences."""
    across = (luma[:, 1:-1, 2:] - luma[:, 1:-1, :-2]).reshape(len(luma), -1)
    down = (luma[:, 2:, 1:-1] - luma[:, :-2, 1:-1]).reshape(len(luma), -1)
    xx, yy, xy = (across * across).mean(1), (down * down).mean(1), (across * down).mean(1)
    coherence: Array = (((xx - yy) ** 2 + 4 * xy**2) ** 0.5) / (xx + yy + 1e-6)
    return coherence
