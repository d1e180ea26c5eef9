"""Pictures that have another shape than most of their film: each is shown whole, in its own shape, between black bars.

A shape is the size of the stored pictures and the aspect of their pixels. Both may change within a film: recordings
switch between 4:3 and 16:9 or begin with an advertisement, joined films have parts of several sizes. The film's own
shape is that of most of the places looked at before it is watched; what differs from it gets bars, and those are then
found and cut off as all others are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from kernels.colour import code_range
from kernels.surface import Geometry, Surface

from ..records import VideoInfo
from .arrangement import arrangement_within, geometry_of

_SAME_ASPECT = 1e-3
"""Relative difference from which two aspects are not the same: of two sizes that were rounded to whole pixels."""
_ROUNDING_PX = 1e-6


class Shape(NamedTuple):
    """`width`, `height`: of the stored picture, pixels. `aspect`: a pixel's width to its height, as a fraction."""

    width: int
    height: int
    aspect: tuple[int, int]

    @property
    def displayed(self) -> float:
        """The width of the displayed picture to its height."""
        return self.width * self.aspect[0] / (self.height * self.aspect[1])


def main_place(seen: Sequence[Shape]) -> int:
    """The first of the places that have the film's own shape: what most places display, and of that the most frequent
    size. seen: the shape at each place, one at least. Ties go to the larger size, then to the earlier place."""
    alike = [sum(_is_same(one.displayed, other.displayed) for other in seen) for one in seen]

    def rank(place: int) -> tuple[int, int, int, int]:
        shape = seen[place]
        return alike[place], seen.count(shape), shape.width * shape.height, -place

    return max(range(len(seen)), key=rank)


def shown_in(surface: Surface, shape: Shape, main: Shape, info: VideoInfo) -> Surface:
    """The picture in the film's own shape, arranged like it (`arrangement.arranged`), with bars where it has another.

    shape: of the picture; main: of the film, by the same measure. The picture keeps its samples, but for those beyond
    what it is displayed with: so none becomes larger than the display size of the film.
    """
    return surface if shape == main else _fitted(surface, _own_geometry(shape, main, info), info.geometry)


def is_barred(shape: Shape, main: Shape) -> bool:
    """Whether pictures of a shape get bars (or would, were these not thinner than a pixel)."""
    return not _is_same(shape.displayed, main.displayed)


@lru_cache(maxsize=64)
def _own_geometry(shape: Shape, main: Shape, info: VideoInfo) -> Geometry:
    # The container's aspect may have been put right for the film (`arrangement.shape_uncropped`).
    aspect = info.sample_aspect_ratio if shape.aspect == main.aspect else shape.aspect
    arrangement = arrangement_within(info.arrangement, shape.width, shape.height)
    return geometry_of(shape.width, shape.height, aspect, arrangement)


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) < _SAME_ASPECT * other


def _fitted(surface: Surface, own: Geometry, film: Geometry) -> Surface:
    """A stored picture of which `own` is the display size, with black bars so that it fills that of the film. However
    thin it is, its bars leave a pixel of the film's size."""
    rows, columns = surface.y.shape
    turned = film.rotation % 180 != 0
    height, width = (own.display_width, own.display_height) if turned else (own.display_height, own.display_width)
    shown = (film.display_width, film.display_height) if turned else (film.display_height, film.display_width)
    scale = min(shown[0] / height, shown[1] / width)
    # Of its own samples; the longer side has none.
    bars = rows * (shown[0] / (height * scale) - 1.0), columns * (shown[1] / (width * scale) - 1.0)
    grid = _grid(surface)
    steps = max(2, grid[0]), grid[1]  # an even number of lines, so that fields keep their names
    if all(round(bar / 2 / step) == 0 for bar, step in zip(bars, steps, strict=True)):
        return surface
    kept = min(rows, max(1, round(height * scale))), min(columns, max(1, round(width * scale)))
    down, across = (
        round(bar * size / whole / 2 / step) * step
        for bar, size, whole, step in zip(bars, kept, (rows, columns), steps, strict=True)
    )
    black, grey = code_range(surface.colour).black, 128.0
    y, u, v = (
        None if plane is None else _padded(_shrunk(plane, kept, step), down // step[0], across // step[1], ground)
        for plane, step, ground in (
            (surface.y, (1, 1), _code(black, surface)),
            (surface.u, grid, _code(grey, surface)),
            (surface.v, grid, _code(grey, surface)),
        )
    )
    added = down * shown[0] / (kept[0] + 2 * down), across * shown[1] / (kept[1] + 2 * across)
    whole = [min(math.ceil(bar - _ROUNDING_PX), (size - 1) // 2) for bar, size in zip(added, shown, strict=True)]
    lines, beside = whole[::-1] if turned else whole
    return replace(surface, y=y, u=u, v=v, bars=(lines, lines, beside, beside))


def _code(value: float, surface: Surface) -> int:
    return int(value) << (surface.bit_depth - 8)


def _grid(surface: Surface) -> tuple[int, int]:
    """Lines and columns of luma to a sample of chroma."""
    if surface.u is None:
        return 1, 1
    (rows, columns), (lines, samples) = surface.y.shape, surface.u.shape
    return max(1, round(rows / lines)), max(1, round(columns / samples))


def _shrunk(plane: np.ndarray, luma: tuple[int, int], step: tuple[int, int]) -> np.ndarray:
    rows, columns = -(-luma[0] // step[0]), -(-luma[1] // step[1])
    if plane.shape == (rows, columns):
        return plane
    return np.asarray(cv2.resize(np.ascontiguousarray(plane), (columns, rows), interpolation=cv2.INTER_AREA))


def _padded(plane: np.ndarray, down: int, across: int, ground: int) -> np.ndarray:
    rows, columns = plane.shape
    padded = np.full((rows + 2 * down, columns + 2 * across), ground, plane.dtype)
    padded[down : down + rows, across : across + columns] = plane
    return padded
