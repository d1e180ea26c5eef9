"""Measures frames on the host, see README.md for the formulae: pixels in compiled loops, a batch's numbers at once."""

from __future__ import annotations

import cv2
import numpy as np

from .bars import DARKNESS_STRIDE, Darkness
from .colour import code_range, opponent_axes
from .cpu_profile import ProfileAccumulator
from .fused import chroma_numbers, luma_numbers
from .geometry import analysis_size, chroma_halvings, halvings, turned
from .planes import coverage, shrunk, to_8_bit
from .stats import HISTOGRAM_BINS, ROW, THUMB_HEIGHT, THUMB_WIDTH
from .structure import histogram_rows, luma_moments, structure
from .surface import Geometry, Rotation, Surface

_THUMB = (THUMB_WIDTH, THUMB_HEIGHT)
_TINY = (8, 4)
_GREY = 128


class CpuMeter:
    """`kernels.ops.Meter` on the host. One object a video; not for several threads at once."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._size = analysis_size(geometry)
        self._profile = ProfileAccumulator(geometry)
        self._before: np.ndarray | None = None
        self._small: list[Surface] = []
        self._count = 0

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        rows = np.zeros(len(surfaces), ROW)
        if not surfaces:
            return rows
        rows["pts_s"], rows["frame"] = pts_s, frames
        self._small = [small_surface(surface, self._size) for surface in surfaces]
        self._luma(rows, self._small)
        _chroma(rows, self._small, self._geometry.rotation)
        for surface in surfaces:
            if self._count % DARKNESS_STRIDE == 0:
                self._profile.add(surface)
            self._count += 1
        return rows

    def small(self, place: int) -> Surface:
        return self._small[place]

    def take_darkness(self) -> Darkness:
        return self._profile.take()

    def _luma(self, rows: np.ndarray, pictures: list[Surface]) -> None:
        codes, sums, thumbs = _luma_numbers([picture.y for picture in pictures], self._geometry.rotation)
        spans = [code_range(picture.colour) for picture in pictures]
        black, gain = np.array([s.black for s in spans]), np.array([s.luma_gain for s in spans])
        rows["luma_mean"], rows["luma_std"] = luma_moments(codes, black, gain)
        rows["histogram"] = histogram_rows(codes, spans, HISTOGRAM_BINS)
        (xx, yy, xy, bend, bends), pixels = sums.T.astype(np.float64), self._size[0] * self._size[1]
        unit = gain**2 / pixels
        energy, rows["blur_anisotropy"], rows["blur_angle_rad"] = structure(xx, yy, xy, self._geometry.rotation)
        rows["sobel_energy"] = energy * unit / 64.0
        rows["laplacian_var"] = np.maximum(0.0, bends - bend**2 / pixels) * unit
        self._changes(rows, np.clip((thumbs - black[:, None, None]) * gain[:, None, None], 0.0, 255.0))

    def _changes(self, rows: np.ndarray, thumbs: np.ndarray) -> None:
        """`thumbs`: (N, THUMB_HEIGHT, THUMB_WIDTH) in full-range units."""
        before = thumbs[:1] if self._before is None else self._before
        rows["change"] = np.abs(np.diff(thumbs, axis=0, prepend=before)).mean(axis=(1, 2))
        self._before = thumbs[-1:]
        rows["signature_y"] = np.rint(thumbs.reshape(-1, 9, 3, 16, 3).mean(axis=(2, 4)))


def _luma_numbers(pictures: list[np.ndarray], rotation: Rotation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 256) histograms, (N, 5) sums of gradients and (N, 27, 48) displayed thumbnails of analysis pictures, in code
    values."""
    count, (width, height) = len(pictures), turned(_THUMB, rotation)
    codes, sums = np.empty((count, 256), np.int64), np.zeros((count, 5), np.int64)
    thumbs = np.empty((count, height, width), np.float32)
    high, wide = pictures[0].shape
    halved = wide >= 2 * width and high >= 2 * height
    down, across = coverage(high // 2 if halved else high, height), coverage(wide // 2 if halved else wide, width)
    for i, picture in enumerate(pictures):
        luma_numbers(picture, down, across, halved, codes[i], sums[i], thumbs[i])
    return codes, sums, _turned_cells(thumbs, rotation)


def _chroma(rows: np.ndarray, pictures: list[Surface], rotation: Rotation) -> None:
    rows["signature_uv"] = _GREY
    coloured = [(i, s.colour, s.u, s.v) for i, s in enumerate(pictures) if s.u is not None and s.v is not None]
    if not coloured:
        return
    at, width, height = [i for i, *_ in coloured], *turned(_TINY, rotation)
    means, cells = np.zeros((len(at), 5)), np.empty((len(at), 2, height, width), np.float32)
    for k, (_, _, u, v) in enumerate(coloured):
        sums = np.zeros(5, np.int64)
        chroma_numbers(u, v, coverage(u.shape[0], height), coverage(u.shape[1], width), sums, cells[k])
        means[k] = sums / u.size
    rows["colourfulness"][at] = colourfulness(means, np.array([opponent_axes(colour) for _, colour, *_ in coloured]))
    gain = np.array([code_range(colour).chroma_gain for _, colour, *_ in coloured])[:, None, None, None]
    shown = _turned_cells(cells, rotation)
    rows["signature_uv"][at] = np.rint(np.clip((shown - _GREY) * gain + _GREY, 0.0, 255.0))


def _turned_cells(cells: np.ndarray, rotation: Rotation) -> np.ndarray:
    """Stored pictures (…, h, w) as they are displayed."""
    return np.rot90(cells, -(rotation // 90), axes=(-2, -1)) if rotation else cells


def small_surface(surface: Surface, size: tuple[int, int]) -> Surface:
    """The picture as it is measured: luma at `size` (width, height) and small chroma, uint8 of their own."""
    u, v = (p if p is None else _small_chroma(p, surface.bit_depth) for p in (surface.u, surface.v))
    return Surface(_analysis_picture(surface, size), u, v, 8, surface.colour, surface.geometry)


def _analysis_picture(surface: Surface, size: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8 code values of the stored luma at `size` (width, height): halved, then bilinear, always rounded."""
    picture = shrunk(surface.y, halvings((surface.y.shape[1], surface.y.shape[0]), size))
    if picture.shape != (size[1], size[0]):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return _own(to_8_bit(picture, surface.bit_depth), surface.y)


def _small_chroma(samples: np.ndarray, bit_depth: int) -> np.ndarray:
    picture = shrunk(samples, [(2, 2)] * chroma_halvings((samples.shape[1], samples.shape[0])))
    return _own(to_8_bit(picture, bit_depth), samples)


def _own(picture: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The picture with its pixels side by side, and none of them the decoder's."""
    return picture.copy() if np.may_share_memory(picture, source) else np.ascontiguousarray(picture)


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
