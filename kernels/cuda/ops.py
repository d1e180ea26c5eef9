"""The pixel operations on a device."""

from __future__ import annotations

from dataclasses import replace
from math import floor, log2

import numpy as np

from ..geometry import halvings, index_matrix, shown_size, stored_rect, stored_to_displayed, turned
from ..resample import taps
from ..surface import Array, Geometry, Rect, Surface
from .layout import CHIP, NORMALISE, SAMPLING, TAPS, halved_size, halving_of, pictures
from .meter import CudaMeter
from .runtime import CupyRuntime, Grid, Runtime

_BLOCK: Grid = (32, 8, 1)


class CudaOps:
    """`kernels.ops.Ops` in the order of one runtime. Holds nothing else; safe to share between threads.

    What is returned is not finished: it is for the same runtime's later work, or for `to_host`. The planes of a surface
    must stay as they are until then. Raises RuntimeError, with what is missing, when there is no device.
    """

    def __init__(self, runtime: Runtime | None = None) -> None:
        self._runtime = runtime or CupyRuntime()

    def meter(self, geometry: Geometry) -> CudaMeter:
        return CudaMeter(geometry, self._runtime)

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        shown = shown_size(surface.geometry, rect, size)
        part, rotation = stored_rect(surface, rect), surface.geometry.rotation
        stored = turned(shown, rotation)
        out = self._runtime.zeros((shown[1], shown[0], 3), np.uint8)
        picture = self._runtime.upload(pictures([surface], self._runtime.address).view(np.uint8))
        where = [rotation, *stored, out, *shown]
        if fine:
            self._lanczos(surface, picture, part, stored, where)
            return out
        samplings = self._runtime.upload(_samplings(surface, part, stored).view(np.uint8))
        cubic = int(stored[0] > part[2] and stored[1] > part[3])
        self._runtime.launch("convert", _grid(shown), _BLOCK, [picture, samplings, cubic, *where])
        return out

    def warp(self, surface: Surface, matrices: np.ndarray, size: int) -> Array:
        out = self._runtime.zeros((len(matrices), size, size, 3), np.uint8)
        if not len(matrices):
            return out
        picture = self._runtime.upload(pictures([surface], self._runtime.address).view(np.uint8))
        chips = self._runtime.upload(_chips(surface, np.asarray(matrices, np.float64)).view(np.uint8))
        sides = -(-size // 16)
        self._runtime.launch("warp", (sides, sides, len(matrices)), (16, 16, 1), [picture, chips, out, size])
        return out

    def engine_input(
        self,
        rgb: Array,
        size: tuple[int, int],
        scale: tuple[float, float, float],
        bias: tuple[float, float, float],
        fill: float = 0.0,
        bgr: bool = False,
        centred: bool = True,
    ) -> Array:
        """(N, 3, height, width) float32 from (N, h, w, 3) uint8: put in the middle of `size` (width, height), or at its
        top left, the rest `fill`, then times `scale` plus `bias` per channel; `bgr` puts blue first."""
        count, height, width = rgb.shape[:3]
        out = self._runtime.zeros((count, 3, size[1], size[0]), np.float32)
        if not count:
            return out
        if not rgb.flags.c_contiguous:
            raise ValueError(f"pictures {rgb.shape} with gaps between them cannot be read on the device")
        left, top = ((size[0] - width) // 2, (size[1] - height) // 2) if centred else (0, 0)
        how = (scale, bias, fill, left, top, bgr)
        device = self._runtime.upload(np.array([how], NORMALISE).view(np.uint8))
        grid = _grid(size)[:2]
        self._runtime.launch("engine_input", (*grid, count), _BLOCK, [rgb, width, height, device, out, *size])
        return out

    def to_host(self, array: Array) -> np.ndarray:
        return self._runtime.download(array)

    def _lanczos(
        self, surface: Surface, picture: Array, part: Rect, size: tuple[int, int], where: list[int | Array]
    ) -> None:
        """Rows, then columns; the weights stay alive until both are queued, and memory is reused in stream order."""
        luma, chroma = surface.y, surface.y if surface.u is None else surface.u
        kept = [self._taps(_in_plane(part, luma, p), p.shape, size) for p in (luma, chroma)]
        both = self._runtime.upload(np.concatenate([entry for entry, _ in kept]).view(np.uint8))
        planes, pitch = 1 if surface.u is None else 3, luma.shape[1]
        rows = self._runtime.zeros((planes, size[1], pitch), np.float32)
        grid = _grid((pitch, size[1]))[:2]
        self._runtime.launch("lanczos_rows", (*grid, planes), _BLOCK, [picture, both, rows, pitch, size[1]])
        shown = where[-2:]
        self._runtime.launch(
            "lanczos_columns", _grid((shown[0], shown[1])), _BLOCK, [picture, both, rows, pitch, *where]
        )

    def _taps(self, rect: Rect, shape: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, list[Array]]:
        """(1,) TAPS for one plane, and the arrays it points to."""
        down, across = taps(rect[1], rect[3], shape[0], size[1]), taps(rect[0], rect[2], shape[1], size[0])
        arrays = [self._runtime.upload(np.ascontiguousarray(a)) for a in (*down, *across)]
        addresses = [self._runtime.address(a) for a in arrays]
        return np.array([(*addresses, down[1].shape[1], across[1].shape[1])], TAPS), arrays


def upload(surface: Surface, runtime: Runtime | None = None) -> Surface:
    """A surface from the host on the device, for pictures that were decoded by FFmpeg; rows keep no padding."""
    device = runtime or CupyRuntime()
    y, u, v = (p if p is None else device.upload(np.ascontiguousarray(p)) for p in (surface.y, surface.u, surface.v))
    return replace(surface, y=y, u=u, v=v)


def _grid(size: tuple[int, int]) -> Grid:
    return -(-size[0] // _BLOCK[0]), -(-size[1] // _BLOCK[1]), 1


def _in_plane(rect: Rect, luma: Array, samples: Array) -> Rect:
    """The luma rectangle in the pixels of a plane; chroma is taken to lie in the middle of its luma pixels."""
    sx, sy = samples.shape[1] / luma.shape[1], samples.shape[0] / luma.shape[0]
    return rect[0] * sx, rect[1] * sy, rect[2] * sx, rect[3] * sy


def _samplings(surface: Surface, part: Rect, size: tuple[int, int]) -> np.ndarray:
    """(2,) SAMPLING: how output pixels find their luma and their chroma."""
    out = np.zeros(2, SAMPLING)
    for entry, samples in zip(out, (surface.y, surface.y if surface.u is None else surface.u), strict=True):
        x, y, width, height = _in_plane(part, surface.y, samples)
        shape = samples.shape[1], samples.shape[0]
        steps = halvings((min(floor(width), shape[0]), min(floor(height), shape[1])), size)
        both, more_x, more_y = entry["halving"] = halving_of(steps)
        entry["width"], entry["height"] = halved_size(shape, steps)
        for axis, begin, span, factor, count in (
            ("x", x, width, 1 << (both + more_x), size[0]),
            ("y", y, height, 1 << (both + more_y), size[1]),
        ):
            scale = span / factor / count
            entry[f"scale_{axis}"], entry[f"offset_{axis}"] = scale, begin / factor + scale / 2 - 0.5
    return out


def _chips(surface: Surface, matrices: np.ndarray) -> np.ndarray:
    """(N,) CHIP for matrices that take displayed pixels to chip pixels."""
    shown = index_matrix(stored_to_displayed((surface.y.shape[1], surface.y.shape[0]), surface.geometry))
    out = np.zeros(len(matrices), CHIP)
    for chip, matrix in zip(out, matrices, strict=True):
        to_chip = np.vstack([matrix, [0.0, 0.0, 1.0]]) @ shown
        shrink = 1.0 / float(np.linalg.norm(to_chip[:2, :2], ord=2))
        chip["back"] = np.linalg.inv(to_chip)[:2].ravel()
        chip["step_log2"] = max(0, floor(log2(shrink)))
    return out
