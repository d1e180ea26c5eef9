"""Measures frames on the host, see README.md for the formulae: pixels in compiled loops, a batch's numbers at once."""

from __future__ import annotations

import cv2
import numpy as np

from .bars import DARKNESS_STRIDE, Darkness
from .colour import code_range, opponent_axes
from .cpu_profile import ProfileAccumulator
from .fused import cell_means, chroma_sums, gradient_sums, histogram
from .geometry import analysis_size, chroma_halvings, halvings, turned
from .planes import coverage, halve, quarter_turned, shrunk, to_8_bit
from .stats import HISTOGRAM_BINS, ROW, THUMB_HEIGHT, THUMB_WIDTH
from .structure import histogram_rows, luma_moments, structure
from .surface import Geometry, Rotation, Surface

_THUMB = (THUMB_WIDTH, THUMB_HEIGHT)
_HALVES = 2 * THUMB_WIDTH, 2 * THUMB_HEIGHT
_TINY = (8, 4)
_GREY = 128


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
        if not surfaces:
            return rows
        rows["pts_s"], rows["frame"] = pts_s, frames
        self._luma(rows, surfaces)
        _chroma(rows, surfaces, self._geometry.rotation)
        for surface in surfaces:
            if self._count % DARKNESS_STRIDE == 0:
                self._profile.add(surface)
            self._count += 1
        return rows

    def take_darkness(self) -> Darkness:
        return self._profile.take()

    def _luma(self, rows: np.ndarray, surfaces: list[Surface]) -> None:
        pictures = [analysis_picture(surface, self._size) for surface in surfaces]
        spans = [code_range(surface.colour) for surface in surfaces]
        black, gain = np.array([s.black for s in spans]), np.array([s.luma_gain for s in spans])
        codes = np.stack([histogram(picture) for picture in pictures])
        rows["luma_mean"], rows["luma_std"] = luma_moments(codes, black, gain)
        rows["histogram"] = histogram_rows(codes, spans, HISTOGRAM_BINS)
        xx, yy, xy, bend, bends = np.stack([gradient_sums(picture) for picture in pictures]).T.astype(np.float64)
        unit = gain**2 / pictures[0].size
        energy, rows["blur_anisotropy"], rows["blur_angle_rad"] = structure(xx, yy, xy, self._geometry.rotation)
        rows["sobel_energy"] = energy * unit / 64.0
        rows["laplacian_var"] = np.maximum(0.0, bends - bend**2 / pictures[0].size) * unit
        thumbs = np.stack([thumbnail(picture, self._geometry.rotation) for picture in pictures])
        self._changes(rows, np.clip((thumbs - black[:, None, None]) * gain[:, None, None], 0.0, 255.0))

    def _changes(self, rows: np.ndarray, thumbs: np.ndarray) -> None:
        """`thumbs`: (N, THUMB_HEIGHT, THUMB_WIDTH) in full-range units."""
        before = thumbs[:1] if self._before is None else self._before
        rows["change"] = np.abs(np.diff(thumbs, axis=0, prepend=before)).mean(axis=(1, 2))
        self._before = thumbs[-1:]
        rows["signature_y"] = np.rint(thumbs.reshape(-1, 9, 3, 16, 3).mean(axis=(2, 4)))


def _chroma(rows: np.ndarray, surfaces: list[Surface], rotation: Rotation) -> None:
    rows["signature_uv"] = _GREY
    coloured = [(i, s, s.u, s.v) for i, s in enumerate(surfaces) if s.u is not None and s.v is not None]
    if not coloured:
        return
    at = [i for i, *_ in coloured]
    planes = [[_small_chroma(p, s.bit_depth) for p in (u, v)] for _, s, u, v in coloured]
    means = np.stack([chroma_sums(*pair) / pair[0].size for pair in planes])
    rows["colourfulness"][at] = colourfulness(means, np.array([opponent_axes(s.colour) for _, s, *_ in coloured]))
    gain = np.array([code_range(s.colour).chroma_gain for _, s, *_ in coloured])[:, None, None, None]
    cells = np.array([[_cells(p, _TINY, rotation) for p in pair] for pair in planes])
    rows["signature_uv"][at] = np.rint(np.clip((cells - _GREY) * gain + _GREY, 0.0, 255.0))


def _cells(picture: np.ndarray, size: tuple[int, int], rotation: Rotation) -> np.ndarray:
    """(h, w) float32 means over `size` (width, height) cells of the displayed picture."""
    width, height = turned(size, rotation)
    means = cell_means(picture, coverage(picture.shape[0], height), coverage(picture.shape[1], width))
    return quarter_turned(means, rotation)


def thumbnail(picture: np.ndarray, rotation: Rotation) -> np.ndarray:
    """(27, 48) float32 code values of the displayed picture, area means."""
    width, height = turned(_HALVES, rotation)
    large = picture.shape[0] >= height and picture.shape[1] >= width
    return _cells(halve(picture) if large else picture, _THUMB, rotation)


def analysis_picture(surface: Surface, size: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8 code values of the stored luma at `size` (width, height): halved, then bilinear, always rounded."""
    picture = shrunk(surface.y, halvings((surface.y.shape[1], surface.y.shape[0]), size))
    if picture.shape != (size[1], size[0]):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(to_8_bit(picture, surface.bit_depth))


def _small_chroma(samples: np.ndarray, bit_depth: int) -> np.ndarray:
    picture = shrunk(samples, [(2, 2)] * chroma_halvings((samples.shape[1], samples.shape[0])))
    return np.ascontiguousarray(to_8_bit(picture, bit_depth))


def colourfulness(means: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(N,) Hasler & Süsstrunk 2003 (M3). `means` (N, 5): of U, V, U², V², U·V in 8-bit codes; `axes` (N, 2, 2): what
    `opponent_axes` says.

    Both opponent axes are linear in (U, V), so their moments follow from those of U and V.
    """
    mean = means[:, :2]
    uu, vv = (means[:, 2:4] - mean**2).T
    uv = means[:, 4] - mean[:, 0] * mean[:, 1]
    a, b = axes[..., 0], axes[..., 1]
    variance = (a * a * uu[:, None] + 2.0 * a * b * uv[:, None] + b * b * vv[:, None]).sum(axis=1)
    offset = ((a * (mean[:, :1] - _GREY) + b * (mean[:, 1:] - _GREY)) ** 2).sum(axis=1)
    found: np.ndarray = np.sqrt(np.maximum(0.0, variance)) + 0.3 * np.sqrt(offset)
    return found
