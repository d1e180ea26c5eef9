"""The bytes of a frame that are copied from the device to the host."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.bars import DARKNESS_STRIDE
from kernels.cuda.layout import MEASURED
from kernels.cuda.meter import _AXIS
from kernels.cuda.ops import CudaOps
from kernels.surface import Colour, Geometry, Surface, split_semi_planar

from . import emulated
from .device_array import DeviceArray, DeviceRuntime

MOST_BYTES = 512
SAMPLED = 2 * _AXIS.itemsize
"""Of a frame whose rows and columns are looked at."""


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_a_frame_costs_its_row_and_some_frames_their_borders() -> None:
    size, frames = (64, 48), 9
    planes = split_semi_planar(np.full((size[1] * 3 // 2, size[0]), 90, np.uint8), size[1])
    y, u, v = map(DeviceArray, planes)
    runtime = DeviceRuntime()
    meter = CudaOps(runtime).meter(Geometry(*size))
    surfaces = [Surface(y, u, v, 8, Colour(), Geometry(*size))] * frames
    meter.measure(surfaces, np.arange(frames) / 25, np.arange(frames, dtype=np.int32))
    assert len(meter.borders()) == 2
    assert runtime.downloaded == frames * MEASURED.itemsize + 2 * SAMPLED


def test_that_is_within_the_budget() -> None:
    assert MEASURED.itemsize + SAMPLED / DARKNESS_STRIDE <= MOST_BYTES
