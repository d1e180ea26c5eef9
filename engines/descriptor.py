"""What a picture looks like as one unit vector: cosine ≥ `SAME_PICTURE` means the same picture.

Backbone features of the detector at width 320, pooled 3×3 and standardised cell by cell with fixed constants
(`descriptor_stats.npz`, 864 means and deviations in the order channel, row, column), beside a small grid of colours.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array

from .emotion import LUMA

SAME_PICTURE = 0.5
COLOUR_WEIGHT = 0.6
CELLS = 3
COLOUR_CELLS = 8
LENGTH = 96 * CELLS**2 + 3 * COLOUR_CELLS**2

FLAT_DEVIATION = 6.0
"""Luma deviation (0–255) of the 48×27 thumbnail below which a picture has no structure to compare."""

STATS_FILE = Path(__file__).with_name("descriptor_stats.npz")


def describe(features: Array, picture: Array, ops: Ops) -> np.ndarray | None:
    """(1056,) float32 unit vector on the host, or None for a flat picture. Synchronises (device arrays only).

    `features`: (96, h, w) float32 of the part of the detector's input that shows the picture;
    `picture`: (H, W, 3) uint8 RGB, the same part.
    """
    planes = picture.transpose(2, 0, 1).astype("float32")
    weights = np.asarray(np.array(LUMA, np.float32), like=planes)
    if float(np.tensordot(weights, area_mean(planes, 27, 48), 1).std()) < FLAT_DEVIATION:
        return None
    mean, std = _stats()
    cells = (ops.to_host(_pooled(features)).reshape(-1) - mean) / std
    colours = ops.to_host(area_mean(planes, COLOUR_CELLS, COLOUR_CELLS)).transpose(1, 2, 0).reshape(-1)
    joined = np.concatenate([_unit(cells), np.float32(COLOUR_WEIGHT) * _unit(colours - colours.mean())])
    return _unit(joined)


def area_mean(planes: Array, rows: int, columns: int) -> Array:
    """(C, H, W) float32 → (C, rows, columns): means over equal parts, whose borders may cut pixels."""
    _, height, width = planes.shape
    down = np.asarray(_shares(height, rows), like=planes)
    across = np.asarray(_shares(width, columns), like=planes)
    mean: Array = down @ planes @ across.T
    return mean


def _pooled(features: Array) -> Array:
    rows, columns = (_parts(length) for length in features.shape[1:])
    return np.stack([features[:, row, column].mean((1, 2)) for row in rows for column in columns], 1)


def _parts(length: int) -> list[slice]:
    """`CELLS` stretches of a side, none empty."""
    edges = [round(length * i / CELLS) for i in range(CELLS + 1)]
    return [slice(min(start, length - 1), max(end, start + 1)) for start, end in pairwise(edges)]


@lru_cache(maxsize=32)
def _shares(length: int, parts: int) -> np.ndarray:
    """(parts, length) float32: the share of every pixel in every part, rows adding to one."""
    edges = np.linspace(0, length, parts + 1)
    pixels = np.arange(length)
    common = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: np.ndarray = (np.clip(common, 0, None) * (parts / length)).astype(np.float32)
    return shares


@cache
def _stats() -> tuple[np.ndarray, np.ndarray]:
    with np.load(STATS_FILE) as stats:
        return np.asarray(stats["mean"]), np.asarray(stats["std"])


def _unit(vector: np.ndarray) -> np.ndarray:
    unit: np.ndarray = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit
