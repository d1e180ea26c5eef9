"""The choice of the ten: by score and variety, without copies, with rejections lifted in order."""

from __future__ import annotations

import numpy as np

from kernels.stats import ROW
from stream.ranking.selection import Assessment, Selection
from stream.records import ActiveRect, Candidate
from stream.settings.sections import RankSettings

WHOLE = ActiveRect(0, 0, 1920, 1080)


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


def test_at_most_two_of_a_shot_then_one_more_when_nothing_else_is_left():
    assessments = [assessment(float(i), 0.9 - i / 100, shot=0, look=i) for i in range(5)]
    picks = Selection(RankSettings(), 10).choose(assessments, accept)
    assert len(picks) == 3


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
    assessments = [assessment(0, 0.9, 0, reasons=("eyes_closed",)), assessment(50, 0.1, 1)]
    assert times(Selection(RankSettings(), 2).choose(assessments, accept)) == [50]
    picks = Selection(RankSettings(), 2).choose(assessments[:1], accept)
    assert times(picks) == [0] and picks[0].fallback == ["eyes_closed"]


def test_what_is_refused_at_the_last_moment_is_out_and_keeps_its_reason():
    assessments = [assessment(0, 0.9, 0), assessment(50, 0.5, 1)]
    picks = Selection(RankSettings(), 1).choose(assessments, lambda e: "text_overlay" if e.score > 0.8 else None)
    assert times(picks) == [50]
    assert assessments[0].reasons == ["text_overlay"]


def test_a_third_image_of_a_person_waits_until_others_have_had_their_turn():
    assessments = [assessment(60.0 * i, 0.9, i, "c01") for i in range(5)]
    assessments += [assessment(900.0 + 60 * i, 0.4, 20 + i, "c02", reasons=("not_main",)) for i in range(2)]
    people = [p.assessment.person for p in Selection(RankSettings(), 6).choose(assessments, accept)]
    assert people == ["c01", "c01", "c02", "c02", "c01", "c01"]
