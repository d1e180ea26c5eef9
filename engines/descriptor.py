"""Image descriptors: unit vectors whose cosine tells how alike two pictures are. From 0.5 on they show the same
picture.

A descriptor joins the detector's backbone features at width 320, pooled 3×3 and standardised cell by cell with fixed
constants (`descriptor_stats.npz`, 864 means and standard deviations in the order channel, row, column), and a small
grid of colours.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array

from .tools import HOST_TOOLS, EngineTools

COLOUR_WEIGHT = 0.6

FLAT_DEVIATION = 6.0
"""Standard deviation of luma (0–255) of the 48×27 thumbnail below which a picture has too little structure to
compare."""

STATS_FILE = Path(__file__).with_name("descriptor_stats.npz")


def picture_descriptors(
    features: Array, pictures: Array, ops: Ops, tools: EngineTools = HOST_TOOLS
) -> list[np.ndarray | None]:
    """A (1056,) float32 unit vector on the host for each picture, or None for a flat picture. Synchronises (on a
    device).

    features: (N, 96, h, w) float32, the part of the detector's features that shows the pictures. pictures: (N, H, W, 3)
    uint8 RGB, the same part. On a device the numbers are downloaded in half precision, which changes cosines by less
    than .001 (measured: .0002 between the probes of a film).
    """
    host = ops.to_host(tools.picture_numbers(features, pictures))
    return [_joined(row) for row in host.astype(np.float32, copy=False)]


def _joined(numbers: np.ndarray) -> np.ndarray | None:
    """The descriptor from the standard deviation of luma, the pooled features and the grid of colours."""
    if float(numbers[0]) < FLAT_DEVIATION:
        return None
    mean, std = _stats()
    pooled, colours = np.split(numbers[1:], [len(mean)])
    colours = colours.reshape(3, -1).T.reshape(-1)
    parts = [_unit((pooled - mean) / std), np.float32(COLOUR_WEIGHT) * _unit(colours - colours.mean())]
    return _unit(np.concatenate(parts))


@cache
def _stats() -> tuple[np.ndarray, np.ndarray]:
    with np.load(STATS_FILE) as stats:
        return np.asarray(stats["mean"]), np.asarray(stats["std"])


def _unit(vector: np.ndarray) -> np.ndarray:
    unit: np.ndarray = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit
