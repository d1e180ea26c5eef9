"""Measures frames on the host, see README.md for the formulae."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np

from .bars import DARKNESS_STRIDE, Darkness
from .colour import code_range, opponent_axes
from .cpu_profile import ProfileAccumulator
from .fused import cell_means, chroma_sums, gradient_sums, histogram
from .geometry import analysis_size, chroma_halvings, halvings, turned
from .planes import area_of_any, coverage, halve, quarter_turned, shrunk, to_8_bit
from .stats import HISTOGRAM_BINS, ROW, THUMB_HEIGHT, THUMB_WIDTH
from .structure import histogram_row, luma_moments, structure
from .surface import Colour, Geometry, Surface

_THUMB = (THUMB_WIDTH, THUMB_HEIGHT)
_HALVES = 2 * THUMB_WIDTH, 2 * THUMB_HEIGHT


class CpuMeter:
    """`kernels.ops.Meter` on the host. One object a video; not for several threads at once."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._size = analysis_size(geometry)
        self._profile = ProfileAccumulator(geometry)
        self._before: np.ndarray | None = None
        self._count = 0

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        rows = np.zeros(len(surfaces), ROW)
        rows["pts_s"], rows["frame"] = pts_s, frames
        for row, surface in zip(rows, surfaces, strict=True):
            self._luma(row, surface)
            self._chroma(row, surface)
            if self._count % DARKNESS_STRIDE == 0:
                self._profile.add(surface)
            self._count += 1
        return rows

    def take_darkness(self) -> Darkness:
        return self._profile.take()

    def _luma(self, row: np.void, surface: Surface) -> None:
        span, picture = code_range(surface.colour), analysis_picture(surface, self._size)
        codes, (xx, yy, xy, bend, bends) = histogram(picture), gradient_sums(picture).tolist()
        row["luma_mean"], row["luma_std"] = luma_moments(codes, span)
        row["histogram"] = histogram_row(codes, span, HISTOGRAM_BINS)
        unit = span.luma_gain**2 / picture.size
        energy, row["blur_anisotropy"], row["blur_angle_rad"] = structure(xx, yy, xy, self._geometry.rotation)
        row["sobel_energy"] = energy * unit / 64.0
        row["laplacian_var"] = max(0.0, bends - float(bend) ** 2 / picture.size) * unit
        self._thumbnail(row, picture, surface.colour)

    def _thumbnail(self, row: np.void, picture: np.ndarray, colour: Colour) -> None:
        span, rotation = code_range(colour), self._geometry.rotation
        if picture.shape[0] >= turned(_HALVES, rotation)[1] and picture.shape[1] >= turned(_HALVES, rotation)[0]:
            picture = halve(picture)
        small = quarter_turned(area_of_any(picture, turned(_THUMB, rotation)), rotation)
        thumb = np.clip((small.astype(np.float32) - span.black) * span.luma_gain, 0.0, 255.0)
        if self._before is not None:
            row["change"] = cv2.norm(thumb, self._before, cv2.NORM_L1) / thumb.size
        self._before = thumb
        row["signature_y"] = np.rint(thumb.reshape(9, 3, 16, 3).mean(axis=(1, 3)))

    def _chroma(self, row: np.void, surface: Surface) -> None:
        if surface.u is None or surface.v is None:
            row["signature_uv"] = 128
            return
        u, v = (_small_chroma(p, surface.bit_depth) for p in (surface.u, surface.v))
        row["colourfulness"] = colourfulness(u, v, surface.colour)
        gain, rotation = code_range(surface.colour).chroma_gain, self._geometry.rotation
        for index, p in enumerate((u, v)):
            width, height = turned((8, 4), rotation)
            cells = cell_means(p, coverage(p.shape[0], height), coverage(p.shape[1], width))
            tiny = quarter_turned(cells, rotation)
            row["signature_uv"][index] = np.rint(np.clip((tiny - 128.0) * gain + 128.0, 0.0, 255.0))


def analysis_picture(surface: Surface, size: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8 code values of the stored luma at `size` (width, height): halved, then bilinear, always rounded."""
    picture = shrunk(surface.y, halvings((surface.y.shape[1], surface.y.shape[0]), size))
    if picture.shape != (size[1], size[0]):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(to_8_bit(picture, surface.bit_depth))


def _small_chroma(samples: np.ndarray, bit_depth: int) -> np.ndarray:
    picture = shrunk(samples, [(2, 2)] * chroma_halvings((samples.shape[1], samples.shape[0])))
    return np.ascontiguousarray(to_8_bit(picture, bit_depth))


def colourfulness(u: np.ndarray, v: np.ndarray, colour: Colour) -> float:
    """Hasler & Süsstrunk 2003 (M3) from uint8 chroma codes.

    Both opponent axes are linear in (U, V), so their moments follow from those of U and V.
    """
    count = u.size
    sums = chroma_sums(u, v) / count
    mean_u, mean_v, uu, vv = map(float, sums[:4])
    uv = float(sums[4]) - mean_u * mean_v
    variance, offset = 0.0, 0.0
    for a, b in opponent_axes(colour):
        variance += a * a * (uu - mean_u**2) + 2.0 * a * b * uv + b * b * (vv - mean_v**2)
        offset += (a * (mean_u - 128.0) + b * (mean_v - 128.0)) ** 2
    return sqrt(max(0.0, variance)) + 0.3 * sqrt(offset)
