"""Pictures of main characters together: who is shown, how strong the relation is, and their place among the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from kernels.stats import ROW
from stream.ranking.reasons import why
from stream.ranking.relations import Relations, relation_graph
from stream.ranking.selection import Assessment, Pick, Selection
from stream.records import ActiveRect, Candidate, Character, Track
from stream.settings.sections import FaceSettings, RankSettings

WHOLE = ActiveRect(0, 0, 1280, 720)
FACE = Face(
    (100.0, 100.0, 160.0, 200.0), 0.9, np.zeros((5, 2), np.float32), 70.0, None, (None, None), (0.0, 0.0, 0.0),
    None, np.eye(7)[6], UNMEASURED, 0.05, 0.8,
)  # fmt: skip


def a_character(number: int, *tracks: int, main: bool = True) -> Character:
    return Character(f"c{number:02d}", main, tracks, (), 1.0, np.zeros(128, np.float32))


def a_picture(time_s: float, worth: float, *people: str | None, shot: int = 0, **lesser: object) -> Assessment:
    """A picture of these people; `lesser`: how the face of the last one differs from the others'."""
    faces = (*(FACE for _ in people[:-1]), *(replace(FACE, **lesser) for _ in people[-1:]))
    candidate = Candidate(shot, time_s, None, np.zeros(1, ROW)[0], faces, None, 1.0, worth)
    return Assessment(candidate, WHOLE, worth, {}, people[0] if people else None, True, [], people)


def note_relations(
    pictures: Sequence[Assessment], cast: list[Character], tracks: list[Track], faces: FaceSettings
) -> None:
    relations = Relations(cast, tracks, faces)
    for picture in pictures:
        relations.note(picture)


def tracks_of(*shots: tuple[int, ...]) -> list[Track]:
    """One picture a shot; `shots`: the numbers of the tracks that it shows."""
    return [Track(number, shot, [(10.0 * shot, FACE)]) for shot, numbers in enumerate(shots) for number in numbers]


def test_the_relation_is_strongest_between_those_who_share_most_shots() -> None:
    cast = [a_character(1, 0, 2, 4), a_character(2, 1, 3), a_character(3, 5), a_character(4, 6, main=False)]
    assert relation_graph(cast, tracks_of((0, 1), (2, 3), (4, 5, 6))) == {("c01", "c02"): 1.0, ("c01", "c03"): 0.5}


@pytest.mark.parametrize(
    ("people", "lesser", "together"),
    [
        (("c01", "c02"), {}, ("c01", "c02")),
        (("c01",), {}, ()),
        (("c01", "c04"), {}, ()),
        (("c01", None), {}, ()),
        (("c01", "c02"), {"box": (400.0, 100.0, 24.0, 30.0)}, ()),
        (("c01", "c02"), {"score": 0.2}, ()),
        (("c01", "c02"), {"pose_deg": (-80.0, 0.0, 0.0)}, ()),
        (("c01", "c02"), {"emotion": np.eye(7)[5]}, ()),
        (("c01", "c02"), {"emotion": None}, ()),
        (("c01", "c02"), {"mouth_openness_ratio": 0.6}, ()),
        (("c01", "c02"), {"mouth_openness_ratio": None}, ()),
        (("c01", None), {"emotion": np.eye(7)[5]}, ()),
    ],
)
def test_together_are_main_characters_whose_faces_could_be_printed(people, lesser, together) -> None:
    cast = [a_character(1, 0), a_character(2, 1), a_character(4, 2, main=False)]
    picture = a_picture(1.0, 0.5, *people, **lesser)
    note_relations([picture], cast, tracks_of((0, 1, 2)), FaceSettings())
    assert picture.together == together
    assert picture.relation == (1.0 if together else 0.0)


def chosen(*pictures: Assessment, wanted: int = 3) -> list[float]:
    cast = [a_character(1, 0), a_character(2, 1)]
    note_relations(pictures, cast, tracks_of((0, 1)), FaceSettings())
    picks = Selection(RankSettings(), wanted).choose(pictures, lambda _: None)
    return [pick.assessment.candidate.pts_s for pick in picks]


@pytest.mark.parametrize(("score", "found"), [(0.72, [0, 100, 500]), (0.6, [0, 100, 200])])
def test_a_picture_of_two_main_characters_has_the_last_place_where_it_is_nearly_as_good(
    score: float, found: list[float]
) -> None:
    alone = [a_picture(100.0 * i, 0.8, f"x{i}", shot=i) for i in range(3)]
    assert chosen(*alone, a_picture(500.0, score, "c01", "c02", shot=5)) == found


def test_it_may_lack_less_where_others_are_together_more_often() -> None:
    cast = [a_character(1, 0, 2, 4, 6), a_character(2, 1, 3, 5), a_character(3, 7)]
    tracks = tracks_of((0, 1), (2, 3), (4, 5), (6, 7))
    for person, expected in (("c02", [0, 500]), ("c03", [0, 100])):
        pictures = [a_picture(100.0 * i, 0.8, f"x{i}", shot=i) for i in range(2)]
        pictures.append(a_picture(500.0, 0.72, "c01", person, shot=5))
        note_relations(pictures, cast, tracks, FaceSettings())
        picks = Selection(RankSettings(), 2).choose(pictures, lambda _: None)
        assert [pick.assessment.candidate.pts_s for pick in picks] == expected


def test_a_group_that_is_refused_or_a_copy_takes_no_place() -> None:
    for reason, look in (("text_overlay", 1), (None, 0)):
        pictures = [a_picture(100.0 * i, 0.8, f"x{i}", shot=i) for i in range(2)]
        pictures.append(a_picture(500.0, 0.79, "c01", "c02", shot=5))
        for picture, direction in zip(pictures, (0, 2, look), strict=True):
            picture.candidate.descriptor = np.eye(4, dtype=np.float32)[direction]
        pictures[2].together = ("c01", "c02")
        refuse = lambda a, reason=reason: reason if a.together else None  # noqa: E731
        picks = Selection(RankSettings(), 2).choose(pictures, refuse)
        assert [pick.assessment.candidate.pts_s for pick in picks] == [0, 100]


def test_one_such_picture_is_enough() -> None:
    alone = [a_picture(100.0 * i, 0.8, f"x{i}", shot=i) for i in range(3)]
    both = [a_picture(500.0 + 100 * i, 0.75, "c01", "c02", shot=5 + i) for i in range(3)]
    assert [time_s for time_s in chosen(*alone, *both) if time_s >= 500] == [500.0]


def test_it_has_its_place_though_its_leader_was_chosen_twice() -> None:
    alone = [a_picture(100.0 * i, 0.95, "c01", shot=i) for i in range(4)]
    both = a_picture(500.0, 0.88, "c01", "c02", shot=5)
    assert 500.0 in chosen(*alone, both)


def test_why_names_them() -> None:
    picture = a_picture(1.0, 0.5, "c01", "c02", "c03")
    picture.together = ("c01", "c02", "c03")
    said = why(Pick(picture, []), {"c01": 1, "c02": 2, "c03": 3})
    assert "main characters c01, c02 and c03 together" in said
