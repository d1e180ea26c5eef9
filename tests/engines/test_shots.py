"""What the network for shot boundaries is shown, which of its answers count, and what it finds in made films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engines.errors import SessionError
from engines.open_session import open_session
from engines.session import FakeSession
from engines.shots import BOUNDARY, TRANSITION, BoundaryClassifier, BoundaryStream, shot_starts
from kernels.cpu import CpuOps
from kernels.cuda.ops import CudaOps

from ..kernels import emulated
from ..kernels.device_array import DeviceArray, DeviceRuntime
from ..stream.cuda_peers import EmulatedSession, EmulatedTools
from .film_frames import cut_film, scene


def numbered(length: int) -> np.ndarray:
    """(length, 27, 48, 3) uint8: red and green of every pixel say the number of the frame."""
    frames = np.zeros((length, 27, 48, 3), np.uint8)
    frames[..., 0], frames[..., 1] = (np.arange(length)[:, None, None] // part % 256 for part in (256, 1))
    return frames


def numbers_of(planes: np.ndarray) -> np.ndarray:
    """(N, 100) numbers of the frames that a session was shown."""
    return planes[:, :, 0, 0, 0] * 256 + planes[:, :, 1, 0, 0]


def naming() -> FakeSession:
    """Answers with the number of each frame, and with its place in the window."""

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen = numbers_of(inputs["frames"])
        return {"boundary": seen, "transition": np.broadcast_to(np.arange(100, dtype=np.float32), seen.shape)}

    return FakeSession("shots", answer)


@pytest.mark.parametrize("length", [1, 49, 50, 51, 100, 101, 317])
@pytest.mark.parametrize("windows_per_run", [1, 3])
def test_every_frame_is_answered_once_from_the_middle_of_a_window(length: int, windows_per_run: int) -> None:
    with closing(naming()) as session:
        answers = BoundaryClassifier(session, CpuOps(), windows_per_run=windows_per_run).answers(numbered(length))
        shown = [run["frames"] for run in session.runs]
    np.testing.assert_array_equal(answers[:, BOUNDARY], np.arange(length))
    np.testing.assert_array_equal(answers[:, TRANSITION], 25 + np.arange(length) % 50)
    windows = np.concatenate([numbers_of(planes) for planes in shown])
    for number, window in enumerate(windows):  # each begins 25 frames before the fifty; the ends are repeated
        np.testing.assert_array_equal(window, np.clip(number * 50 - 25 + np.arange(100), 0, length - 1))
    assert len(windows) == -(-length // 50)
    assert max(map(len, shown)) <= windows_per_run
    assert all(planes.shape[1:] == (100, 3, 27, 48) and planes.dtype == np.float32 for planes in shown)


@pytest.mark.parametrize("sizes", [[1] * 260, [3, 0, 200, 57], [260]], ids=["one by one", "uneven", "at once"])
def test_answers_do_not_depend_on_how_frames_come(sizes: list[int]) -> None:
    frames = numbered(260)
    with closing(naming()) as session:
        stream = BoundaryStream(BoundaryClassifier(session, CpuOps()))
        ends = np.cumsum([0, *sizes])
        parts = [stream.push(frames[start:end]) for start, end in pairwise(ends)]
        known = sum(map(len, parts))
        answers = np.concatenate([*parts, stream.finish()])
    np.testing.assert_array_equal(answers[:, BOUNDARY], np.arange(260))
    assert known == 200  # the last window that 260 - 25 frames complete
    assert answers.dtype == np.float32


def test_a_stream_can_be_used_again_when_it_has_ended() -> None:
    with closing(naming()) as session:
        stream = BoundaryStream(BoundaryClassifier(session, CpuOps()))
        assert len(stream.finish()) == 0
        for length in (60, 130):
            answers = np.concatenate([stream.push(numbered(length)), stream.finish()])
            np.testing.assert_array_equal(answers[:, BOUNDARY], np.arange(length))


@pytest.mark.parametrize("frames", [np.zeros((5, 48, 27, 3), np.uint8), np.zeros((5, 27, 48, 3), np.float32)])
def test_frames_of_another_kind_are_refused(frames: np.ndarray) -> None:
    with closing(naming()) as session, pytest.raises(ValueError, match=r"not uint8 \(T, 27, 48, 3\)"):
        BoundaryClassifier(session, CpuOps()).answers(frames)


def test_a_session_that_fails_is_not_swallowed() -> None:
    def refuse(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        raise SessionError("shots: out of memory")

    with closing(FakeSession("shots", refuse)) as session, pytest.raises(SessionError, match="out of memory"):
        BoundaryClassifier(session, CpuOps()).answers(numbered(10))


@pytest.mark.parametrize(
    ("probabilities", "starts"),
    [
        ([0, 0, 0.9, 0, 0], [3]),
        ([0, 0.6, 0.9, 0.7, 0, 0.5, 0, 0.51, 0], [4, 8]),
        ([0.9, 0, 0, 0.9], [1]),
        ([0, 0], []),
        ([], []),
    ],
    ids=["a cut", "runs, and what is not above", "at the ends", "none", "no frames"],
)
def test_a_shot_starts_after_each_run(probabilities: list[float], starts: list[int]) -> None:
    assert shot_starts(np.array(probabilities, np.float32)) == starts


@pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host")
def test_on_a_device_only_the_answers_are_downloaded() -> None:
    """Two numbers for each of 3 × 50 frames, in one download for each run."""
    frames, runtime = numbered(130), DeviceRuntime()
    with closing(naming()) as session:
        tools = EmulatedTools(runtime)
        classifier = BoundaryClassifier(EmulatedSession(session), CudaOps(runtime), tools, windows_per_run=2)
        answers = classifier.answers(DeviceArray(frames))
    np.testing.assert_array_equal(answers[:, BOUNDARY], np.arange(130))
    assert runtime.downloaded == 3 * 50 * 2 * 4


@pytest.fixture(scope="module")
def classifier(models_dir: Path) -> Iterator[BoundaryClassifier]:
    with closing(open_session(models_dir / "shots.onnx", threads=2)) as session:
        yield BoundaryClassifier(session, CpuOps())


LENGTHS = (24, 31, 45)
CUTS = (24, 55)


@pytest.mark.models
def test_a_cut_is_seen_at_the_last_frame_before_it(classifier: BoundaryClassifier) -> None:
    probabilities = classifier.probabilities(cut_film(LENGTHS))
    assert probabilities.shape == (100,)
    assert probabilities.dtype == np.float32
    last = np.array(CUTS) - 1
    assert probabilities[last].min() > 0.9
    assert np.delete(probabilities, last).max() < 0.1
    assert shot_starts(probabilities) == list(CUTS)


@pytest.mark.models
def test_a_dissolve_is_one_boundary_inside_it_and_its_frames_are_a_transition(classifier: BoundaryClassifier) -> None:
    weight = np.clip((np.arange(100) - 39) / 21, 0, 1).reshape(-1, 1, 1, 1)  # frames 40 to 59 are mixed
    mixed = scene("astronaut", 100) * (1 - weight) + scene("coffee", 100) * weight
    answers = classifier.answers(mixed.astype(np.uint8))
    (start,) = shot_starts(answers[:, BOUNDARY])
    assert 46 <= start <= 54
    within = np.flatnonzero(answers[:, TRANSITION] > 0.5)
    assert abs(within[0] - 40) <= 2
    assert abs(within[-1] - 59) <= 2


@pytest.mark.models
def test_a_moving_camera_is_no_boundary(classifier: BoundaryClassifier) -> None:
    assert classifier.answers(scene("chelsea", 100)).max() < 0.1


@pytest.mark.models
@pytest.mark.slow
def test_a_window_does_not_depend_on_threads_and_on_others_in_its_run(models_dir: Path) -> None:
    """A film's result must not depend on other films in flight."""
    film = cut_film([70, 30])
    with closing(open_session(models_dir / "shots.onnx", threads=1)) as session:
        alone = BoundaryClassifier(session, CpuOps()).answers(film)
    with closing(open_session(models_dir / "shots.onnx", threads=2)) as session:
        together = BoundaryClassifier(session, CpuOps(), windows_per_run=2).answers(film)
    np.testing.assert_array_equal(alone, together)
