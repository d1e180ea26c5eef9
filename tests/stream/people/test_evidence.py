"""Evidence beside the faces: the camera setup, the scene, the clothes, and what it changes in the grouping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from stream.people.characters import find_characters, seen_together
from stream.people.evidence import Evidence, weigh_evidence
from stream.records import Shot, Track
from stream.settings.sections import PeopleSettings

GREY, GREY_AGAIN, RED = np.array([60.0, 0, 0]), np.array([50.0, 1, 2]), np.array([50.0, 60, 40])
SETUP = np.eye(8)[0]
SAME_PLACE = 0.6 * np.eye(8)[0] + 0.8 * np.eye(8)[1]
ELSEWHERE = np.eye(8)[2]
LEFT, RIGHT = (100.0, 50.0, 80.0, 100.0), (500.0, 50.0, 80.0, 100.0)


def take(distance: float, axis: int) -> np.ndarray:
    """A unit embedding; two with other axes are so many balance distances (.06) apart."""
    common = 1 - 0.06 * distance
    vector = np.zeros(16)
    vector[0], vector[axis] = np.sqrt(common), np.sqrt(1 - common)
    return vector.astype(np.float32)


def a_track(index: int, shot: int, embedding: np.ndarray, **face: object) -> Track:
    """A track of two faces, two seconds a shot."""
    looks = Face(
        LEFT, 0.9, np.zeros((5, 2), np.float32), 40.0, None, (None, None), (0.0, 0.0, 0.0), embedding, None, UNMEASURED
    )
    looks = replace(looks, **face)
    return Track(index, shot, [(2.0 * shot + t, looks) for t in (0.5, 1.5)], embedding)


def shots(count: int, length_s: float = 2.0) -> list[Shot]:
    starts = [length_s * i for i in range(count)]
    return [Shot(i, 0, 0, 0, 0, start, start + length_s, None, None, "cut") for i, start in enumerate(starts)]


def evidence_of(tracks: list[Track], descriptors: dict[int, list[np.ndarray]], film: list[Shot]) -> Evidence:
    return weigh_evidence(tracks, seen_together(tracks), film, descriptors)


@pytest.mark.parametrize(
    ("place", "other", "clothes", "kinds", "worth"),
    [
        (LEFT, SETUP, GREY_AGAIN, {"one place in the same camera setup", "the same scene", "the same clothes"}, 1.25),
        (LEFT, SETUP, None, {"one place in the same camera setup", "the same scene"}, 0.75),
        (RIGHT, SETUP, None, {"the same scene"}, 0.25),
        (RIGHT, SAME_PLACE, GREY_AGAIN, {"the same scene", "the same clothes"}, 0.75),
        (RIGHT, SAME_PLACE, RED, {"the same scene"}, -0.25),
        (LEFT, ELSEWHERE, GREY_AGAIN, set(), 0.0),
        (LEFT, ELSEWHERE, RED, set(), 0.0),
    ],
)
def test_each_kind_of_evidence_counts_where_it_can_be_judged(place, other, clothes, kinds, worth) -> None:
    first, second = a_track(0, 0, take(1, 1), clothes=GREY), a_track(1, 1, take(1, 2), box=place, clothes=clothes)
    found = evidence_of([first, second], {0: [SETUP], 1: [other]}, shots(2))
    assert {name for name, pairs in found.kinds.items() if pairs[0, 1]} == kinds
    assert found.worth[0, 1] == pytest.approx(worth) == found.worth[1, 0]


def test_a_scene_does_not_last_for_the_whole_film() -> None:
    tracks = [a_track(0, 0, take(1, 1)), a_track(1, 1, take(1, 2), box=RIGHT)]
    found = evidence_of(tracks, {0: [SETUP], 1: [SAME_PLACE]}, shots(2, length_s=60.0))
    assert not found.kinds["the same scene"].any()


def test_evidence_brings_tracks_no_nearer_than_a_strong_likeness_and_leaves_nearer_ones_alone() -> None:
    cosines = 1 - 0.06 * np.array([[0.0, 0.3, 0.8], [0.3, 0.0, 2.0], [0.8, 2.0, 0.0]])
    found = Evidence(np.zeros((3, 3), bool), np.full((3, 3), 1.0), {}).applied(cosines, 0.06)
    assert (1 - found) / 0.06 == pytest.approx(np.array([[0.0, 0.3, 0.5], [0.3, 0.0, 1.0], [0.5, 1.0, 0.0]]))


@pytest.mark.parametrize(("clothes", "people"), [(GREY_AGAIN, 1), (RED, 2)])
def test_other_light_is_one_person_in_the_same_scene_and_clothes(clothes: np.ndarray, people: int) -> None:
    tracks = [a_track(0, 0, take(1.6, 1), clothes=GREY), a_track(1, 1, take(1.6, 2), clothes=clothes, box=RIGHT)]
    characters, method = find_characters(tracks, shots(2), PeopleSettings(), "cpu", {0: [SETUP], 1: [SAME_PLACE]})
    assert len(characters) == people
    assert ("the same clothes" in method) == (people == 1)


def test_two_faces_of_one_picture_stay_two_people_whatever_speaks_for_one() -> None:
    tracks = [a_track(0, 0, take(1.0, 1), clothes=GREY), a_track(1, 0, take(1.0, 2), clothes=GREY)]
    characters, _ = find_characters(tracks, shots(1), PeopleSettings(), "cpu", {0: [SETUP]})
    assert len(characters) == 2


def test_without_a_good_face_tracks_are_joined_only_where_more_than_the_face_speaks_for_it() -> None:
    for other, people in ((SETUP, 1), (ELSEWHERE, 2)):
        tracks = [a_track(i, i, take(0.5, 1 + i)) for i in range(2)]
        for track in tracks:
            track.embedding = None
        characters, method = find_characters(tracks, shots(2), PeopleSettings(), "cpu", {0: [SETUP], 1: [other]})
        assert len(characters) == people
        assert method.startswith("no face is good enough to tell people apart by it alone")
        assert ("camera setup" in method) == (people == 1)
