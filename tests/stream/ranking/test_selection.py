"""The choice of the ten: by score and variety, without copies, with rejections lifted in order."""

from __future__ import annotations

from time import monotonic

import numpy as np
import pytest

from kernels.stats import ROW
from stream.ranking.lifting import LAST_RESORT, LIFTED_IN_ORDER, LIMITS, NEVER_LIFTED
from stream.ranking.selection import Assessment, Selection
from stream.records import ActiveRect, Candidate
from stream.settings.sections import RankSettings

WHOLE = ActiveRect(0, 0, 1920, 1080)
FAULTS = ({*LIFTED_IN_ORDER, *LAST_RESORT} - LIMITS) | {"eyes_closed"}


def assessment(
    time_s: float,
    score: float,
    shot: int = 0,
    person: str | None = "c01",
    reasons: tuple[str, ...] = (),
    look: int | None = None,
) -> Assessment:
    direction = None
    if look is not None:
        direction = np.zeros(64, np.float32)
        direction[look] = 1.0
    candidate = Candidate(shot, time_s, None, np.zeros(1, ROW)[0], (), direction, 1.0, score)
    return Assessment(candidate, WHOLE, score, {}, person, person == "c01", list(reasons))


def accept(_: Assessment) -> None:
    return None


def times(picks: list) -> list[float]:
    return [p.assessment.candidate.pts_s for p in picks]


def test_the_best_come_first_and_ties_go_to_the_earlier():
    assessments = [assessment(30, 0.5, 1), assessment(100, 0.9, 2), assessment(200, 0.5, 3)]
    picks = Selection(RankSettings(), 3).choose(assessments, accept)
    assert times(picks) == [100, 30, 200]
    equal = [assessment(300, 0.5, 1, "a"), assessment(100, 0.5, 2, "b")]
    assert times(Selection(RankSettings(), 1).choose(equal, accept)) == [100]


def test_at_most_two_of_a_shot_while_there_are_others_then_more():
    one_shot = [assessment(float(i), 0.9 - i / 100, shot=0, look=i) for i in range(5)]
    others = [assessment(100.0 * i, 0.5, shot=i, look=10 + i) for i in range(1, 41)]
    shots = [p.assessment.candidate.shot for p in Selection(RankSettings(), 10).choose(one_shot + others, accept)]
    assert shots[0] == 0 and shots.count(0) == 2
    picks = Selection(RankSettings(), 10).choose(one_shot + others[:3], accept)
    assert [p.assessment.candidate.shot for p in picks].count(0) == 5 and len(picks) == 8


def test_a_film_of_one_shot_gives_as_many_as_are_wanted_spread_over_time():
    assessments = [assessment(0.2 * i, 0.9 - i / 1000, person=None) for i in range(100)]
    picks = times(Selection(RankSettings(), 10).choose(assessments, accept))
    assert len(picks) == 10
    assert max(np.diff(sorted(picks))) <= 4.0  # two tenths of the film


def test_copies_are_left_out_however_good():
    assessments = [assessment(0, 0.9, 0, look=1), assessment(50, 0.89, 1, look=1), assessment(99, 0.2, 2, look=2)]
    selection = Selection(RankSettings(), 3)
    assert times(selection.choose(assessments, accept)) == [0, 99]
    assert selection.duplicates == {50}


def test_people_take_turns():
    assessments = [assessment(40.0 * i, 0.80 - i / 1000, i, "a") for i in range(4)] + [assessment(400, 0.74, 9, "b")]
    people = [p.assessment.person for p in Selection(RankSettings(), 3).choose(assessments, accept)]
    assert people.count("b") == 1


def test_rejections_are_lifted_in_order_and_said():
    assessments = [
        assessment(0, 0.9, 0, reasons=("eyes_closed",)),
        assessment(50, 0.8, 1, reasons=("small_face",)),
        assessment(100, 0.7, 2, reasons=("not_main",)),
        assessment(150, 0.6, 3),
    ]
    picks = Selection(RankSettings(), 3).choose(assessments, accept)
    assert times(picks) == [150, 100, 50]
    assert [p.fallback for p in picks] == [[], ["not_main"], ["small_face"]]


