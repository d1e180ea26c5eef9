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

from .grey import LUMA
from .tools import HOST, EngineTools

SAME_PICTURE = 0.5
COLOUR_WEIGHT = 0.6
CELLS = 3
COLOUR_CELLS = 8
LENGTH = 96 * CELLS**2 + 3 * COLOUR_CELLS**2

FLAT_DEVIATION = 6.0
"""Luma deviation (0–255) of the 48×27 thumbnail below which a picture has no structure to compare."""

STATS_FILE = Path(__file__).with_name("descriptor_stats.npz")


def describe(features: Array, pictures: Array, ops: Ops, tools: EngineTools = HOST) -> list[np.ndarray | None]:
    """Of each picture a (1056,) float32 unit vector on the host, or None for a flat one. Synchronises (device only).

    `features`: (N, 96, h, w) float32 of the part of the detector's input that shows the pictures;
    `pictures`: (N, H, W, 3) uint8 RGB, the same part. From a device the numbers come in half precision, which moves
    cosines by less than .001 (measured: .0002 between the probes of a film).
    """
    count, planes = len(pictures), pictures.transpose(0, 3, 1, 2).astype("float32")
    thumbs = area_mean(planes, 27, 48, tools).reshape(count, 3, -1)
    deviations = (tools.constant(_luma_weights) @ thumbs).std(2)
    colours = area_mean(planes, COLOUR_CELLS, COLOUR_CELLS, tools)
    numbers = [deviations, _pooled(features, tools).reshape(count, -1), colours.reshape(count, -1)]
    host = ops.to_host(tools.packed(np.concatenate(numbers, 1)))
    return [_joined(row) for row in host.astype(np.float32, copy=False)]


def _joined(numbers: np.ndarray) -> np.ndarray | None:
    """The vector, from the deviation of luma, the pooled features and the grid of colours."""
    if float(numbers[0]) < FLAT_DEVIATION:
        return None
    mean, std = _stats()
    pooled, colours = np.split(numbers[1:], [len(mean)])
    colours = colours.reshape(3, -1).T.reshape(-1)
    parts = [_unit((pooled - mean) / std), np.float32(COLOUR_WEIGHT) * _unit(colours - colours.mean())]
    return _unit(np.concatenate(parts))


def area_mean(planes: Array, rows: int, columns: int, tools: EngineTools = HOST) -> Array:
    """(…, H, W) float32 → (…, rows, columns): means over equal parts, whose borders may cut pixels."""
    height, width = planes.shape[-2:]
    mean: Array = tools.constant(_shares, height, rows) @ planes @ tools.constant(_shares, width, columns).T
    return mean


def _pooled(features: Array, tools: EngineTools) -> Array:
    """(N, 96, h, w) float32 → (N, 96, CELLS, CELLS)."""
    height, width = features.shape[-2:]
    mean: Array = tools.constant(_cells, height) @ features @ tools.constant(_cells, width).T
    return mean


def _luma_weights() -> np.ndarray:
    """(1, 3) float32."""
    return np.array([LUMA], np.float32)


@lru_cache(maxsize=32)
def _cells(length: int) -> np.ndarray:
    """(CELLS, length) float32: means over the stretches of a side."""
    weights = np.zeros((CELLS, length), np.float32)
    for row, part in zip(weights, _parts(length), strict=True):
        row[part] = 1 / (part.stop - part.start)
    return weights


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
