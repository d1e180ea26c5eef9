"""What is run before films is what films run: every operation between the models for which CuPy compiles a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.asked_shapes import asked_shapes
from engines.fixed_shapes import FixedShapeSession
from engines.maturity import MaturityClassifier
from engines.ocr import LineReader, TextDirection
from engines.open_session import open_session
from engines.reader import READER_ROLES, FaceReader, ReaderOptions
from engines.session import Session
from engines.shots import BoundaryClassifier
from engines.text import TextDetector
from kernels.cuda.ops import CudaOps
from kernels.surface import Colour, Geometry, Surface
from stream.device.first_use import run_models_once

from ..kernels import emulated
from ..kernels.device_array import DeviceArray, DeviceRuntime
from ..stream.cuda_peers import EmulatedSession, EmulatedTools
from .scenes import portrait

pytestmark = pytest.mark.skipif(
    not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host"
)
Done = set[tuple[str, ...]]


def noted(work: Callable[[], object]) -> Done:
    """The operations that some work does."""
    before = DeviceArray.done.copy()
    DeviceArray.done.clear()
    work()
    done = DeviceArray.done.copy()
    DeviceArray.done.update(before)
    return done


@pytest.fixture(scope="module")
def before_films() -> Done:
    runtime = DeviceRuntime()
    return noted(lambda: run_models_once(runtime, EmulatedTools(runtime)))


def test_faces_lines_and_marks_are_there_to_be_read() -> None:
    runtime = DeviceRuntime()
    assert run_models_once(runtime, EmulatedTools(runtime)) > 30
    assert runtime.asked["suppress"] >= 4


def test_it_does_all_that_is_known_to_be_compiled(before_films: Done) -> None:
    names = {name for name, *_ in before_films}
    assert {"greater", "nonzero", "exp", "add", "multiply", "divide", "subtract", "concatenate", "take"} <= names
    assert {"sqrt", "stack", "maximum", "max", "argmax", "astype", "full_like", "copy", "mean"} <= names


@pytest.fixture
def sessions(models_dir: Path) -> Iterator[dict[str, Session]]:
    """The models on an emulated device, as a run has them."""
    roles = (*READER_ROLES, "text_detection", "text_recognition", "text_direction", "maturity", "shots")
    with ExitStack() as stack:
        opened = dict[str, Session]()
        for role in roles:
            asked = asked_shapes()[role].within(8)

            def open_one(role: str = role) -> Session:
                return EmulatedSession(open_session(models_dir / f"{role}.onnx", threads=1))

            opened[role] = FixedShapeSession(open_one(), open_one, asked.rows, asked.usual)
            stack.callback(opened[role].close)
        yield opened


@pytest.mark.models
@pytest.mark.slow
def test_a_film_does_nothing_that_was_not_done_before(sessions: dict[str, Session], before_films: Done) -> None:
    runtime = DeviceRuntime()
    ops, tools = CudaOps(runtime), EmulatedTools(runtime)
    picture = picture_with_text_and_a_face()
    faces = FaceReader(sessions, ops, ReaderOptions(batch=8, detector_batch=8), tools)
    boxes = np.array([[0, 0, 120, 20], [0, 0, 20, 120]], np.float32)

    def work() -> None:
        (reading,) = faces.read([picture])
        assert len(reading.faces) == 1
        list(faces.read_again([picture], reading.faces[0]))
        assert len(TextDetector(sessions["text_detection"], ops, tools=tools).read(picture).boxes)
        LineReader(sessions["text_recognition"], ops, tools=tools, batch=8).read(picture, boxes)
        TextDirection(sessions["text_direction"], ops, tools=tools, batch=8).upside_down(picture, boxes)
        MaturityClassifier(sessions["maturity"], ops, tools).explicit(picture)
        frames = runtime.zeros((60, 27, 48, 3), np.uint8)
        BoundaryClassifier(sessions["shots"], ops, tools).answers(frames)

    assert noted(work) <= before_films


def picture_with_text_and_a_face() -> Surface:
    """320×180, on the device."""
    picture = np.full((180, 320, 3), 60, np.uint8)
    picture[10:170, 20:180] = portrait(160)
    cv2.putText(picture, "KEYART", (190, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 3)
    i420 = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    u, v = i420[180:].reshape(2, 90, 160)
    planes = (DeviceArray(plane.copy()) for plane in (i420[:180], u, v))
    return Surface(*planes, 8, Colour("bt601"), Geometry(320, 180))
