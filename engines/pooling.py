"""The numbers from which a descriptor is made: how much a picture varies, its pooled features, and a small grid of its
colours."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from kernels.surface import Array

from .grey import BT601_WEIGHTS

CELLS = 3
"""Features are pooled over this many rows and columns of cells."""
COLOUR_CELLS = 8
"""Colours are averaged over this many rows and columns of cells."""
_THUMB = 27, 48
"""Rows and columns of the thumbnail whose luma tells how much the picture varies."""


def picture_numbers(features: Array, pictures: Array) -> np.ndarray:
    """(N, 1 + 9·C + 192) float32 on the host: standard deviation of luma; means of C feature channels over 3×3 cells;
    means of R', G' and B' over 8×8 cells.

    features: (N, C, h, w) float32. pictures: (N, H, W, 3) uint8 RGB.
    """
    count, planes = len(pictures), pictures.transpose(0, 3, 1, 2).astype(np.float32)
    thumbs = area_mean(planes, *_THUMB).reshape(count, 3, -1)
    deviations = (np.array([BT601_WEIGHTS], np.float32) @ thumbs).std(2)
    height, width = features.shape[-2:]
    pooled = _cells(height) @ features @ _cells(width).T
    colours = area_mean(planes, COLOUR_CELLS, COLOUR_CELLS)
    return np.concatenate([deviations, pooled.reshape(count, -1), colours.reshape(count, -1)], 1)


def area_mean(planes: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Means (…, rows, columns) over equal cells of planes (…, H, W) float32. Borders of cells may lie inside pixels."""
    height, width = planes.shape[-2:]
    return np.asarray(_shares(height, rows) @ planes @ _shares(width, columns).T)


@lru_cache(maxsize=32)
def _cells(length: int) -> np.ndarray:
    """(CELLS, length) float32: weights of the means over the cells of a side; no cell is empty."""
    weights = np.zeros((CELLS, length), np.float32)
    for row, (start, end) in zip(weights, pairwise(round(length * i / CELLS) for i in range(CELLS + 1)), strict=True):
        part = slice(min(start, length - 1), max(end, min(start, length - 1) + 1))
        row[part] = 1 / (part.stop - part.start)
    return weights


@lru_cache(maxsize=32)
def _shares(length: int, parts: int) -> np.ndarray:
    """(parts, length) float32: the share of every pixel in every cell; rows sum to one."""
    edges = np.linspace(0, length, parts + 1)
    pixels = np.arange(length)
    common = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: np.ndarray = (np.clip(common, 0, None) * (parts / length)).astype(np.float32)
    return shares
