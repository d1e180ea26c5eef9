"""Characters: which tracks are one person, and who the main characters are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from engines.clustering import average_linkage
from engines.faces import UNMEASURED, Face
from stream.people.characters import find_characters, seen_together
from stream.people.evidence import faces_only
from stream.people.grouping import group_tracks, on_strong_evidence, within_limit
from stream.people.main_characters import how_many
from stream.people.merging import merge_groups
from stream.records import Character, Shot, Track
from stream.settings.sections import PeopleSettings

SHOT_S = 4.0
SETTINGS = PeopleSettings()


def looks(person: int, take: int, wobble: float = 0.02) -> np.ndarray:
    """A unit embedding as the default network makes them: one person about 0.98 alike, two people about 0.85."""

    def direction(*seed: int) -> np.ndarray:
        vector = np.random.default_rng(seed).normal(size=128)
        return vector / np.linalg.norm(vector)

    parts = np.sqrt([0.98 - 0.13, 0.13, wobble])
    vector = parts @ np.stack([direction(0), direction(1, person), direction(2, person, take)])
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def a_face(embedding: np.ndarray | None, height: float = 200.0) -> Face:
    box = (100.0, 50.0, 0.8 * height, height)
    return Face(
        box, 0.9, np.zeros((5, 2), np.float32), 0.35 * height, None, (None, None),
        (0.0, 0.0, 0.0), embedding, None, UNMEASURED,
    )  # fmt: skip


class Story:
    """A film put together shot by shot."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.shots: list[Shot] = []
        self.who: dict[int, int | None] = {}

    def show(self, *people: int, height: float = 200.0, wobble: float = 0.02, poor: bool = False) -> Story:
        """One more shot, with all these people in the same pictures; none for a landscape."""
        start = SHOT_S * len(self.shots)
        shot = len(self.shots)
        self.shots.append(Shot(shot, 0, 0, 0, 0, start, start + SHOT_S, None, None, "cut"))
        for person in people:
            embedding = looks(person, len(self.tracks), wobble)
            faces = [(start + t, a_face(embedding, height)) for t in (1.0, 2.0, 3.0)]
            self.who[len(self.tracks)] = person
            self.tracks.append(Track(len(self.tracks), shot, faces, None if poor else embedding))
        return self

    def show_each(self, people: Sequence[int], **how: float) -> Story:
        for person in people:
            self.show(person, **how)
        return self

    def landscapes(self, count: int) -> Story:
        for _ in range(count):
            self.show()
        return self

    def show_uncertain(self, person: int) -> Story:
        """One more shot, with a poor face that only one picture shows."""
        self.show(person, poor=True)
        del self.tracks[-1].faces[1:]
        return self

    def people_of(self, tracks: Sequence[int]) -> set[int | None]:
        return {self.who[t] for t in tracks}

    def find(self, settings: PeopleSettings = SETTINGS) -> tuple[list[Character], str]:
        return find_characters(self.tracks, self.shots, settings, "cpu")


def test_density_finds_the_cast_and_leaves_strangers_alone():
    story = Story().show_each([1, 2, 3] * 6 + [4, 5] * 2 + [6, 7, 8])
    characters, method = story.find()
    assert method == "HDBSCAN"
    assert [sorted(story.people_of(c.tracks)) for c in characters] == [[1], [2], [3], [4], [5]]
    assert sum(len(c.tracks) for c in characters) == 22
    assert [c.id for c in characters if c.main] == ["c01", "c02", "c03"]


def test_few_tracks_are_linked_and_the_method_says_so():
    story = Story().show_each([1, 2, 1, 2, 3])
    characters, method = story.find()
    assert "average linkage" in method
    assert [story.people_of(c.tracks) for c in characters] == [{1}, {2}, {3}]
    assert [c.main for c in characters] == [True, True, False]


@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_one_person_is_decided_explicitly(count: int):
    characters, method = Story().show_each([1] * count).find()
    assert "one person" in method
    assert [len(c.tracks) for c in characters] == [count]
    assert characters[0].main


def test_nobody_is_decided_explicitly():
    for story in (Story().landscapes(2), Story().show_uncertain(1)):
        characters, method = story.find()
        assert characters == []
        assert method.startswith("none")


def test_only_strangers_make_no_character():
    characters, method = Story().show_each(range(1, 16)).find()
    assert characters == []
    assert method.startswith("none")


