"""The structures that host and kernels share, as NumPy dtypes. They have the fields of the structures in the CUDA
sources, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
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
    ("paired", "i4"),
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
    ("chroma_change", "f4"),
    ("tone_change", "f4"),
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
CONVERT_PARAMS = _struct(
    ("luma", SAMPLING),
    ("chroma", SAMPLING),
    ("cubic", "i4"),
    ("rotation", "i4"),
    ("stored_width", "i4"),
    ("stored_height", "i4"),
)
TAPS = _struct(
    ("first_y", "u8"),
    ("weights_y", "u8"),
    ("first_x", "u8"),
    ("weights_x", "u8"),
    ("taps_y", "i4"),
    ("taps_x", "i4"),
)
CHIP = _struct(("back", "f4", (6,)), ("step_log2", "i4"), ("picture", "i4"))
NORMALISE = _struct(
    ("mix", "f4", (3, 3)),
    ("scale", "f4", (3,)),
    ("bias", "f4", (3,)),
    ("fill", "f4"),
    ("left", "i4"),
    ("top", "i4"),
    ("channels", "i4"),
)

Address = Callable[[Array], int]
"""Returns the device address of an array's first element."""


def picture_structs(surfaces: Sequence[Surface], address: Address) -> np.ndarray:
    """(N,) PICTURE of surfaces whose planes are on the device. Raises ValueError for planes that kernels cannot read.

    The surfaces of a film differ only in their addresses; everything else is computed once and cached, because this
    runs for every frame.
    """
    out = np.zeros(len(surfaces), PICTURE)
    layouts = [_layout(surface) for surface in surfaces]
    if all(layout == layouts[0] for layout in layouts):  # equal objects compare by identity first, which is fast
        out[:] = _form(layouts[0])
    else:
        out[:] = np.stack([_form(layout) for layout in layouts])
    for name in ("y", "u", "v"):
        planes = [getattr(surface, name) for surface in surfaces]
        out[name]["data"] = [0 if plane is None else address(plane) for plane in planes]
    u, v = out["u"]["data"], out["v"]["data"]
    out["aligned"] &= out["y"]["data"] % 16 == 0
    out["paired"] &= (u % 16 == 0) & (v - u == 1 + out["deep"])
    return out


def _layout(surface: Surface) -> tuple[Any, ...]:
    """Everything that a PICTURE depends on except the addresses."""
    planes = ((p.shape, p.strides, p.dtype) if p is not None else None for p in (surface.y, surface.u, surface.v))
    return (*planes, surface.bit_depth, surface.colour, surface.geometry)


@lru_cache(maxsize=64)
def _form(layout: tuple[Any, ...]) -> np.ndarray:
    """() PICTURE without addresses."""
    *planes, bit_depth, colour, geometry = layout
    picture = np.zeros((), PICTURE)
    for name, plane in zip(("y", "u", "v"), planes, strict=True):
        if plane is not None:
            picture[name] = _plane(*plane)
    span = code_range(colour)
    picture["unit"] = 1.0 / (1 << (bit_depth - 8))
    picture["black"], picture["luma_gain"], picture["chroma_gain"] = span
    picture["opponent"] = np.ravel(opponent_axes(colour))
    picture["rgb"] = rgb_matrix(colour, bit_depth).ravel()
    (height, width), _, dtype = planes[0]
    picture["deep"] = dtype.itemsize == 2
    picture["aligned"] = _whole_rows(1, *planes[0])
    # Whether U and V are interleaved depends on their addresses (`picture_structs`).
    picture["paired"] = planes[1] == planes[2] and planes[1] is not None and _whole_rows(2, *planes[1])
    steps = halvings((width, height), analysis_size(geometry))
    picture["luma"], picture["luma_size"] = halving_of(steps), halved_size((width, height), steps)
    if planes[1] is not None:
        size = planes[1][0][1], planes[1][0][0]
        steps = [(2, 2)] * chroma_halvings(size)
        picture["chroma"], picture["chroma_size"] = halving_of(steps), halved_size(size, steps)
    return picture


def _plane(shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, int, int, int, int]:
    """PLANE with address 0."""
    item = dtype.itemsize
    if len(shape) == 2 and item in (1, 2) and strides[0] >= 0 and strides[1] > 0 and strides[1] % item == 0:
        return 0, strides[0], strides[1] // item, shape[1], shape[0]
    raise ValueError(f"plane of dtype {dtype} and strides {strides} cannot be read on the device")


def _whole_rows(step: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether all rows of a plane begin at multiples of 16 bytes when the first one does, and its samples are `step`
    apart."""
    return len(shape) == 2 and strides[0] % 16 == 0 and strides[1] == step * dtype.itemsize


def halving_of(steps: list[tuple[int, int]]) -> tuple[int, int, int]:
    """HALVING of steps as `geometry.halvings` lists them."""
    return steps.count((2, 2)), steps.count((2, 1)), steps.count((1, 2))


def halved_size(size: tuple[int, int], steps: list[tuple[int, int]]) -> tuple[int, int]:
    """(width, height) after the steps."""
    for step in steps:
        size = size[0] // step[0], size[1] // step[1]
    return size
