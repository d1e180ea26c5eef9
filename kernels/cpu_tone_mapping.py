"""Pictures of high dynamic range or a wide gamut as BT.709 pictures, on the host: one compiled pass over the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from .colour import rgb_matrix
from .compiled import compiled, compiled_helper, t
from .planes import opencv_plane
from .surface import Colour, Surface
from .tone_mapping import SDR, STEPS, Tables, is_mapped, tables_of

_TABLE, _MATRIX = t.Array(t.float32, 1, "C", readonly=True), t.Array(t.float32, 2, "C", readonly=True)
_OUT = t.Array(t.uint8, 3, "C")
_NEUTRAL = 128


def mapped_rgb(planes: Sequence[np.ndarray], colour: Colour, bit_depth: int) -> np.ndarray:
    """(h, w, 3) uint8 R'G'B' of BT.709. planes: Y, U, V or Y alone, (h, w) each, uint8 or uint16, in code values of
    `bit_depth`."""
    neutral = [np.full_like(planes[0], _NEUTRAL << (bit_depth - 8))] * (3 - len(planes))
    codes, out = cv2.merge([*planes, *neutral]), np.empty((*planes[0].shape, 3), np.uint8)
    to_signal = (rgb_matrix(colour, bit_depth) / 255.0).astype(np.float32)
    arguments: tuple[Any, ...] = (codes, to_signal, *_numbers(tables_of(colour)), out)
    _map(*arguments)
    return out


def mapped_surface(surface: Surface) -> Surface:
    """The picture as one of BT.709, limited range and 8 bits, in new memory and planes of the same size; itself if it
    needs no mapping."""
    if not is_mapped(surface.colour):
        return surface
    planes = [opencv_plane(plane) for plane in (surface.y, surface.u, surface.v) if plane is not None]
    rgb = mapped_rgb([_at_size(plane, planes[0]) for plane in planes], surface.colour, surface.bit_depth)
    mapped = zip(cv2.split(cv2.transform(rgb, _TO_YUV)), planes, strict=False)
    y, *chroma = (_at_size(plane, stored) for plane, stored in mapped)
    u, v = chroma or (None, None)
    return replace(surface, y=y, u=u, v=v, bit_depth=8, colour=SDR)


def mapped_luma(luma: np.ndarray, colour: Colour) -> np.ndarray:
    """Luma (0–255 full-range units) as that of the mapped picture, for greys; float32."""
    levels = np.arange(256, dtype=np.uint8)[None]
    greys = mapped_rgb([levels], replace(colour, full_range=True), 8)[0, :, 1]
    return np.asarray(np.interp(luma, np.arange(256), greys), np.float32)


def _at_size(plane: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The plane at the size of another."""
    if plane.shape == other.shape:
        return plane
    kind = cv2.INTER_AREA if plane.size > other.size else cv2.INTER_LINEAR
    return cv2.resize(plane, (other.shape[1], other.shape[0]), interpolation=kind)


def _to_yuv() -> np.ndarray:
    """(3, 4) float64 that multiplies (R', G', B', 1) and gives Y, U, V of `SDR`, all in 8-bit code values."""
    forth = rgb_matrix(SDR, 8)
    back = np.linalg.inv(forth[:, :3])
    return np.column_stack([back, -back @ forth[:, 3]])


_TO_YUV = _to_yuv()


def _numbers(tables: Tables) -> tuple[Any, ...]:
    return tuple(np.float32(one) if isinstance(one, float) else one for one in tables)


@compiled_helper
def _between(table: np.ndarray, place: Any) -> Any:
    """The table at a place of 0 to 1, interpolated."""
    at = min(max(place, np.float32(0)), np.float32(1)) * np.float32(STEPS)
    below = min(int(at), STEPS - 1)
    share = np.float32(at - below)
    return table[below] * (np.float32(1) - share) + table[below + 1] * share


@compiled_helper
def _fourth_root(value: Any) -> Any:
    held = max(value, np.float32(0))
    return np.sqrt(np.sqrt(held))


_ARGUMENTS = (_MATRIX, _TABLE, t.float32, t.float32, _TABLE, t.float32, _TABLE, _MATRIX, _TABLE, _OUT)


@compiled(
    t.void(t.Array(t.uint8, 3, "C", readonly=True), *_ARGUMENTS),
    t.void(t.Array(t.uint16, 3, "C", readonly=True), *_ARGUMENTS),
)
def _map(
    codes: np.ndarray,
    to_signal: np.ndarray,
    light: np.ndarray,
    system_gamma: float,
    system_gain: float,
    luminance: np.ndarray,
    most: float,
    gain: np.ndarray,
    gamut: np.ndarray,
    signal: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fills `out` (h, w, 3); see `mapped_rgb` and `kernels.tone_mapping.Tables`."""
    height, width, _ = codes.shape
    one = np.empty(3, np.float32)
    for r in range(height):
        for c in range(width):
            y, u, v = np.float32(codes[r, c, 0]), np.float32(codes[r, c, 1]), np.float32(codes[r, c, 2])
            for k in range(3):
                code = to_signal[k, 0] * y + to_signal[k, 1] * u + to_signal[k, 2] * v + to_signal[k, 3]
                one[k] = _between(light, code)
            if system_gamma != 0:
                scene = luminance[0] * one[0] + luminance[1] * one[1] + luminance[2] * one[2]
                scale = system_gain * max(scene, np.float32(1e-9)) ** system_gamma
                for k in range(3):
                    one[k] *= scale
            brightest = max(one[0], one[1], one[2], np.float32(1e-9))
            factor = _between(gain, _fourth_root(brightest / most)) * min(most / brightest, np.float32(1))
            for k in range(3):
                shown = factor * (gamut[k, 0] * one[0] + gamut[k, 1] * one[1] + gamut[k, 2] * one[2])
                out[r, c, k] = np.uint8(_between(signal, _fourth_root(shown)) + np.float32(0.5))