def test_two_faces_of_one_picture_are_never_one_person():
    story = Story().show_each([1, 2] * 7)
    for _ in range(3):
        story.show(1, 1)
    characters, _ = story.find()
    apart = seen_together(story.tracks)
    for character in characters:
        assert not apart[np.ix_(character.tracks, character.tracks)].any()


def test_tracks_of_one_shot_at_different_times_may_be_one_person():
    story = Story().show(1).show_each([1, 2] * 6)
    first = story.tracks[0]
    later = [(pts_s + 0.5, face) for pts_s, face in first.faces]
    story.tracks.append(Track(len(story.tracks), 0, later, looks(1, 99)))
    characters, _ = story.find()
    assert any({0, len(story.tracks) - 1} <= set(c.tracks) for c in characters)


def test_screen_time_is_the_length_of_the_shots_that_show_the_person():
    story = Story().show_each([1, 2, 1, 2])
    first, second = story.tracks[0], story.tracks[2]
    story.tracks.append(Track(4, 0, [(3.9, first.faces[0][1])], looks(1, 50)))
    characters, _ = story.find()
    assert [c.screen_time_s for c in characters] == [2 * SHOT_S, 2 * SHOT_S]
    assert characters[0].shots == (first.shot, second.shot)


def test_poor_tracks_are_added_to_whom_they_clearly_show():
    story = Story().show_each([1, 2, 3] * 5).show(1, poor=True).show(9, poor=True)
    characters, _ = story.find()
    assert 15 in characters[0].tracks
    assert 15 in characters[0].shots
    assert characters[0].screen_time_s == 6 * SHOT_S
    assert all(16 not in c.tracks for c in characters)


def test_a_poor_track_is_not_added_to_a_person_of_the_same_picture():
    story = Story().show_each([1, 2, 3] * 5).show(1)
    clear = story.tracks[-1]
    story.tracks.append(Track(16, clear.shot, list(clear.faces), None))
    characters, _ = story.find()
    assert all(16 not in c.tracks for c in characters)


def test_order_of_the_tracks_changes_nothing():
    story = Story().show_each([1, 2, 3, 1, 2] * 4 + [4, 4]).show(1, 2).show(3, poor=True)
    expected, method = story.find()
    rng = np.random.default_rng(5)
    for _ in range(3):
        story.tracks = [story.tracks[i] for i in rng.permutation(len(story.tracks))]
        found, again = story.find()
        assert again == method
        assert [(c.id, c.main, c.tracks, c.screen_time_s) for c in found] == [
            (c.id, c.main, c.tracks, c.screen_time_s) for c in expected
        ]


def test_a_person_seen_once_is_no_main_character_unless_the_film_is_short():
    beside, _ = Story().show_each([1, 1, 2, 1]).find()
    assert [c.main for c in beside] == [True, False]
    alone, _ = Story().show(1, 2).landscapes(3).find()
    assert [c.main for c in alone] == [True, True]
    long_alone, _ = Story().show(1, 2).landscapes(15).find()
    assert [c.main for c in long_alone] == [False, False]


def test_someone_always_far_away_and_in_one_part_only_is_no_main_character():
    story = Story().show_each([1, 2, 3] * 6).show_each([4] * 6, height=40.0)
    characters, _ = story.find()
    assert {min(story.people_of(c.tracks)) for c in characters if c.main} == {1, 2, 3}


def test_no_more_main_characters_than_asked_for():
    characters, _ = Story().show_each([1, 2, 3] * 5).find(PeopleSettings(main_characters=1))
    assert [c.main for c in characters] == [True, False, False]


@pytest.mark.parametrize(
    ("prominences", "expected"),
    [
        ([], 0),
        ([50], 1),
        ([50, 3], 1),
        ([50, 20], 2),
        ([50, 45, 40, 8, 7], 3),
        ([50, 45, 8, 7, 6], 2),
        ([50, 45, 20, 19], 2),
        ([50, 45, 20, 5], 3),
        ([50, 49, 48, 47, 46], 3),
        ([50, 45, 9], 2),
        ([50, 10, 9, 2], 3),
    ],
)
def test_the_drop_in_prominence_ends_the_main_cast(prominences: list[float], expected: int):
    assert how_many(prominences, 3) == expected


