"""The bytes of a frame that are copied from the device to the host."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.cuda.layout import MEASURED
from kernels.cuda.ops import CudaOps
from kernels.surface import Colour, Geometry, Surface, split_semi_planar
from stream.pipeline.watch import darkness_frames

from . import emulated
from .device_array import DeviceArray, DeviceRuntime

MOST_BYTES = 512


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_a_frame_costs_its_row_and_a_share_of_the_profiles() -> None:
    size, frames = (64, 48), 8
    planes = split_semi_planar(np.full((size[1] * 3 // 2, size[0]), 90, np.uint8), size[1])
    y, u, v = map(DeviceArray, planes)
    runtime = DeviceRuntime()
    meter = CudaOps(runtime).meter(Geometry(*size))
    surfaces = [Surface(y, u, v, 8, Colour(), Geometry(*size))] * frames
    meter.measure(surfaces, np.arange(frames) / 25, np.arange(frames, dtype=np.int32))
    assert runtime.downloaded == frames * MEASURED.itemsize
    meter.take_darkness()
    profiles = runtime.downloaded - frames * MEASURED.itemsize
    assert profiles == _profile_bytes(*size)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (1080, 1920), (3840, 2160), (4096, 2160), (7680, 4320)])
def test_that_is_within_the_budget(size: tuple[int, int]) -> None:
    assert MEASURED.itemsize + _profile_bytes(*size) / darkness_frames(Geometry(*size)) <= MOST_BYTES


def _profile_bytes(width: int, height: int) -> int:
    """Two bits for every line, and one byte each for all rows and for all columns."""
    return sum(-(-lines // 4) + 1 for lines in (width, height))
