"""The structures that host and kernels share, as NumPy dtypes: field for field those of the CUDA sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..colour import code_range, opponent_axes, rgb_matrix
from ..geometry import analysis_size, chroma_halvings, halvings
from ..stats import HISTOGRAM_BINS
from ..surface import Array, Surface


def _struct(*fields: tuple[Any, ...]) -> np.dtype[np.void]:
    return np.dtype(list(fields), align=True)


PLANE = _struct(("data", "u8"), ("pitch_bytes", "i4"), ("step", "i4"), ("width", "i4"), ("height", "i4"))
HALVING = _struct(("both", "i4"), ("more_x", "i4"), ("more_y", "i4"))
PICTURE = _struct(
    ("y", PLANE),
    ("u", PLANE),
    ("v", PLANE),
    ("luma", HALVING),
    ("chroma", HALVING),
    ("luma_size", "i4", (2,)),
    ("chroma_size", "i4", (2,)),
    ("deep", "i4"),
    ("aligned", "i4"),
    ("unit", "f4"),
    ("black", "f4"),
    ("luma_gain", "f4"),
    ("chroma_gain", "f4"),
    ("opponent", "f4", (4,)),
    ("rgb", "f4", (12,)),
)
SUMS = _struct(("moments", "i8", (10,)), ("codes", "u4", (256,)), ("done", "u4"), ("spare", "u4"))
MEASURED = _struct(
    ("luma_mean", "f4"),
    ("luma_std", "f4"),
    ("sobel_energy", "f4"),
    ("laplacian_var", "f4"),
    ("blur_anisotropy", "f4"),
    ("blur_angle_rad", "f4"),
    ("colourfulness", "f4"),
    ("change", "f4"),
    ("histogram", "u2", (HISTOGRAM_BINS,)),
    ("signature_y", "u1", (9, 16)),
    ("signature_uv", "u1", (2, 4, 8)),
)
PLAN = _struct(
    ("width", "i4"),
    ("height", "i4"),
    ("rotation", "i4"),
    ("tiles_x", "i4"),
    ("tiles", "i4"),
    ("chroma_room", "i4"),
    ("has_before", "i4"),
)
SAMPLING = _struct(
    ("halving", HALVING),
    ("width", "i4"),
    ("height", "i4"),
    ("scale_x", "f4"),
    ("offset_x", "f4"),
    ("scale_y", "f4"),
    ("offset_y", "f4"),
)
TAPS = _struct(
    ("first_y", "u8"),
    ("weights_y", "u8"),
    ("first_x", "u8"),
    ("weights_x", "u8"),
    ("taps_y", "i4"),
    ("taps_x", "i4"),
)
CHIP = _struct(("back", "f4", (6,)), ("step_log2", "i4"))
NORMALISE = _struct(
    ("scale", "f4", (3,)), ("bias", "f4", (3,)), ("fill", "f4"), ("left", "i4"), ("top", "i4"), ("swap", "i4")
)

Address = Callable[[Array], int]
"""The device address of an array's first element."""


def pictures(surfaces: list[Surface], address: Address) -> np.ndarray:
    """(N,) PICTURE of surfaces whose planes lie on the device. Raises ValueError for planes that cannot be read."""
    out = np.zeros(len(surfaces), PICTURE)
    for picture, surface in zip(out, surfaces, strict=True):
        _describe(picture, surface, address)
    return out


def _describe(picture: np.void, surface: Surface, address: Address) -> None:
    for name, samples in (("y", surface.y), ("u", surface.u), ("v", surface.v)):
        if samples is not None:
            picture[name] = _plane(samples, address)
    span = code_range(surface.colour)
    picture["unit"] = 1.0 / (1 << (surface.bit_depth - 8))
    picture["black"], picture["luma_gain"], picture["chroma_gain"] = span
    picture["opponent"] = np.ravel(opponent_axes(surface.colour))
    picture["rgb"] = rgb_matrix(surface.colour, surface.bit_depth).ravel()
    picture["deep"] = surface.y.dtype.itemsize == 2
    luma = picture["y"]
    picture["aligned"] = surface.y.dtype.itemsize == 1 and luma["pitch_bytes"] % 16 == 0 and luma["data"] % 16 == 0
    size, target = (surface.y.shape[1], surface.y.shape[0]), analysis_size(surface.geometry)
    steps = halvings(size, target)
    picture["luma"], picture["luma_size"] = halving_of(steps), halved_size(size, steps)
    if surface.u is not None:
        size = surface.u.shape[1], surface.u.shape[0]
        steps = [(2, 2)] * chroma_halvings(size)
        picture["chroma"], picture["chroma_size"] = halving_of(steps), halved_size(size, steps)


def _plane(samples: Array, address: Address) -> tuple[int, int, int, int, int]:
    pitch_bytes, step_bytes = samples.strides
    item = samples.dtype.itemsize
    if samples.ndim != 2 or item not in (1, 2) or pitch_bytes < 0 or step_bytes <= 0 or step_bytes % item:
        raise ValueError(f"plane of dtype {samples.dtype} and strides {samples.strides} cannot be read on the device")
    return address(samples), pitch_bytes, step_bytes // item, samples.shape[1], samples.shape[0]


def halving_of(steps: list[tuple[int, int]]) -> tuple[int, int, int]:
    """HALVING of steps as `geometry.halvings` lists them."""
    return steps.count((2, 2)), steps.count((2, 1)), steps.count((1, 2))


def halved_size(size: tuple[int, int], steps: list[tuple[int, int]]) -> tuple[int, int]:
    """(width, height) after the steps."""
    for step in steps:
        size = size[0] // step[0], size[1] // step[1]
    return size
