"""Filter taps of the fine resampling: separable Lanczos with three lobes, widened when it shrinks so that nothing
aliases."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

LOBES = 3


@lru_cache(maxsize=32)
def taps(start: float, span: float, length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The samples that each output pixel reads, and their weights. Filter: Duchon 1979.

    The line has `length` samples; `start` and `span` are the part of it (corner coordinates) that becomes `count`
    pixels. Returns (first, weights): `first` (count,) int32 is the first sample of each pixel and may lie outside the
    line, where the edge sample is used; `weights` (count, n) float32 sums to 1 in each row.
    """
    scale = span / count
    reach = LOBES * max(scale, 1.0)
    centre = start + (np.arange(count) + 0.5) * scale
    first = np.floor(centre - reach).astype(np.int32)
    reads = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 1)
    distance = (reads + 0.5 - centre[:, None]) / max(scale, 1.0)
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    return first, weights.astype(np.float32)
