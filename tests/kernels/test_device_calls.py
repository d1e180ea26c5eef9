"""How often measuring calls the device: a fixed number of times for each batch, not for each frame."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.bars import DARKNESS_STRIDE
from kernels.cuda.layout import picture_structs
from kernels.cuda.ops import CudaOps
from kernels.cuda.plane import DevicePlane
from kernels.surface import Colour, Geometry, Surface, split_semi_planar

from . import emulated
from .device_array import DeviceArray, DeviceRuntime
from .samples import Kind, surface_of

SIZE = 64, 48


def surfaces(count: int) -> list[Surface]:
    planes = split_semi_planar(np.full((SIZE[1] * 3 // 2, SIZE[0]), 90, np.uint8), SIZE[1])
    y, u, v = map(DeviceArray, planes)
    return [Surface(y, u, v, 8, Colour(), Geometry(*SIZE))] * count


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_a_batch_is_five_launches_one_upload_and_one_fetch_however_many_frames_it_has() -> None:
    runtime = DeviceRuntime()
    meter = CudaOps(runtime).meter(Geometry(*SIZE))
    for frames in (32, 32, 16):
        given = surfaces(frames)
        runtime.asked.clear()
        made = DeviceArray.made
        meter.measure(given, np.arange(frames) / 25, np.arange(frames, dtype=np.int32))
        asked, arrays = dict(runtime.asked), DeviceArray.made - made
    assert asked == {
        "upload": 1, "empty": 3, "measure": 1, "rgb_thumbnails": 1, "darkness_rows": 1, "darkness_columns": 1,
        "line_borders": 1, "download": 1,
    }  # fmt: skip
    assert arrays <= 7
    made = DeviceArray.made
    meter.small(3)
    assert DeviceArray.made - made == runtime.asked["plane"] == 3


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_lines_are_looked_at_in_every_eighth_frame_however_frames_are_batched() -> None:
    runtime = DeviceRuntime()
    meter = CudaOps(runtime).meter(Geometry(*SIZE))
    looked_at, first = [], 0
    for frames in (3, 4, 1, 1, 7, 13, 3):
        meter.measure(surfaces(frames), np.arange(frames) / 25, np.arange(frames, dtype=np.int32))
        looked_at += (first + meter.borders()["place"]).tolist()
        first += frames
    assert looked_at == list(range(0, 32, DARKNESS_STRIDE))
    assert runtime.asked["line_borders"] == runtime.asked["darkness_rows"] == 4 - 1  # one batch had two of them


def test_planes_without_an_array_module_are_described_like_those_with_one() -> None:
    surface = surface_of(Kind((64, 48), bit_depth=16, interleaved=True))
    bare = [
        DevicePlane(plane.ctypes.data, plane.shape, plane.strides, plane.dtype, surface)
        for plane in (surface.y, surface.u, surface.v)
    ]
    twin = Surface(*bare, 16, surface.colour, surface.geometry)

    def address(plane: DevicePlane | np.ndarray) -> int:
        return plane.address if isinstance(plane, DevicePlane) else int(plane.ctypes.data)

    assert picture_structs([surface], address).tobytes() == picture_structs([twin], address).tobytes()
    assert twin.nbytes == surface.nbytes
    interface = bare[1].__cuda_array_interface__
    assert (interface["typestr"], interface["strides"], interface["shape"]) == ("<u2", surface.u.strides, (24, 32))
