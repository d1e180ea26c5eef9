"""A real face read by the real networks, and the rules for what is read of which face."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.detector import Detection
from engines.face_record import NO_QUALITY, FaceMeasures, face_record, tellable
from engines.faces import EMOTIONS, UNMEASURED, Face, Reading
from engines.open_session import open_session
from engines.pose import mean_head
from engines.reader import READER_ROLES, FaceReader, ReaderOptions
from engines.session import FakeSession, Session
from kernels.ops import Warps

from .scenes import PictureOps, fake_detector, portrait

EYES = np.zeros((1, 71, 3), np.float32)
EYES[0, 8, 0] = 30
EYES[0, [11, 12, 13], 1] = 9
IRIS = np.tile(np.array([15 - 0.05 * 30, -0.06 * 30 + 3, 0], np.float32), (1, 5, 1))
"""A tenth of the eye's width below where it lies in eyes that look ahead."""
MESH = np.zeros((1, 468, 3), np.float32)
MESH[0, [308, 291, 362, 263], 0] = 50
MESH[0, [14, 87, 317], 1] = 10


@pytest.fixture(scope="module")
def sessions(models_dir: Path) -> Iterator[dict[str, Session]]:
    with ExitStack() as stack:
        opened = {role: open_session(models_dir / f"{role}.onnx", threads=1) for role in READER_ROLES}
        for session in opened.values():
            stack.callback(session.close)
        yield opened


def fake_sessions(*faces: tuple[tuple[int, int], tuple[float, float], float]) -> dict[str, FakeSession]:
    """Networks that find `faces` in every picture and give the same output for every chip."""

    def rows(values: np.ndarray):  # type: ignore[no-untyped-def]
        return lambda inputs: np.repeat(values, len(inputs["image"]), 0)

    unit, calm = np.eye(1, 128, dtype=np.float32), np.eye(7, dtype=np.float32)[None, 6]
    answers = {
        "embedding": ("embedding", rows(unit)),
        "emotion": ("probabilities", rows(calm)),
    }
    seen = np.ones((1, 1), np.float32)
    eyes = FakeSession("eyes", lambda inputs: {"landmarks": rows(EYES)(inputs), "iris": rows(IRIS)(inputs)})
    mesh = FakeSession("mesh", lambda inputs: {"landmarks": rows(MESH)(inputs), "presence": rows(seen)(inputs)})
    made = {
        role: FakeSession(role, lambda inputs, name=name, answer=answer: {name: answer(inputs)})
        for role, (name, answer) in answers.items()
    }
    return made | {"eyes": eyes, "mesh": mesh, "detector": fake_detector(*faces)}


def read_fakes(options: ReaderOptions, *faces: tuple[tuple[int, int], tuple[float, float], float]) -> Reading:
    """The reading of a 1280×720 picture of noise in which the detector finds `faces`."""
    ops = PictureOps()
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    sessions = fake_sessions(*faces)
    try:
        return FaceReader(sessions, ops, options).read([ops.surface_of(noise)])[0]
    finally:
        for session in sessions.values():
            session.close()


def test_small_faces_are_seen_but_not_looked_at() -> None:
    reading = read_fakes(ReaderOptions(refine_below=0), ((10, 10), (12, 9), 0.9), ((20, 50), (60, 45), 0.6))
    near, far = reading.faces
    assert near.box[3] == pytest.approx(240, abs=1)
    assert near.emotion is not None
    assert near.embedding is not None
    assert near.eye_openness_ratio == pytest.approx(0.3)
    assert (near.mouth_openness_ratio, near.mouth_width_ratio) == pytest.approx((0.2, 1.0))
    assert far.box[3] == pytest.approx(48, abs=1)
    assert (far.emotion, far.embedding, far.eye_openness_ratio) == (None, None, None)
    assert (far.mouth_openness_ratio, far.mouth_width_ratio) == (None, None)
    assert far.quality is UNMEASURED
    assert near.quality is not UNMEASURED


def test_only_the_largest_faces_are_looked_at() -> None:
    faces = [((10 + 8 * (i % 2), 6 + 12 * i), (20 + 4 * i, 16 + 2 * i), 0.9 - 0.1 * i) for i in range(4)]
    reading = read_fakes(ReaderOptions(most_faces=2, refine_below=0), *faces)
    assert len(reading.faces) == 4
    assert [face.emotion is not None for face in reading.faces] == [True, True, False, False]
    assert reading.faces[0].box[3] > reading.faces[1].box[3] > reading.faces[2].box[3]


def test_a_gaze_needs_a_larger_face_than_open_eyes() -> None:
    options = ReaderOptions(refine_below=0, least_height=0.01)
    large, small = (read_fakes(options, ((20, 40), s, 0.9)).faces[0] for s in ((32, 26), (22, 18)))
    assert large.inter_ocular_px > 30 > small.inter_ocular_px > 20
    assert large.gaze is not None and small.gaze is None and small.eye_openness_ratio is not None
    assert (large.gaze.right, large.gaze.down, large.gaze.inwards) == pytest.approx((0, 0.1, 0), abs=1e-5)


