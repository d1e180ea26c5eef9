"""How often a batch of pictures calls the device: a bounded number of times, however many pictures it has.

Every call costs the interpreter microseconds, and one process reads the probes of many films.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.open_session import open_session
from engines.reader import READER_ROLES, FaceReader, ReaderOptions
from kernels.cuda.ops import CudaOps
from kernels.cuda.sources import KERNELS
from kernels.surface import Colour, Geometry, Surface

from ..kernels import emulated
from ..kernels.device_array import DeviceArray, DeviceRuntime
from ..stream.cuda_peers import EmulatedSession, EmulatedTools
from .scenes import portrait

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host"),
]
DESCRIPTOR_BYTES = 2 * (1 + 1056)
FACE_BYTES = 2 * 64 + 724 + 144
"""Detected twice, and looked at; colours of the clothes."""
ALL_KERNELS = [kernel for kernels in KERNELS.values() for kernel in kernels]


@pytest.fixture
def runtime() -> DeviceRuntime:
    return DeviceRuntime()


@pytest.fixture
def reader(runtime: DeviceRuntime, models_dir: Path) -> Iterator[FaceReader]:
    """A reader on an emulated device, with the batch sizes of a real one."""
    with ExitStack() as stack:
        sessions = {
            role: EmulatedSession(open_session(models_dir / f"{role}.onnx", threads=1)) for role in READER_ROLES
        }
        for session in sessions.values():
            stack.callback(session.close)
        options = ReaderOptions(batch=32, detector_batch=32)
        yield FaceReader(sessions, CudaOps(runtime), options, EmulatedTools(runtime))


def surface_with_a_face(left: int) -> Surface:
    """320×180, on the device; the face is small enough for a second detection."""
    picture = np.full((180, 320, 3), 60, np.uint8)
    picture[10:170, left : left + 160] = portrait(160)
    i420 = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    u, v = i420[180:].reshape(2, 90, 160)
    planes = (DeviceArray(plane.copy()) for plane in (i420[:180], u, v))
    return Surface(*planes, 8, Colour("bt601"), Geometry(320, 180))


def test_reading_more_pictures_together_asks_no_more_of_the_device(reader: FaceReader, runtime: DeviceRuntime) -> None:
    reader.read([surface_with_a_face(0)])  # uploads the constants
    counts = []
    for number in (1, 5):
        surfaces = [surface_with_a_face(20 * i) for i in range(number)]
        runtime.asked.clear()
        made, downloaded = DeviceArray.made, runtime.downloaded
        readings = reader.read(surfaces)
        assert [len(reading.faces) for reading in readings] == [1] * number
        assert all(reading.descriptor is not None for reading in readings)
        assert runtime.downloaded - downloaded == number * (DESCRIPTOR_BYTES + FACE_BYTES)
        counts.append((dict(runtime.asked), DeviceArray.made - made))
    assert counts[0] == counts[1]
    asked, arrays = counts[1]
    assert sum(asked.get(kernel, 0) for kernel in ALL_KERNELS) <= 17
    assert asked["download"] <= 4 and asked["upload"] <= 16
    assert arrays <= 201
