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


def rgb_thumbnails(luma: np.ndarray, pictures: Sequence[Surface], rotation: Rotation) -> np.ndarray:
    """(N, h, w, 3) uint8 R'G'B' of N pictures as they were measured (8 bits, stored orientation).

    luma: (N, h, w) their cell means in displayed orientation, 0–255 full-range units. Chroma is added as means over the
    same cells.
    """
    count, height, width = luma.shape
    chroma = turned_cells(_chroma_means(pictures, rotated_size((width, height), rotation)), rotation)
    matrices = [rgb_matrix(picture.colour, 8)[:, 1:3] for picture in pictures]
    columns, out = np.array(matrices, np.float32).reshape(count, 3, 2), np.empty((count, height, width, 3), np.uint8)
    cells_to_rgb(luma, chroma, columns, out)
    return out


def _chroma_means(pictures: Sequence[Surface], size: tuple[int, int]) -> np.ndarray:
    """(N, 2, h, w) float32 means of chroma over `size` (width, height) cells, stored orientation, 8-bit codes around 0;
    0 for a grey picture."""
    (wide, high), means = size, np.full((len(pictures), 2, size[1], size[0]), _GREY, np.float32)
    for cells, picture in zip(means, pictures, strict=True):
        if picture.u is not None and picture.v is not None:
            height, width = picture.u.shape
            chroma_cells(picture.u, picture.v, coverage(height, high), coverage(width, wide), cells)
    means -= _GREY
    return means


def turned_cells(cells: np.ndarray, rotation: Rotation) -> np.ndarray:
    """Stored pictures (…, h, w) turned to displayed orientation."""
    return np.rot90(cells, -(rotation // 90), axes=(-2, -1)) if rotation else cells