def test_eyes_and_mouth_are_unknown_when_too_small() -> None:
    options = ReaderOptions(refine_below=0, least_height=0.01)
    large, small, tiny = (read_fakes(options, ((20, 40), s, 0.9)).faces[0] for s in ((18, 14), (13, 10), (10, 8)))
    assert large.inter_ocular_px > 20 > small.inter_ocular_px > 15 > tiny.inter_ocular_px
    assert large.eye_openness_ratios == pytest.approx((0.3, 0.3))
    assert small.eye_openness_ratios == (None, None)
    assert small.mouth_openness_ratio == pytest.approx(0.2)
    assert tiny.mouth_openness_ratio is None


@pytest.mark.models
def test_a_real_face_is_read(sessions: dict[str, Session]) -> None:
    ops = PictureOps()
    (reading,) = FaceReader(sessions, ops).read([ops.surface_of(portrait(1024))])
    face = reading.faces[0]
    x, y, width, height = face.box
    assert (x < 447 < x + width) and (y < 222 < y + height)
    assert face.score > 0.8
    assert face.eye_openness_ratio is not None
    assert face.eye_openness_ratio > 0.25  # open eyes: .22 and more
    assert face.mouth_openness_ratio is not None
    assert 0.1 < face.mouth_openness_ratio < 0.35  # teeth, no more
    assert face.mouth_width_ratio is not None
    assert face.mouth_width_ratio > 0.85  # a smile
    assert all(abs(angle) < 20 for angle in face.pose_deg)
    assert face.embedding is not None
    assert float(np.linalg.norm(face.embedding)) == pytest.approx(1, abs=1e-5)
    assert face.emotion is not None
    assert EMOTIONS[int(face.emotion.argmax())] == "happy"
    assert reading.descriptor is not None


@pytest.mark.models
def test_a_face_is_itself_at_other_sizes_and_places(sessions: dict[str, Session]) -> None:
    ops = PictureOps()
    picture = portrait(1024)
    crop = np.ascontiguousarray(picture[40:440, 240:700])
    pictures = [picture, crop, portrait(512), np.ascontiguousarray(picture[:, ::-1])]
    readings = FaceReader(sessions, ops).read([ops.surface_of(one) for one in pictures])
    faces = [reading.faces[0] for reading in readings]
    embeddings = np.stack([face.embedding for face in faces if face.embedding is not None])
    assert (embeddings[0] @ embeddings.T).min() > 0.97
    np.testing.assert_allclose(faces[1].landmarks + np.array([240, 40]), faces[0].landmarks, atol=8)
    assert faces[3].pose_deg[0] == pytest.approx(-faces[0].pose_deg[0], abs=8)


@pytest.mark.models
def test_a_reading_does_not_depend_on_its_neighbours(sessions: dict[str, Session]) -> None:
    ops = PictureOps()
    pictures = [portrait(1024), portrait(640), np.ascontiguousarray(portrait(512)[:, ::-1])]
    surfaces = [ops.surface_of(picture) for picture in pictures]
    reader = FaceReader(sessions, ops)
    together = reader.read(surfaces)
    for surface, reading in zip(reversed(surfaces), reversed(together), strict=True):
        (alone,) = reader.read([surface])
        assert len(alone.faces) == len(reading.faces) > 0
        for one, other in zip(alone.faces, reading.faces, strict=True):
            assert numbers(one) == numbers(other)
        assert bits(alone.descriptor) == bits(reading.descriptor)


@pytest.mark.models
@pytest.mark.parametrize("batch", [1, 8])
def test_a_known_face_is_read_again_where_it_still_is(sessions: dict[str, Session], batch: int) -> None:
    ops, options = PictureOps(), ReaderOptions(batch=batch, detector_batch=batch)
    picture, gone = portrait(1024), np.zeros((1024, 1024, 3), np.uint8)
    moved = np.ascontiguousarray(np.roll(picture, (6, 10), (0, 1)))
    reader = FaceReader(sessions, ops, options)
    face = reader.read([ops.surface_of(picture)])[0].faces[0]
    same, nobody, again = reader.read_again([ops.surface_of(one) for one in (picture, gone, moved)], face)
    assert same is not None and nobody is None and again is not None
    assert same.eye_openness_ratio == pytest.approx(face.eye_openness_ratio, abs=0.05)
    np.testing.assert_allclose(again.landmarks, same.landmarks + np.array([10, 6]), atol=6)
    assert (same.embedding, same.mouth_openness_ratio) == (None, None)


