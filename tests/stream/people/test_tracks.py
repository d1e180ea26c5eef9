"""Tracks: faces of one shot linked by embedding and place."""

from __future__ import annotations

import numpy as np

from engines.faces import UNMEASURED, Face
from stream.people.tracks import TrackBuilder


def someone(seed: int, wobble: float = 0.0) -> np.ndarray:
    """A unit embedding; different seeds have a cosine of about 0.8, as different people do for the default network."""
    rng = np.random.default_rng(seed)
    common = np.random.default_rng(999).normal(size=128)
    vector = common + 0.5 * rng.normal(size=128) + wobble * np.random.default_rng(seed + 77).normal(size=128)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def between(cosine: float) -> tuple[np.ndarray, np.ndarray]:
    """Two unit embeddings with exactly this cosine."""
    a, b = np.zeros((2, 128), np.float32)
    a[0], b[0], b[1] = 1, cosine, np.sqrt(1 - cosine**2)
    return a, b


def face(
    x: float,
    embedding: np.ndarray | None,
    size: float = 100.0,
    yaw: float = 0.0,
    eyes_px: float = 40.0,
    score: float = 0.9,
) -> Face:
    return Face(
        (x, 50.0, size * 0.8, size),
        score,
        np.zeros((5, 2), np.float32),
        eyes_px,
        0.3,
        (0.3, 0.3),
        (yaw, 0.0, 0.0),
        embedding,
        None,
        UNMEASURED,
    )


def test_one_person_is_one_track_and_its_embedding_the_mean():
    looks = [someone(1, w) for w in (0.0, 0.05, 0.1)]
    tracks, numbers = TrackBuilder().link(0, [(float(i), (face(100 + 5 * i, e),)) for i, e in enumerate(looks)])
    assert len(tracks) == 1
    assert numbers == [(0,), (0,), (0,)]
    mean = np.mean(looks, axis=0)
    assert np.allclose(tracks[0].embedding, mean / np.linalg.norm(mean), atol=1e-5)


def test_two_people_stay_two_even_when_they_change_places():
    a, b = someone(1), someone(2)
    seen = [(0.0, (face(100, a), face(400, b))), (1.0, (face(100, b), face(400, a)))]
    tracks, numbers = TrackBuilder().link(0, seen)
    assert len(tracks) == 2
    assert numbers == [(0, 1), (1, 0)]


def test_two_faces_of_one_picture_are_never_one_person():
    a = someone(1)
    tracks, numbers = TrackBuilder().link(0, [(0.0, (face(100, a),)), (1.0, (face(100, a), face(500, a)))])
    assert len(tracks) == 2
    assert numbers[1][0] != numbers[1][1]


def test_a_face_without_embedding_is_linked_by_its_place():
    a = someone(1)
    seen = [(0.0, (face(100, a),)), (1.0, (face(104, None),)), (2.0, (face(600, None),))]
    tracks, numbers = TrackBuilder().link(0, seen)
    assert numbers == [(0,), (0,), (1,)]
    assert tracks[1].embedding is None


def test_numbers_go_on_from_shot_to_shot():
    builder = TrackBuilder()
    first, _ = builder.link(0, [(0.0, (face(100, someone(1)),))])
    second, _ = builder.link(1, [(5.0, (face(100, someone(1)),))])
    assert [t.index for t in first + second] == [0, 1]


def test_faces_turned_away_do_not_speak_for_the_track():
    tracks, _ = TrackBuilder().link(0, [(0.0, (face(100, someone(1), yaw=60.0),))])
    assert tracks[0].embedding is None


def test_people_who_follow_each_other_at_one_place_are_two():
    a, b = between(0.88)
    tracks, _ = TrackBuilder().link(0, [(0.0, (face(100, a),)), (1.0, (face(100, b),))])
    assert len(tracks) == 2


def test_a_head_that_turns_away_is_still_the_same_at_its_place():
    a, b = between(0.88)
    turned = [(0.0, (face(100, a),)), (1.0, (face(104, b, yaw=50.0),)), (2.0, (face(100, a),))]
    tracks, numbers = TrackBuilder().link(0, turned)
    assert numbers == [(0,), (0,), (0,)]
    assert np.allclose(tracks[0].embedding, a, atol=1e-6)


def test_likeness_beyond_doubt_needs_no_place():
    a, b = between(0.97)
    tracks, _ = TrackBuilder().link(0, [(0.0, (face(0, a),)), (1.0, (face(900, b, size=40.0),))])
    assert len(tracks) == 1


def test_uncertain_and_tiny_faces_do_not_speak_for_the_track():
    for doubtful in (face(100, someone(1), score=0.6), face(100, someone(1), eyes_px=15.0)):
        tracks, _ = TrackBuilder().link(0, [(0.0, (doubtful,))])
        assert tracks[0].embedding is None


def test_pictures_without_faces_have_no_numbers():
    assert TrackBuilder().link(0, [(0.0, ()), (1.0, ())]) == ([], [(), ()])
