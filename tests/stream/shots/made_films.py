"""Small grey films that are made: stills, pans, dissolves and fades."""

from __future__ import annotations

import numpy as np

from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry, Surface

WIDTH, HEIGHT, FPS = 128, 72, 25.0
Film = list[np.ndarray]
BLACK = np.zeros((HEIGHT, WIDTH))


def scene(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(height, width) float luma 20–235: blobs and edges of several sizes, another picture for every seed."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width))
    for cell in (36, 18, 6, 2):
        coarse = random.normal(0, cell**0.7, (height // cell + 2, width // cell + 2))
        picture += np.kron(coarse, np.ones((cell, cell)))[:height, :width]
    low, high = np.percentile(picture, [1, 99])
    return np.asarray(20 + 215 * np.clip((picture - low) / (high - low), 0, 1) ** random.uniform(0.6, 1.6))


def still(seed: int, frames: int) -> Film:
    return [scene(seed)] * frames


def pan(seed: int, frames: int, step: int = 2) -> Film:
    wide = scene(seed, width=WIDTH + step * frames)
    return [wide[:, step * i : step * i + WIDTH] for i in range(frames)]


def mix(a: Film, b: Film) -> Film:
    """The frames of a dissolve from a to b; each of them, and the dissolve, has `len(a)` frames."""
    shares = (np.arange(len(a)) + 1) / (len(a) + 1)
    return [(1 - s) * x + s * y for s, x, y in zip(shares, a, b, strict=True)]


def fade(seed: int, frames: int, towards: np.ndarray = BLACK) -> Film:
    return mix([scene(seed)] * frames, [towards] * frames)


def rows_of(film: Film, pts_s: np.ndarray | None = None) -> np.ndarray:
    """The rows that the meter measures of a grey film."""
    times = np.arange(len(film)) / FPS if pts_s is None else pts_s
    shown = Geometry(WIDTH, HEIGHT)
    surfaces = [Surface(p.astype(np.uint8), None, None, 8, Colour(full_range=True), shown) for p in film]
    return CpuOps().meter(shown).measure(surfaces, times, np.arange(len(film), dtype=np.int32))