@pytest.mark.models
def test_reading_again_stops_where_the_caller_stops(sessions: dict[str, Session]) -> None:
    class CountingOps(PictureOps):
        warps = 0

        def warp(self, parts: Sequence[Warps], size: int) -> np.ndarray:
            self.warps += 1
            return super().warp(parts, size)

    ops = CountingOps()
    reader = FaceReader(sessions, ops)
    surface = ops.surface_of(portrait(640))
    face = reader.read([surface])[0].faces[0]
    before = ops.warps
    looks = reader.read_again([surface] * 8, face)
    next(looks)
    assert 0 < ops.warps - before <= 3
    assert list(reader.read_again([], face)) == []


@pytest.mark.models
def test_an_area_is_read_as_if_it_were_the_picture(sessions: dict[str, Session]) -> None:
    ops = PictureOps()
    picture = portrait(640)
    framed = np.zeros((720, 900, 3), np.uint8)
    framed[40:680, 130:770] = picture
    reader = FaceReader(sessions, ops)
    (inside,) = reader.read([ops.surface_of(framed)], area=(130, 40, 640, 640))
    (bare,) = reader.read([ops.surface_of(picture)])
    np.testing.assert_allclose(inside.faces[0].landmarks, bare.faces[0].landmarks + np.array([130, 40]), atol=1e-2)
    assert bits(inside.descriptor) == bits(bare.descriptor)


@pytest.mark.models
def test_pictures_without_faces(sessions: dict[str, Session]) -> None:
    ops = PictureOps()
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    black = np.zeros((720, 1280, 3), np.uint8)
    tiny = np.full((16, 16, 3), 90, np.uint8)
    readings = FaceReader(sessions, ops).read([ops.surface_of(one) for one in (noise, black, tiny)])
    assert [reading.faces for reading in readings] == [(), (), ()]
    assert readings[1].descriptor is None
    assert readings[2].descriptor is None
    assert FaceReader(sessions, ops).read([]) == []


def bits(array: np.ndarray | None) -> bytes | None:
    return None if array is None else array.tobytes()


def numbers(face: Face) -> tuple[object, ...]:
    """Everything of a face in a form that can be compared bit by bit."""
    arrays = (face.landmarks, face.embedding, face.emotion)
    mouth = (face.mouth_openness_ratio, face.mouth_width_ratio)
    plain = (face.box, face.score, face.eye_openness_ratios, face.gaze, face.pose_deg, face.quality, *mouth)
    return (*(bits(array) for array in arrays), *plain)


def test_engines_do_not_run_on_faces_of_which_they_can_tell_nothing() -> None:
    """The eyes of a face 48 pixels high are too small; in batches of several pictures they come along."""
    small, runs = ((20, 50), (12, 9), 0.9), {}
    for batch in (1, 4):
        ops, sessions = PictureOps(), fake_sessions(small)
        options = ReaderOptions(refine_below=0, least_height=0, batch=batch, embedding_least_px=60)
        noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
        (face,) = FaceReader(sessions, ops, options).read([ops.surface_of(noise)])[0].faces
        assert 10 <= face.inter_ocular_px < 20
        assert (face.eye_openness_ratio, face.embedding) == (None, None) and face.emotion is not None
        runs[batch] = {role: len(session.runs) for role, session in sessions.items() if role != "detector"}
        for session in sessions.values():
            session.close()
    assert (runs[1]["eyes"], runs[1]["embedding"], runs[1]["emotion"]) == (0, 0, 1)
    assert (runs[4]["eyes"], runs[4]["embedding"], runs[4]["emotion"]) == (1, 1, 1)


@given(st.integers(0, 2**32 - 1), st.floats(4, 90), st.floats(-90, 90))
def test_what_cannot_be_told_of_a_face_changes_nothing_in_its_record(seed: int, size: float, yaw_deg: float) -> None:
    random = np.random.default_rng(seed)
    turned = np.radians(yaw_deg)
    axes = np.array([[np.cos(turned), 0], [0, 1], [np.sin(turned), 0]])
    landmarks = (mean_head() @ axes * size + 200 + random.normal(0, size / 30, (5, 2))).astype(np.float32)
    face, can = Detection((100.0, 100.0, 3 * size, 3 * size), 0.9, landmarks), tellable(landmarks, 10.0)
    eyes, mouth, identity, feeling = (random.random(n).astype(np.float32) for n in (36, 3, 128, 7))
    full = FaceMeasures(eyes, mouth, identity, feeling, None, NO_QUALITY)
    told = FaceMeasures(
        eyes * np.repeat(can.eyes, 18), mouth * can.mouth, identity * can.identity, feeling * can.emotion, None,
        NO_QUALITY,
    )  # fmt: skip
    one, other = face_record(face, full, 10.0), face_record(face, told, 10.0)
    for field in fields(Face):
        np.testing.assert_equal(getattr(one, field.name), getattr(other, field.name))
