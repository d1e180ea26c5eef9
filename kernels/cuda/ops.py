"""The pixel operations on a CUDA device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..balance import Balance, PixelBox
from ..combing import FieldVotes, block_counts, check_alike, middle_of
from ..geometry import output_size, rotated_size, stored_rect
from ..ops import Part, Warps
from ..resample import taps
from ..surface import Array, Geometry, Rect, Surface
from .layout import NORMALISE, TAPS, picture_structs
from .meter import CudaMeter
from .parts import chip_structs, convert_params, in_plane
from .runtime import CupyRuntime, Grid, Runtime

_BLOCK: Grid = (32, 8, 1)
IDENTITY_MIX = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""Output channels R', G', B' of `CudaOps.engine_input`."""


class CudaOps:
    """`kernels.ops.Ops` on a CUDA device. It keeps only constants and may be shared between threads.

    Results are queued in the stream of the runtime and are not finished: use them in later work of the same runtime, or
    call `to_host`. The planes of a surface must not change before that work is done. Raises RuntimeError, which says
    what is missing, when there is no device.
    """

    def __init__(self, runtime: Runtime | None = None) -> None:
        self._runtime = runtime or CupyRuntime()
        self._normalise: dict[tuple[Any, ...], Array] = {}

    def meter(self, geometry: Geometry) -> CudaMeter:
        return CudaMeter(geometry, self._runtime)

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        shown = output_size(surface.geometry, rect, size)
        if fine:
            return self._lanczos(surface, rect, shown)
        return self._convert([(surface, rect)], shown, (shown[1], shown[0], 3))

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> Array:
        for surface, rect in parts:
            output_size(surface.geometry, rect, size)
        return self._convert(parts, size, (len(parts), size[1], size[0], 3))

    def warp(self, parts: Sequence[Warps], size: int) -> Array:
        chips = chip_structs(parts)
        out = self._runtime.empty((len(chips), size, size, 3), np.uint8)
        if not len(chips):
            return out
        described, sides = self._described([surface for surface, _ in parts]), -(-size // 16)
        arguments = [described, self._runtime.upload(chips.view(np.uint8)), out, size]
        self._runtime.launch("warp", (sides, sides, len(chips)), (16, 16, 1), arguments)
        return out

    def engine_input(
        self,
        rgb: Array,
        size: tuple[int, int],
        scale: Sequence[float],
        bias: Sequence[float],
        fill: float = 0.0,
        mix: Sequence[Sequence[float]] = IDENTITY_MIX,
        centred: bool = True,
    ) -> Array:
        """Network input (N, channels, height, width) float32 from (N, h, w, 3) uint8 R'G'B'.

        size: (width, height) of the output. The pictures are centred in it, or at its top left; the rest is `fill`. A
        channel is the product of a row of `mix` with (R', G', B'), times its `scale`, plus its `bias`. Raises
        ValueError for pictures that are not contiguous.
        """
        count, height, width = rgb.shape[:3]
        out = self._runtime.empty((count, len(mix), size[1], size[0]), np.float32)
        if not count:
            return out
        _check_whole(rgb)
        left, top = ((size[0] - width) // 2, (size[1] - height) // 2) if centred else (0, 0)
        how = self._uploaded_once(tuple(map(tuple, mix)), tuple(scale), tuple(bias), (fill, left, top))
        grid = _grid(size)[:2]
        self._runtime.launch("engine_input", (*grid, count), _BLOCK, [rgb, width, height, how, out, *size])
        return out

    def chip_quality(self, chips: Array, side: int) -> Array:
        """(N, 6) float32 for chips (N, w, w, 3) uint8: `engines.quality.measure_quality` of the middle `side`×`side`
        pixels. Raises ValueError for chips that are not contiguous."""
        count, width = chips.shape[:2]
        out = self._runtime.empty((count, 6), np.float32)
        if count:
            _check_whole(chips)
            arguments = [chips, width, (width - side) // 2, side, out]
            self._runtime.launch("chip_quality", (count, 1, 1), (256, 1, 1), arguments)
        return out

    def picture_numbers(self, features: Array, pictures: Array) -> Array:
        """(N, 1 + 9·C + 192) float32: `engines.pooling.picture_numbers` on the device.

        features: (N, C, h, w) float32, whose rows may have a pitch. pictures: (N, H, W, 3) uint8. Raises ValueError for
        pictures that are not contiguous.
        """
        (count, channels, rows, columns), (height, width) = features.shape, pictures.shape[1:3]
        numbers = 9 * channels
        out = self._runtime.empty((count, 1 + numbers + 192), np.float32)
        if count:
            _check_whole(pictures)
            steps = [step // 4 for step in features.strides[:3]]
            arguments = [features, *steps, channels, rows, columns, pictures, height, width, out]
            self._runtime.launch("picture_numbers", (count, 9 + -(-numbers // 256), 1), (256, 1, 1), arguments)
        return out

    def balance(self, picture: Array, subject: PixelBox) -> Array:
        _check_whole(picture)
        out = self._runtime.empty((len(Balance._fields),), np.float64)
        height, width = picture.shape[:2]
        self._runtime.launch("balance", (1, 1, 1), (256, 1, 1), [picture, width, height, *subject, out])
        return out

    def detail(self, picture: Array, size: tuple[int, int]) -> Array:
        _check_whole(picture)
        (height, width), (columns, rows) = picture.shape[:2], size
        out = self._runtime.empty((rows, columns), np.int32)
        arguments = [picture, width, height, columns, rows, out]
        self._runtime.launch("strongest_detail", (-(-columns * rows // 8), 1, 1), (256, 1, 1), arguments)
        return out

    def field_votes(self, first: Surface, second: Surface) -> Array:
        check_alike(first, second)
        top, left, *shape = middle_of(first.y.shape)
        (down, across), out = block_counts(shape), self._runtime.zeros((len(FieldVotes._fields),), np.int32)
        if down * across:
            arguments = [self._described([first, second]), left, top, first.bit_depth - 8, out]
            self._runtime.launch("field_votes", (across, down, 1), (256, 1, 1), arguments)
        return out

    def copy(self, surface: Surface) -> Surface:
        y, u, v = (p if p is None else self._copied(p) for p in (surface.y, surface.u, surface.v))
        return replace(surface, y=y, u=u, v=v)

    def _copied(self, plane: Array) -> Array:
        out = self._runtime.empty(plane.shape, plane.dtype)
        self._runtime.copy(out, plane)
        return out

    def to_host(self, array: Array) -> np.ndarray:
        return self._runtime.download(array)

    def _described(self, surfaces: Sequence[Surface]) -> Array:
        """The PICTUREs of the surfaces, on the device."""
        return self._runtime.upload(picture_structs(surfaces, self._runtime.address).view(np.uint8))

    def _uploaded_once(
        self, mix: tuple[Any, ...], scale: tuple[float, ...], bias: tuple[float, ...], place: tuple[float, int, int]
    ) -> Array:
        """A NORMALISE on the device. They are cached; a run has only a few different ones."""
        key = mix, scale, bias, place
        if key not in self._normalise:
            how, channels = np.zeros(1, NORMALISE), len(mix)
            how["mix"][0, :channels], how["scale"][0, :channels], how["bias"][0, :channels] = mix, scale, bias
            (how["fill"], how["left"], how["top"]), how["channels"] = place, channels
            self._normalise[key] = self._runtime.upload(how.view(np.uint8))
        return self._normalise[key]

    def _convert(self, parts: Sequence[Part], shown: tuple[int, int], shape: tuple[int, ...]) -> Array:
        out, described = self._runtime.empty(shape, np.uint8), self._described([surface for surface, _ in parts])
        arguments = [described, self._runtime.upload(convert_params(parts, shown).view(np.uint8)), out, *shown]
        self._runtime.launch("convert", (*_grid(shown)[:2], len(parts)), _BLOCK, arguments)
        return out

    def _lanczos(self, surface: Surface, rect: Rect | None, shown: tuple[int, int]) -> Array:
        """Filters rows, then columns. The weights stay alive until both kernels are queued; memory is reused in stream
        order.

        Returns a (h, w, 3) view of three planes, which the JPEG encoder takes without a copy.
        """
        rotation, part = surface.geometry.rotation, stored_rect(surface, rect)
        size, picture = rotated_size(shown, rotation), self._described([surface])
        out = self._runtime.empty((3, shown[1], shown[0]), np.uint8)
        luma, chroma = surface.y, surface.y if surface.u is None else surface.u
        kept = [self._taps(in_plane(part, luma.shape, p.shape), p.shape, size) for p in (luma, chroma)]
        both = self._runtime.upload(np.concatenate([entry for entry, _ in kept]).view(np.uint8))
        planes, pitch = 1 if surface.u is None else 3, luma.shape[1]
        rows = self._runtime.empty((planes, size[1], pitch), np.float32)
        grid = _grid((pitch, size[1]))[:2]
        self._runtime.launch("lanczos_rows", (*grid, planes), _BLOCK, [picture, both, rows, pitch, size[1]])
        arguments = [picture, both, rows, pitch, rotation, *size, out, *shown]
        self._runtime.launch("lanczos_columns", _grid(shown), _BLOCK, arguments)
        return out.transpose(1, 2, 0)

    def _taps(self, rect: Rect, shape: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, list[Array]]:
        """(1,) TAPS for one plane, and the device arrays it points to."""
        down, across = taps(rect[1], rect[3], shape[0], size[1]), taps(rect[0], rect[2], shape[1], size[0])
        arrays = [self._runtime.upload(np.ascontiguousarray(a)) for a in (*down, *across)]
        addresses = [self._runtime.address(a) for a in arrays]
        return np.array([(*addresses, down[1].shape[1], across[1].shape[1])], TAPS), arrays


def _check_whole(rgb: Array) -> None:
    if not rgb.flags.c_contiguous:
        raise ValueError(f"pictures {rgb.shape} with gaps between them cannot be read on the device")


def _grid(size: tuple[int, int]) -> Grid:
    return -(-size[0] // _BLOCK[0]), -(-size[1] // _BLOCK[1]), 1
