"""Measures frames on the host. kernels/README.md lists the formulas. Pixels are read by compiled loops, the numbers of
a whole batch are computed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from .bars import BORDERS, DARKNESS_STRIDE
from .colour import code_range, opponent_axes
from .cpu_borders import borders_of
from .cpu_profile import profiles_of
from .cpu_thumbnails import HostThumbnails, turned_cells
from .cpu_tone_mapping import mapped_surface
from .fused import chroma_numbers, luma_numbers
from .geometry import analysis_size, chroma_halvings, halvings, rotated_size
from .planes import coverage, halve_steps, to_8_bit
from .stats import HISTOGRAM_BINS, HISTOGRAM_SUM, ROW, THUMB_HEIGHT, THUMB_WIDTH
from .structure import cell_changes, histogram_rows, luma_moments, structure
from .surface import Colour, Geometry, Rotation, Surface
from .tone_mapping import is_mapped

_THUMB = (THUMB_WIDTH, THUMB_HEIGHT)
_TINY = (8, 4)
_GREY = 128


class CpuMeter:
    """`kernels.ops.Meter` on the host. One object measures one video; it must not be used by several threads at
    once."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._size = analysis_size(geometry)
        self._borders: list[np.ndarray] = []
        self._before: np.ndarray | None = None
        self._last: np.ndarray | None = None
        self._small: list[Surface] = []
        self._thumbs = np.zeros((0, THUMB_HEIGHT, THUMB_WIDTH))
        self._count = 0

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        rows, self._borders = np.zeros(len(surfaces), ROW), []
        self._small, self._thumbs = [], self._thumbs[:0]
        if not surfaces:
            return rows
        rows["pts_s"], rows["frame"] = pts_s, frames
        counts = _Counts(len(surfaces), self._geometry.rotation)
        for place, surface in enumerate(surfaces):
            small = small_surface(surface, self._size)
            # Counted here, while the pixels are still in the processor's cache.
            counts.add(place, small)
            self._small.append(small)
            if self._count % DARKNESS_STRIDE == 0:
                self._borders.append(borders_of(*profiles_of(surface, self._geometry), place))
            self._count += 1
        colours = [small.colour for small in self._small]
        self._luma(rows, counts, colours)
        _chroma(rows, counts, colours)
        self._steps(rows)
        return rows

    def small(self, place: int) -> Surface:
        return self._small[place]

    def thumbnails(self) -> HostThumbnails:
        return HostThumbnails(self._thumbs, self._small, self._geometry.rotation)

    def borders(self) -> np.ndarray:
        return np.concatenate([np.zeros(0, BORDERS), *self._borders])

    def _luma(self, rows: np.ndarray, counts: _Counts, colours: Sequence[Colour]) -> None:
        spans = [code_range(colour) for colour in colours]
        black, gain = np.array([s.black for s in spans]), np.array([s.luma_gain for s in spans])
        codes, thumbs = counts.codes, turned_cells(counts.thumbs, self._geometry.rotation)
        rows["luma_mean"], rows["luma_std"] = luma_moments(codes, black, gain)
        rows["histogram"] = histogram_rows(codes, spans, HISTOGRAM_BINS)
        (xx, yy, xy, bend, bends), pixels = counts.sums.T.astype(np.float64), self._size[0] * self._size[1]
        unit = gain**2 / pixels
        energy, rows["blur_anisotropy"], rows["blur_angle_rad"] = structure(xx, yy, xy, self._geometry.rotation)
        rows["sobel_energy"] = energy * unit / 64.0
        rows["laplacian_var"] = np.maximum(0.0, bends - bend**2 / pixels) * unit
        self._changes(rows, np.clip((thumbs - black[:, None, None]) * gain[:, None, None], 0.0, 255.0))

    def _changes(self, rows: np.ndarray, thumbs: np.ndarray) -> None:
        """Fills the change of the thumbnail and the luma signature. `thumbs`: (N, THUMB_HEIGHT, THUMB_WIDTH) in
        full-range units."""
        before = thumbs[:1] if self._before is None else self._before
        rows["change"] = np.abs(np.diff(thumbs, axis=0, prepend=before)).mean(axis=(1, 2))
        self._before, self._thumbs = thumbs[-1:], thumbs
        rows["signature_y"] = np.rint(thumbs.reshape(-1, 9, 3, 16, 3).mean(axis=(2, 4)))

    def _steps(self, rows: np.ndarray) -> None:
        """Fills the changes of chroma, tones and cells: differences of each row's signatures and histogram to those of
        the row before."""
        joined = np.concatenate([rows[:1] if self._last is None else self._last, rows])
        rows["chroma_change"] = np.abs(np.diff(joined["signature_uv"].astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
        moved = np.abs(np.diff(joined["histogram"].astype(np.int32), axis=0)).sum(axis=1)
        rows["tone_change"] = moved / (2.0 * HISTOGRAM_SUM)
        rows["cell_change"] = cell_changes(joined["signature_y"][1:], joined["signature_y"][0])
        self._last = rows[-1:].copy()


class _Counts:
    """Histograms and sums over the small pictures of a batch, in code values and stored orientation."""

    def __init__(self, count: int, rotation: Rotation) -> None:
        (self._wide, self._high), (wide, high) = rotated_size(_THUMB, rotation), rotated_size(_TINY, rotation)
        self.rotation = rotation
        self.codes, self.sums = np.empty((count, 256), np.int64), np.zeros((count, 5), np.int64)
        self.thumbs = np.empty((count, self._high, self._wide), np.float32)
        self.coloured = np.zeros(count, np.bool_)
        self.chroma_means, self.chroma_cells = np.zeros((count, 5)), np.empty((count, 2, high, wide), np.float32)

    def add(self, place: int, picture: Surface) -> None:
        (high, wide), y = picture.y.shape, picture.y
        halved = wide >= 2 * self._wide and high >= 2 * self._high
        down = coverage(high // 2 if halved else high, self._high)
        across = coverage(wide // 2 if halved else wide, self._wide)
        luma_numbers(y, down, across, halved, self.codes[place], self.sums[place], self.thumbs[place])
        if picture.u is None or picture.v is None:
            return
        cells, (high, wide), sums = self.chroma_cells[place], picture.u.shape, np.zeros(5, np.int64)
        down, across = coverage(high, cells.shape[1]), coverage(wide, cells.shape[2])
        chroma_numbers(picture.u, picture.v, down, across, sums, cells)
        self.chroma_means[place] = sums / picture.u.size
        self.coloured[place] = True


def _chroma(rows: np.ndarray, counts: _Counts, colours: Sequence[Colour]) -> None:
    rows["signature_uv"] = _GREY
    if not counts.coloured.any():
        return
    at, shown = counts.coloured, [colour for colour, is_so in zip(colours, counts.coloured, strict=True) if is_so]
    axes = np.array([opponent_axes(colour) for colour in shown])
    rows["colourfulness"][at] = colourfulness(counts.chroma_means[at], axes)
    gain = np.array([code_range(colour).chroma_gain for colour in shown])[:, None, None, None]
    cells = turned_cells(counts.chroma_cells[at], counts.rotation)
    rows["signature_uv"][at] = np.rint(np.clip((cells - _GREY) * gain + _GREY, 0.0, 255.0))


def small_surface(surface: Surface, size: tuple[int, int]) -> Surface:
    """The picture as it is measured, 8 bits, standard range, in new memory: luma at `size` (width, height), chroma
    halved until its longer side is under 480 pixels."""
    y, depth = _analysis_picture(surface.y, size), surface.bit_depth
    if is_mapped(surface.colour):
        u, v = (p if p is None else _small_chroma(p) for p in (surface.u, surface.v))
        return mapped_surface(replace(surface, y=y, u=u, v=v))
    u, v = (p if p is None else _own(to_8_bit(_small_chroma(p), depth), p) for p in (surface.u, surface.v))
    return replace(surface, y=_own(to_8_bit(y, depth), surface.y), u=u, v=v, bit_depth=8)


def _analysis_picture(luma: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) code values of the stored luma at `size` (width, height): halved, then bilinear; every step is rounded."""
    picture = halve_steps(luma, halvings((luma.shape[1], luma.shape[0]), size))
    if picture.shape != (size[1], size[0]):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return picture


def _small_chroma(samples: np.ndarray) -> np.ndarray:
    return halve_steps(samples, [(2, 2)] * chroma_halvings((samples.shape[1], samples.shape[0])))


def _own(picture: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The picture as a contiguous array that shares no memory with `source`."""
    return picture.copy() if np.may_share_memory(picture, source) else np.ascontiguousarray(picture)


def colourfulness(means: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(N,) colourfulness after Hasler & Süsstrunk 2003 (M3).

    means: (N, 5) means of U, V, U², V² and U·V in 8-bit codes. axes: (N, 2, 2), `opponent_axes` of each picture. Both
    opponent axes are linear in (U, V), so their moments follow from those of U and V.
    """
    mean = means[:, :2]
    uu, vv = (means[:, 2:4] - mean**2).T
    uv = means[:, 4] - mean[:, 0] * mean[:, 1]
    a, b = axes[..., 0], axes[..., 1]
    variance = (a * a * uu[:, None] + 2.0 * a * b * uv[:, None] + b * b * vv[:, None]).sum(axis=1)
    offset = ((a * (mean[:, :1] - _GREY) + b * (mean[:, 1:] - _GREY)) ** 2).sum(axis=1)
    found: np.ndarray = np.sqrt(np.maximum(0.0, variance)) + 0.3 * np.sqrt(offset)
    return found
