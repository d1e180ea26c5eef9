"""Figures of characters on hand-made cases."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from benchmarks.characters import bcubed, mutual_information, score_characters, true_people, weighted_purity
from engines.faces import UNMEASURED, Face
from stream.manifest import CharacterEntry, Manifest, ShotEntry
from stream.records import Character, Track


def test_bcubed_of_a_case_worked_by_hand():
    """Clusters {a a b} and {b}: precision (2/3 + 2/3 + 1/3 + 1) / 4, recall (1 + 1 + 1/2 + 1/2) / 4."""
    precision, recall, f1 = bcubed([1, 1, 1, 2], ["a", "a", "b", "b"])
    assert precision == pytest.approx(2 / 3)
    assert recall == pytest.approx(3 / 4)
    assert f1 == pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4))


def test_bcubed_at_its_ends():
    assert bcubed([1, 1, 2], ["a", "a", "b"]) == (1, 1, 1)
    assert bcubed([], []) == (1, 1, 1)
    assert bcubed([1, 1, 1, 1], ["a", "b", "c", "d"])[:2] == (0.25, 1)
    assert bcubed([1, 2, 3, 4], ["a", "a", "a", "a"])[:2] == (1, 0.25)


def test_noise_is_a_cluster_of_its_own_each_time():
    assert bcubed([None, None], ["a", "a"]) == bcubed([1, 2], ["a", "a"])
    assert bcubed([None, None], [None, None]) == (1, 1, 1)
    assert bcubed([1, 1], [None, None])[0] == 0.5
    assert weighted_purity([None, None, 1], ["a", "a", "b"]) == 1


def test_renaming_changes_nothing():
    rng = np.random.default_rng(1)
    mine, real = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    names = np.array(["w", "x", "y", "z"])
    for figure in (bcubed, weighted_purity, mutual_information):
        assert figure(mine.tolist(), real.tolist()) == pytest.approx(figure(names[mine].tolist(), real.tolist()))


def test_purity_counts_the_largest_class_of_each_cluster():
    assert weighted_purity([1, 1, 1, 2, 2], ["a", "a", "b", "b", "a"]) == pytest.approx(3 / 5)


def test_mutual_information():
    assert mutual_information([1, 1, 2, 2], ["a", "a", "b", "b"]) == pytest.approx(1)
    assert mutual_information([1, 2, 1, 2], ["a", "a", "b", "b"]) == pytest.approx(0)
    assert mutual_information([1, 1], ["a", "a"]) == 1
    assert mutual_information([1, 1, 2], ["a", "a", "a"]) == 0
    halves = mutual_information([1, 1, 2, 3], ["a", "a", "b", "b"])
    assert halves == pytest.approx(2 * log(2) / (log(2) + 1.5 * log(2)))


def test_labels_must_be_as_many_as_items():
    with pytest.raises(ValueError, match=r"zip|shorter|longer"):
        bcubed([1, 2], ["a"])


TRUTH = {
    "width": 1000,
    "bars": {"top": 0, "bottom": 0, "left": 100, "right": 100},
    "shots": [
        {"start_s": 0.0, "end_s": 4.0, "persons": ["p"]},
        {"start_s": 4.0, "end_s": 8.0, "persons": ["q", "p"]},
        {"start_s": 8.0, "end_s": 12.0, "persons": []},
        {"start_s": 12.0, "end_s": 16.0, "persons": ["q"]},
    ],
    "cast": {"main": [{"id": "q"}, {"id": "p"}], "minor": []},
}


def track(index: int, shot: int, x: float, height: float = 100.0) -> Track:
    seen = Face(
        (x - 40, 0.0, 80.0, height), 0.9, np.zeros((5, 2), np.float32), 40.0, None, (None, None),
        (0.0, 0.0, 0.0), None, None, UNMEASURED,
    )  # fmt: skip
    return Track(index, shot, [(4.0 * shot + t, seen) for t in (1.0, 2.0)])


def character(name: str, main: bool, *tracks: int) -> Character:
    return Character(name, main, tracks, (), 0.0, np.zeros(128, np.float32))


TRACKS = [
    track(0, 0, 500), track(1, 1, 300), track(2, 1, 700),
    track(3, 2, 500), track(4, 3, 450), track(5, 3, 800, 30),
]  # fmt: skip


def test_who_a_track_shows():
    """Two people share the width between the bars. A track outside their shots, or of the smaller of two faces at one
    place, shows nobody."""
    assert true_people(TRACKS, TRUTH) == ["p", "q", "p", None, "q", None]


def test_a_perfect_result_has_perfect_scores():
    scores = score_characters((TRACKS, [character("c01", True, 0, 2), character("c02", True, 1, 4)]), TRUTH)
    assert (scores.bcubed_f1, scores.weighted_purity, scores.mutual_information) == pytest.approx((1, 1, 1))
    assert scores.cluster_ratio == 1
    assert (scores.items, scores.unassigned) == (6, 2)
    assert scores.mains_exact
    assert scores.mains == ("p", "q")


@pytest.mark.parametrize(
    ("characters", "mains"),
    [
        ([character("c01", True, 0, 2), character("c02", False, 1, 4)], ("p",)),
        ([character("c01", True, 0), character("c02", True, 2), character("c03", True, 1, 4)], ("p", "p", "q")),
        ([character("c01", True, 0, 2), character("c02", True, 1, 4), character("c03", True, 3)], ("?", "p", "q")),
        ([], ()),
    ],
)
def test_main_characters_are_exact_or_not(characters: list[Character], mains: tuple[str, ...]):
    scores = score_characters((TRACKS, characters), TRUTH)
    assert scores.mains == mains
    assert not scores.mains_exact


def test_a_toy_in_a_character_costs_precision():
    clean = score_characters((TRACKS, [character("c01", True, 0, 2), character("c02", True, 1, 4)]), TRUTH)
    toyed = score_characters((TRACKS, [character("c01", True, 0, 2, 3), character("c02", True, 1, 4)]), TRUTH)
    assert toyed.bcubed_precision < clean.bcubed_precision
    assert toyed.bcubed_recall == clean.bcubed_recall


def appearance(name: str, *shots: int) -> CharacterEntry:
    return CharacterEntry(id=name, main=True, faces=1, appearances=list(shots), screen_time_s=4.0, image=None)


def test_a_manifest_is_judged_by_appearances():
    """In the shot of both people each character counts for the person that it shows in other shots."""
    shots = [
        ShotEntry(
            index=i,
            start_s=4.0 * i,
            end_s=4.0 * i + 4,
            start_frame=None,
            end_frame=None,
            transition="cut",
            candidates=1,
        )
        for i in range(4)
    ]
    right = Manifest.model_construct(shots=shots, characters=[appearance("c01", 0, 1), appearance("c02", 1, 3)])
    scores = score_characters(right, TRUTH)
    assert (scores.items, scores.bcubed_f1, scores.mains_exact) == (4, 1, True)
    wrong = Manifest.model_construct(shots=shots, characters=[appearance("c01", 0, 1, 3)])
    scores = score_characters(wrong, TRUTH)
    assert scores.bcubed_precision < 1
    assert not scores.mains_exact
