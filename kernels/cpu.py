"""The pixel operations on the host, with OpenCV and compiled loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor, log2, prod, sqrt

import cv2
import numpy as np

from .balance import PixelBox, balance_sums
from .colour import code_range, rgb_matrix
from .combing import check_alike, field_votes
from .cpu_meter import CpuMeter
from .cpu_tone_mapping import mapped_rgb
from .detail import strongest_detail
from .filtered import lanczos
from .geometry import halvings, index_matrix, output_size, rotated_size, stored_rect, stored_to_displayed
from .ops import Part, Warps
from .planes import halve, opencv_plane, rotated
from .surface import Array, Geometry, Rect, Surface
from .tone_mapping import is_mapped

_MARGIN = 2
"""Pixels kept around the part of the picture that a chip shows, so that interpolation at its border uses real
neighbours."""


class CpuOps:
    """`kernels.ops.Ops` on the host. It has no state and may be shared between threads."""

    def meter(self, geometry: Geometry) -> CpuMeter:
        return CpuMeter(geometry)

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        rotation = surface.geometry.rotation
        stored_size = rotated_size(output_size(surface.geometry, rect, size), rotation)
        return rotated(_stored_rgb(surface, stored_rect(surface, rect), stored_size, fine), rotation)

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> Array:
        pictures = [self.rgb(surface, rect, size) for surface, rect in parts]
        return pictures[0][None] if len(pictures) == 1 else np.stack(pictures)

    def warp(self, parts: Sequence[Warps], size: int) -> Array:
        chips = np.zeros((sum(len(matrices) for _, matrices in parts), size, size, 3), np.uint8)
        left = iter(chips)
        for surface, matrices in parts:
            shown = index_matrix(stored_to_displayed((surface.y.shape[1], surface.y.shape[0]), surface.geometry))
            for matrix, chip in zip(matrices, left, strict=False):  # takes the matrix first, so no chip is skipped
                _warp_one(chip, surface, matrix @ shown)
        return chips

    def balance(self, picture: Array, subject: PixelBox) -> Array:
        return balance_sums(picture, subject)

    def detail(self, picture: Array, size: tuple[int, int]) -> Array:
        return strongest_detail(picture, size)

    def field_votes(self, first: Surface, second: Surface) -> Array:
        check_alike(first, second)
        return field_votes(first.y, second.y, first.bit_depth)

    def copy(self, surface: Surface) -> Surface:
        y, u, v = (p if p is None or p.base is None else p.copy() for p in (surface.y, surface.u, surface.v))
        return replace(surface, y=y, u=u, v=v)

    def to_host(self, array: Array) -> np.ndarray:
        return np.asarray(array)


def _stored_rgb(surface: Surface, part: Rect, size: tuple[int, int], fine: bool) -> np.ndarray:
    """(h, w, 3) uint8 R'G'B' of `part` (luma pixels, corner coordinates) at `size` (width, height), in stored
    orientation."""
    planes = [opencv_plane(p) for p in (surface.y, surface.u, surface.v) if p is not None]
    rects = [_scaled(part, surface.y, p) for p in planes]
    if fine:
        return _to_rgb([_sample_fine(p, r, size) for p, r in zip(planes, rects, strict=True)], surface)
    enlarged = size[0] > part[2] and size[1] > part[3]
    kind = cv2.INTER_CUBIC if enlarged else cv2.INTER_LINEAR
    return _to_rgb([_sample_fast(p, r, size, kind) for p, r in zip(planes, rects, strict=True)], surface)


def _scaled(rect: Rect, luma: np.ndarray, samples: np.ndarray) -> Rect:
    """The luma rectangle in the pixels of another plane. Chroma is assumed to lie in the middle of its luma pixels."""
    sx, sy = samples.shape[1] / luma.shape[1], samples.shape[0] / luma.shape[0]
    return rect[0] * sx, rect[1] * sy, rect[2] * sx, rect[3] * sy


def _sample_fast(samples: np.ndarray, rect: Rect, size: tuple[int, int], kind: int) -> np.ndarray:
    """`rect` of a plane at `size` (width, height), in the plane's dtype: halved while it is at least twice too large,
    then interpolated by OpenCV's `kind`. Edges are repeated outside the plane."""
    x, y, width, height = rect
    steps = halvings((floor(width), floor(height)), size)
    if steps:
        samples, (x, y), (sx, sy) = _halved_part(samples, rect, steps)
        width, height = width / sx, height / sy
    aligned = (x, y) == (0.0, 0.0) and abs(width - samples.shape[1]) < 1 and abs(height - samples.shape[0]) < 1
    if aligned and samples.shape == (size[1], size[0]):
        return samples
    if aligned:  # an odd column lost by halving stretches the picture by less than one pixel of the smaller one
        return cv2.resize(samples, size, interpolation=kind)
    if width == size[0] and height == size[1] and (cut := _cut(samples, x, y, size)) is not None:
        return cut
    to_part = np.array([[width / size[0], 0.0, x], [0.0, height / size[1], y]])
    to_part[:, 2] += to_part[:, :2] @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(samples, to_part, size, flags=kind | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


def _cut(samples: np.ndarray, x: float, y: float, size: tuple[int, int]) -> np.ndarray | None:
    """The pixels from (x, y) on without any filter; None when x or y lies between pixels or the part reaches beyond the
    plane."""
    left, top = int(x), int(y)
    if (left, top) != (x, y) or min(left, top) < 0:
        return None
    part = samples[top : top + size[1], left : left + size[0]]
    return part if part.shape == (size[1], size[0]) else None


def _halved_part(
    samples: np.ndarray, rect: Rect, steps: list[tuple[int, int]]
) -> tuple[np.ndarray, tuple[float, float], tuple[int, int]]:
    """The part of the plane around `rect`, halved by `steps`; where `rect` begins in it; the reduction factors in x and
    y. The part is cut at multiples of the factors."""
    sx, sy = (prod(step[axis] for step in steps) for axis in (0, 1))
    x, y, width, height = rect
    left, right = _whole_steps(x, x + width, sx, samples.shape[1])
    top, bottom = _whole_steps(y, y + height, sy, samples.shape[0])
    part = samples[top:bottom, left:right]
    for step in steps:
        part = halve(part, (min(step[0], part.shape[1]), min(step[1], part.shape[0])))
    return part, ((x - left) / sx, (y - top) / sy), (sx, sy)


def _whole_steps(begin: float, end: float, step: int, length: int) -> tuple[int, int]:
    """The smallest range of multiples of `step` that covers [begin, end), with one step more on each side, inside the
    line."""
    last = max(0, length // step - 1)
    low = min(max(0, floor(begin / step) - 1), last) * step
    high = min(length, (ceil(end / step) + 1) * step)
    return low, max(high, min(low + step, length))


def _sample_fine(samples: np.ndarray, rect: Rect, size: tuple[int, int]) -> np.ndarray:
    """`rect` of a plane at `size` (width, height) by Lanczos, in the plane's dtype. A part that needs no filter is only
    cut out."""
    x, y, width, height = rect
    if width == size[0] and height == size[1] and (cut := _cut(samples, x, y, size)) is not None:
        return cut
    return lanczos(samples, rect, size)


def _to_rgb(planes: list[np.ndarray], surface: Surface) -> np.ndarray:
    """(h, w, 3) uint8 R'G'B' from one plane (grey) or three planes of the same size."""
    if is_mapped(surface.colour):
        return mapped_rgb(planes, surface.colour, surface.bit_depth)
    if len(planes) == 1:
        span, unit = code_range(surface.colour), 1.0 / (1 << (surface.bit_depth - 8))
        grey = (planes[0].astype(np.float32) * unit - span.black) * span.luma_gain
        colourless: np.ndarray = cv2.cvtColor(np.rint(np.clip(grey, 0.0, 255.0)).astype(np.uint8), cv2.COLOR_GRAY2RGB)
        return colourless
    rgb: np.ndarray = cv2.transform(cv2.merge(planes), rgb_matrix(surface.colour, surface.bit_depth))
    return rgb if surface.bit_depth == 8 else np.minimum(rgb, 255).astype(np.uint8)


def _warp_one(chip: np.ndarray, surface: Surface, to_chip: np.ndarray) -> None:
    """Fills one chip. `to_chip` (2, 3) maps stored luma pixels to chip pixels, pixel centres at whole numbers.

    Only the stored pixels that the chip shows are converted; they are halved first while the chip is at least twice
    smaller. The arithmetic uses Python numbers because NumPy's overhead is larger than the work for matrices this
    small.
    """
    (a, b, c), (d, e, f) = to_chip.tolist()
    step = 1 << max(0, floor(-log2(_most_enlarged(a, b, d, e))))
    size, (height, width), area = chip.shape[0], surface.y.shape, a * e - b * d
    corners = [(u - c, v - f) for u in (0, size) for v in (0, size)]
    across, down = [(e * u - b * v) / area for u, v in corners], [(a * v - d * u) / area for u, v in corners]
    x, w = _whole_pixels(min(across), max(across), step, width)
    y, h = _whole_pixels(min(down), max(down), step, height)
    if w < 1 or h < 1:
        return
    part = _stored_rgb(surface, (x, y, w * step, h * step), (w, h), fine=False)
    # A pixel of the part is `step` wide and its centre lies (step - 1) / 2 beyond that of its first stored pixel.
    left, top = x + (step - 1) / 2, y + (step - 1) / 2
    rows = (a * step, b * step, a * left + b * top + c), (d * step, e * step, d * left + e * top + f)
    cv2.warpAffine(part, np.array(rows), (size, size), dst=chip, flags=cv2.INTER_LINEAR)


def _most_enlarged(a: float, b: float, c: float, d: float) -> float:
    """The larger singular value of ((a, b), (c, d))."""
    total, area = a * a + b * b + c * c + d * d, a * d - b * c
    return sqrt((total + sqrt(max(0.0, total * total - 4 * area * area))) / 2)


def _whole_pixels(low: float, high: float, step: int, length: int) -> tuple[int, int]:
    """First needed pixel, at a whole chroma pixel, and the number of pixels of width `step` up to the last needed
    one."""
    unit = 2 * step
    begin = max(0, floor((low - _MARGIN * step) / unit) * unit)
    end = min(length, ceil((high + _MARGIN * step) / unit) * unit)
    return begin, -(-(end - begin) // step)
