"""What the network for explicit pictures is shown, compared with a slow reference, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import pytest

from engines.errors import SessionError
from engines.maturity import MaturityClassifier, squares
from engines.open_session import open_session
from engines.session import FakeSession
from engines.zoo import Zoo
from kernels.cpu import CpuOps
from kernels.cuda.ops import CudaOps
from kernels.surface import Colour, Geometry, Rect, Surface

from ..kernels import emulated
from ..kernels.device_array import DeviceArray, DeviceRuntime
from ..stream.cuda_peers import EmulatedSession, EmulatedTools
from .scenes import portrait

SIZE = (640, 360)
BARS: Rect = (0.0, 40.0, 640.0, 280.0)
"""The picture between bars of 40 rows."""


def answering(probability: float) -> FakeSession:
    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"probabilities": np.array([[1 - probability, probability]], np.float32)}

    return FakeSession("maturity", answer)


def smooth_picture(width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: each channel rises in another direction, so that no two places, mirrors or orders of
    channels are alike; bars above and below."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    picture = np.stack([40 + 150 * x, 40 + 150 * y, 190 - 75 * (x + y)], -1).astype(np.uint8)
    picture[:40] = picture[-40:] = 0
    return picture


def surface_of(picture: np.ndarray) -> Surface:
    """4:2:0, limited range. picture: (h, w, 3) uint8 RGB with sides that are multiples of 4."""
    height, width = picture.shape[:2]
    i420 = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    u, v = i420[height:].reshape(2, height // 2, width // 2)
    return Surface(i420[:height].copy(), u.copy(), v.copy(), 8, Colour("bt601"), Geometry(width, height))


def reference(picture: np.ndarray, area: Rect) -> np.ndarray:
    """(224, 224, 3) float64 RGB, by the words of open_nsfw's authors: the whole scaled to 256×256, then its middle.

    Each pixel is the mean of 4×4 samples of the rectangle that it covers.
    """
    left, top, width, height = area
    samples = (np.arange(4 * 256) + 0.5) / (4 * 256)
    rows, columns = ((start + samples * side).astype(int) for start, side in ((top, height), (left, width)))
    scaled = picture[np.ix_(rows, columns)].reshape(256, 4, 256, 4, 3).mean((1, 3))
    return scaled[16:240, 16:240]


def shown(surface: Surface, area: Rect | None) -> np.ndarray:
    """(224, 224, 3) float32 RGB: what the session was given."""
    with closing(answering(0.25)) as session:
        MaturityClassifier(session, CpuOps()).explicit(surface, area)
        (run,) = session.runs
    assert run["image"].shape == (1, 3, 224, 224)
    assert run["image"].dtype == np.float32
    return np.asarray(run["image"][0].transpose(1, 2, 0))


@pytest.mark.parametrize("area", [BARS, (64.0, 60.0, 333.0, 222.0)], ids=["without its bars", "a part"])
def test_the_network_is_shown_the_middle_of_256_by_256_pixels(area: Rect) -> None:
    picture = smooth_picture(*SIZE)
    np.testing.assert_allclose(shown(surface_of(picture), area), reference(picture, area), atol=4)


def test_without_an_area_it_is_the_whole_picture() -> None:
    surface = surface_of(smooth_picture(*SIZE))
    np.testing.assert_array_equal(shown(surface, None), shown(surface, (0.0, 0.0, 640.0, 360.0)))


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ((10.0, 20.0, 300.0, 300.0), [(10, 20, 300, 300)]),
        ((0.0, 40.0, 640.0, 280.0), [(0, 40, 280, 280), (180, 40, 280, 280), (360, 40, 280, 280)]),
        ((0.0, 0.0, 400.0, 300.0), [(0, 0, 300, 300), (50, 0, 300, 300), (100, 0, 300, 300)]),
        ((5.0, 0.0, 360.0, 640.0), [(5, 0, 360, 360), (5, 140, 360, 360), (5, 280, 360, 360)]),
        ((0.0, 0.0, 1000.0, 250.0), [(250 * place, 0, 250, 250) for place in range(4)]),
    ],
    ids=["square", "wide", "4:3", "portrait", "very wide"],
)
def test_squares_cover_an_area_along_its_longer_side(area: Rect, expected: list[Rect]) -> None:
    assert squares(area) == expected


def test_in_its_own_shape_each_square_is_asked_and_the_highest_counts() -> None:
    answers = iter([0.2, 0.7, 0.4])

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        explicit = next(answers)
        return {"probabilities": np.array([[1 - explicit, explicit]], np.float32)}

    picture = smooth_picture(*SIZE)
    with closing(FakeSession("maturity", answer)) as session:
        found = MaturityClassifier(session, CpuOps()).explicit_unsqueezed(surface_of(picture), BARS)
        seen = [run["image"][0].transpose(1, 2, 0) for run in session.runs]
    assert found == pytest.approx(0.7)
    for shown_one, square in zip(seen, squares(BARS), strict=True):
        np.testing.assert_allclose(shown_one, reference(picture, square), atol=4)


def test_the_second_column_is_the_probability() -> None:
    with closing(answering(0.25)) as session:
        assert MaturityClassifier(session, CpuOps()).explicit(surface_of(smooth_picture(*SIZE))) == 0.25


def test_a_session_that_fails_is_not_swallowed() -> None:
    def refuse(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        raise SessionError("maturity: out of memory")

    with closing(FakeSession("maturity", refuse)) as session, pytest.raises(SessionError, match="out of memory"):
        MaturityClassifier(session, CpuOps()).explicit(surface_of(smooth_picture(*SIZE)))


@pytest.mark.models
def test_a_photograph_is_judged_as_by_the_published_network(models_dir: Path) -> None:
    picture = portrait(720)
    published = ort.InferenceSession(Zoo.default().published("maturity"), providers=["CPUExecutionProvider"])
    bgr = reference(picture, (0.0, 0.0, 720.0, 720.0))[..., ::-1] - np.array([104, 117, 123])
    ((_, expected),) = published.run(None, {"input:0": bgr[None].astype(np.float32)})[0]
    with closing(open_session(models_dir / "maturity.onnx", threads=1)) as session:
        got = MaturityClassifier(session, CpuOps()).explicit(surface_of(picture))
    assert got == pytest.approx(expected, abs=0.01)
    assert 0.001 < got < 0.2


@pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host")
def test_on_a_device_only_the_answer_is_downloaded() -> None:
    """Two numbers; what the session is shown differs from the host's by rounding."""
    picture, runtime = smooth_picture(*SIZE), DeviceRuntime()
    surface = surface_of(picture)
    planes = (DeviceArray(plane) for plane in (surface.y, surface.u, surface.v))
    on_device = Surface(*planes, 8, surface.colour, surface.geometry)
    with closing(answering(0.25)) as session:
        classifier = MaturityClassifier(EmulatedSession(session), CudaOps(runtime), EmulatedTools(runtime))
        assert classifier.explicit(on_device, BARS) == 0.25
        (run,) = session.runs
    assert runtime.downloaded == 8
    np.testing.assert_allclose(run["image"][0].transpose(1, 2, 0), shown(surface, BARS), atol=2)
