"""Host-side arithmetic that tells kernels where the pixels of a part or a chip find their samples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import floor

import numpy as np

from ..geometry import halvings, index_matrix, rect_in, rotated_size, stored_to_displayed
from ..ops import Part, Warps
from ..surface import Geometry, Rect, Surface
from .layout import CHIP, CONVERT_PARAMS, SAMPLING, halved_size, halving_of

Shape = tuple[int, int]
"""Rows and columns."""


def convert_params(parts: Sequence[Part], shown: tuple[int, int]) -> np.ndarray:
    """(N,) CONVERT_PARAMS for parts that are all converted to the size `shown` (width, height)."""
    return np.concatenate([_convert_params(*_stored_in(surface), rect, shown) for surface, rect in parts])


def in_plane(rect: Rect, luma: Shape, samples: Shape) -> Rect:
    """The luma rectangle in the pixels of another plane. Chroma is assumed to lie in the middle of its luma pixels."""
    sx, sy = samples[1] / luma[1], samples[0] / luma[0]
    return rect[0] * sx, rect[1] * sy, rect[2] * sx, rect[3] * sy


def _stored_in(surface: Surface) -> tuple[Shape, Shape, Geometry]:
    """What the CONVERT_PARAMS of a picture depend on: shapes of luma and chroma, and geometry."""
    return surface.y.shape, (surface.y if surface.u is None else surface.u).shape, surface.geometry


@lru_cache(maxsize=256)
def _convert_params(
    luma: Shape, chroma: Shape, geometry: Geometry, rect: Rect | None, shown: tuple[int, int]
) -> np.ndarray:
    """(1,) CONVERT_PARAMS; cached, because a film is converted in the same way again and again."""
    look, part = np.zeros(1, CONVERT_PARAMS), rect_in((luma[1], luma[0]), geometry, rect)
    stored = rotated_size(shown, geometry.rotation)
    look["luma"], look["chroma"] = _samplings(luma, chroma, part, stored)
    look["cubic"], look["rotation"] = stored[0] > part[2] and stored[1] > part[3], geometry.rotation
    look["stored_width"], look["stored_height"] = stored
    return look


def _samplings(luma: Shape, chroma: Shape, part: Rect, size: tuple[int, int]) -> np.ndarray:
    """(2,) SAMPLING: how output pixels find their luma and their chroma samples."""
    out = np.zeros(2, SAMPLING)
    for entry, samples in zip(out, (luma, chroma), strict=True):
        x, y, width, height = in_plane(part, luma, samples)
        shape = samples[1], samples[0]
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


def chip_structs(parts: Sequence[Warps]) -> np.ndarray:
    """(N,) CHIP for matrices that map displayed pixels to chip pixels."""
    counts = [len(matrices) for _, matrices in parts]
    out, to_chip = np.zeros(sum(counts), CHIP), np.tile(np.eye(3), (sum(counts), 1, 1))
    if not len(out):
        return out
    out["picture"] = np.repeat(np.arange(len(parts)), counts)
    to_chip[:, :2] = np.concatenate([matrices for _, matrices in parts])
    to_chip @= np.repeat([_to_shown(surface.y.shape, surface.geometry) for surface, _ in parts], counts, axis=0)
    out["back"] = np.linalg.inv(to_chip)[:, :2].reshape(-1, 6)
    shrinks = 1.0 / np.linalg.norm(to_chip[:, :2, :2], ord=2, axis=(1, 2))
    out["step_log2"] = np.maximum(0, np.floor(np.log2(shrinks)))
    return out


@lru_cache(maxsize=64)
def _to_shown(luma: Shape, geometry: Geometry) -> np.ndarray:
    """(3, 3) matrix from stored to displayed pixels, pixel centres at whole numbers."""
    return index_matrix(stored_to_displayed((luma[1], luma[0]), geometry))