def test_the_parts_of_one_person_join_on_strong_evidence():
    """Two takes of a person that density keeps apart, and a look-alike who is nearer than the balance point."""
    near_all = np.array([[1, 0.99, 0.98, 0.98], [0.99, 1, 0.98, 0.98], [0.98, 0.98, 1, 0.99], [0.98, 0.98, 0.99, 1]])
    alike = np.where(near_all < 0.99, 0.945, near_all)
    labels, free = np.array([0, 0, 1, 1]), np.zeros((4, 4), bool)
    strong = partial(on_strong_evidence, 0.06)
    assert merge_groups(near_all, labels, free, strong).tolist() == [0, 0, 0, 0]
    assert merge_groups(alike, labels, free, strong).tolist() == [0, 0, 1, 1]
    wide = alike - 0.045 * (1 - np.eye(4)) * (near_all >= 0.99)
    assert merge_groups(wide, labels, free, strong).tolist() == [0, 0, 0, 0]
    assert merge_groups(near_all, labels, ~np.eye(4, dtype=bool), strong).tolist() == [0, 0, 1, 1]


def test_merging_respects_pairs_that_are_apart_and_loose_points():
    cosines, free = np.full((5, 5), 0.99), np.zeros((5, 5), bool)
    apart = free.copy()
    apart[0, 1] = apart[1, 0] = True
    rule = partial(within_limit, 0.06)
    assert len(set(merge_groups(cosines, np.arange(5), apart, rule)[:2])) == 2
    assert merge_groups(cosines, np.full(5, -1), free, rule).tolist() == [-1] * 5
    assert merge_groups(cosines, np.array([0, -1, -1, -1, -1]), apart, rule).tolist() == [0, -1, 0, 0, 0]


def test_merging_is_average_linkage_where_nothing_is_apart():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(40, 8)) + 3 * rng.normal(size=(5, 8))[rng.integers(0, 5, 40)]
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    merged = merge_groups(points @ points.T, np.arange(40), np.zeros((40, 40), bool), partial(within_limit, 0.3))
    assert merged.tolist() == average_linkage(points, 0.3).tolist()


def test_twins_who_share_pictures_are_two_characters():
    story = Story()
    for _ in range(6):
        story.show(1, 1, wobble=0.005)
    for track in story.tracks[1::2]:
        assert track.embedding is not None
        track.embedding = track.embedding + 0.6 * looks(2, 0)
        track.embedding /= np.linalg.norm(track.embedding)
    characters, _ = story.find()
    assert [c.tracks for c in characters] == [tuple(range(0, 12, 2)), tuple(range(1, 12, 2))]


@pytest.mark.parametrize("shots", [4, 30])
def test_a_mirror_does_not_divide_a_person(shots: int):
    story = Story().show_each([1] * shots).show(1, 1).show_each([1] * shots)
    characters, _ = story.find()
    assert len(characters[0].tracks) == 2 * shots + 1
    assert all(len(c.tracks) <= 1 for c in characters[1:])


def test_a_varied_person_without_any_cluster_is_still_one():
    """Takes that scatter ever further around one face: no group is denser than the rest, and the last ones are lost."""
    rng = np.random.default_rng(0)
    scatter = 0.015 * rng.normal(size=(30, 128)) * rng.lognormal(0, 0.5, size=(30, 1))
    takes = looks(1, 0, wobble=0.0) + scatter
    takes = (takes / np.linalg.norm(takes, axis=1, keepdims=True)).astype(np.float32)
    labels, method = group_tracks(takes, faces_only(np.zeros((30, 30), bool)), SETTINGS, "cpu")
    assert "one person" in method
    assert "density sees no groups" in method
    assert labels.max() == 0
    assert (labels == 0).mean() > 0.8


def test_a_large_cluster_keeps_a_take_that_a_small_one_would_not():
    """Density of five and more is evidence; two lonely faces that are each other's nearest are not one person."""
    a, b = np.eye(128)[:2]
    odd = 0.93 * a + np.sqrt(1 - 0.93**2) * b
    others = [looks(person, take) for person in (2, 3) for take in range(6)]
    for copies, kept in ((8, True), (1, False)):
        takes = np.stack([*[a + 1e-3 * np.eye(128)[5 + i] for i in range(copies)], odd, *others])
        takes = (takes / np.linalg.norm(takes, axis=1, keepdims=True)).astype(np.float32)
        labels, method = group_tracks(takes, faces_only(np.zeros((len(takes), len(takes)), bool)), SETTINGS, "cpu")
        assert method == "HDBSCAN"
        assert (labels[copies] >= 0 and labels[copies] == labels[0]) == kept


def test_embeddings_must_be_finite():
    story = Story().show_each([1, 2])
    story.tracks[0].embedding = np.full(128, np.nan, np.float32)
    with pytest.raises(ValueError, match="finite"):
        story.find()