def test_the_last_resort_is_used_only_when_nothing_else_exists():
    assessments = [assessment(0, 0.9, 0, reasons=("noisy",)), assessment(50, 0.1, 1)]
    assert times(Selection(RankSettings(), 2).choose(assessments, accept)) == [50]
    picks = Selection(RankSettings(), 2).choose(assessments[:1], accept)
    assert times(picks) == [0] and picks[0].fallback == ["noisy"]


def test_what_an_editor_refuses_is_never_taken_nor_a_reason_that_nobody_knows():
    for reason in (*NEVER_LIFTED, "a_reason_of_tomorrow"):
        assert Selection(RankSettings(), 2).choose([assessment(0, 0.9, reasons=(reason,))], accept) == []


def test_a_picture_with_two_faults_is_never_taken():
    faults = [(a, b) for a in FAULTS for b in FAULTS if a < b]
    assert len(faults) > 20
    assessments = [assessment(100.0 * i, 0.9, i, None, reasons=pair) for i, pair in enumerate(faults)]
    assert Selection(RankSettings(), 10).choose(assessments, accept) == []


def test_without_lifting_only_what_nothing_speaks_against():
    assessments = [assessment(0, 0.9, 0, reasons=("not_main",)), assessment(50, 0.1, 1)]
    assert times(Selection(RankSettings(), 2).choose(assessments, accept, lift=False)) == [50]


@pytest.mark.parametrize("alike", [False, True], ids=["all different", "a film in a loop"])
def test_five_thousand_candidates_are_chosen_from_in_seconds(alike):
    rng = np.random.default_rng(0)
    looks = rng.normal(size=(5000, 64)).astype(np.float32)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    assessments = [assessment(2.0 * i, round(rng.uniform(), 4), i, f"c{i % 7}") for i in range(5000)]
    for i, one in enumerate(assessments):
        one.candidate.descriptor = looks[0 if alike else i]
    started_s = monotonic()
    assert len(Selection(RankSettings(), 10).choose(assessments, accept)) == (1 if alike else 10)
    assert monotonic() - started_s < 5  # a tenth of it on a free machine


def test_what_is_refused_at_the_last_moment_is_out_and_keeps_its_reason():
    assessments = [assessment(0, 0.9, 0), assessment(50, 0.5, 1)]
    picks = Selection(RankSettings(), 1).choose(assessments, lambda e: "text_overlay" if e.score > 0.8 else None)
    assert times(picks) == [50]
    assert assessments[0].reasons == ["text_overlay"]


def test_a_third_image_of_a_person_waits_until_others_have_had_their_turn():
    assessments = [assessment(60.0 * i, 0.9, i, "c01") for i in range(5)]
    assessments += [assessment(900.0 + 60 * i, 0.4, 20 + i, f"c{2 + i}", reasons=("not_main",)) for i in range(2)]
    people = [p.assessment.person for p in Selection(RankSettings(), 6).choose(assessments, accept)]
    assert people == ["c01", "c01", "c2", "c3", "c01", "c01"]


def test_in_a_film_of_two_people_each_has_half_of_the_images():
    assessments = [assessment(60.0 * i, 0.9, i, "c01") for i in range(6)]
    assessments += [assessment(900.0 + 60 * i, 0.2, 20 + i, "c02") for i in range(6)]
    people = [p.assessment.person for p in Selection(RankSettings(), 6).choose(assessments, accept)]
    assert people.count("c01") == people.count("c02") == 3


def test_a_shot_that_is_not_shown_yet_comes_before_one_more_picture_of_another() -> None:
    """Of two pictures of one shot the second gives way to a picture of another shot that is a tenth worse."""
    assessments = [assessment(0, 0.9, 0, None), assessment(100, 0.88, 0, None), assessment(300, 0.78, 1, None)]
    assert times(Selection(RankSettings(), 2).choose(assessments, accept)) == [0, 300]
    assessments[2] = assessment(300, 0.75, 1, None)
    assert times(Selection(RankSettings(), 2).choose(assessments, accept)) == [0, 100]
