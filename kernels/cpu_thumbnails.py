"""The coloured thumbnails of a batch (`kernels.ops.Meter.thumbnails`) on the host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .colour import rgb_matrix
from .fused import cells_to_rgb, chroma_cells
from .geometry import rotated_size
from .planes import coverage
from .surface import Rotation, Surface

_GREY = 128
Chroma = tuple[np.ndarray, np.ndarray] | None
"""Planes of a picture, (h, w) uint8 codes each; None of a grey one."""


class HostThumbnails:
    """Thumbnails that are made when they are read, as by `np.asarray`: few of a film's are. Until then the chroma of
    the pictures is kept, as they were measured (8 bits, stored orientation).

    luma: (N, h, w) cell means in displayed orientation, 0–255 full-range units. Chroma is added as means over the same
    cells.
    """

    def __init__(self, luma: np.ndarray, pictures: Sequence[Surface], rotation: Rotation) -> None:
        self._luma, self._rotation = luma, rotation
        self._chroma: list[Chroma] = [None if p.u is None or p.v is None else (p.u, p.v) for p in pictures]
        self._colours = [picture.colour for picture in pictures]

    def __len__(self) -> int:
        return len(self._chroma)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """(N, h, w, 3) uint8 R'G'B'. Raises ValueError for `copy=False`: they are made anew each time."""
        if copy is False:
            raise ValueError("thumbnails are made anew each time they are read")
        count, height, width = self._luma.shape
        means = _chroma_means(self._chroma, rotated_size((width, height), self._rotation))
        matrices = [rgb_matrix(colour, 8)[:, 1:3] for colour in self._colours]
        columns = np.array(matrices, np.float32).reshape(count, 3, 2)
        out = np.empty((count, height, width, 3), np.uint8)
        cells_to_rgb(self._luma, turned_cells(means, self._rotation), columns, out)
        return out if dtype is None else out.astype(dtype)


def _chroma_means(planes: Sequence[Chroma], size: tuple[int, int]) -> np.ndarray:
    """(N, 2, h, w) float32 means of chroma over `size` (width, height) cells, stored orientation, 8-bit codes around 0;
    0 for a grey picture."""
    (wide, high), means = size, np.full((len(planes), 2, size[1], size[0]), _GREY, np.float32)
    for cells, chroma in zip(means, planes, strict=True):
        if chroma is not None:
            height, width = chroma[0].shape
            chroma_cells(*chroma, coverage(height, high), coverage(width, wide), cells)
    means -= _GREY
    return means


def turned_cells(cells: np.ndarray, rotation: Rotation) -> np.ndarray:
    """Stored pictures (…, h, w) turned to displayed orientation."""
    return np.rot90(cells, -(rotation // 90), axes=(-2, -1)) if rotation else cells
