"""The picture that shows a character: nothing against it where there is such a one, else the least."""

from __future__ import annotations

import numpy as np

from kernels.stats import ROW
from stream.ranking.portraits import portraits_of
from stream.ranking.selection import Assessment
from stream.records import ActiveRect, Candidate, Character

WHOLE = ActiveRect(0, 0, 1920, 1080)


def assessment(time_s: float, score: float, *reasons: str, person: str = "c01") -> Assessment:
    candidate = Candidate(0, time_s, None, np.zeros(1, ROW)[0], (), None, 1.0, score)
    return Assessment(candidate, WHOLE, score, {}, person, True, list(reasons))


def character(name: str, main: bool = True) -> Character:
    return Character(name, main, (), (), 1.0, np.zeros(128, np.float32))


def chosen(assessments: list[Assessment], late: dict[float, str | None]) -> float:
    return portraits_of([character("c01")], assessments, late)["c01"].pts_s


def test_what_was_refused_late_is_no_portrait():
    assessments = [assessment(1, 0.9), assessment(2, 0.8), assessment(3, 0.7)]
    assert chosen(assessments, {}) == 1
    assert chosen(assessments, {1.0: "eyes_closed"}) == 2
    assert chosen(assessments, {1.0: "text_overlay", 2.0: "eyes_closed"}) == 3


def test_what_passed_comes_before_what_nobody_looked_at():
    assessments = [assessment(1, 0.9), assessment(2, 0.8)]
    assert chosen(assessments, {2.0: None}) == 2
    turned = [assessment(1, 0.9), assessment(2, 0.95, "turned_away")]
    assert chosen(turned, {2.0: None}) == 1


def test_where_all_were_refused_the_least_bad_is_taken():
    assessments = [assessment(1, 0.9, "eyes_closed"), assessment(2, 0.8, "small_face", "turned_away")]
    assessments.append(assessment(3, 0.7))
    assert chosen(assessments, {3.0: "text_overlay"}) == 2
    assert chosen([assessments[0], assessments[2]], {3.0: "extreme_expression"}) == 3
    assert chosen([assessment(2, 0.5), assessment(1, 0.5)], {1.0: "eyes_closed", 2.0: "eyes_closed"}) == 1


def test_what_is_explicit_is_no_portrait_even_where_there_is_no_other():
    assessments = [assessment(1, 0.9), assessment(2, 0.8, "eyes_closed")]
    assert chosen(assessments, {1.0: "explicit"}) == 2
    assert portraits_of([character("c01")], assessments[:1], {1.0: "explicit"}) == {}


def test_only_main_characters_that_lead_a_picture_have_one():
    cast = [character("c01"), character("c02", main=False), character("c03")]
    assessments = [assessment(1, 0.9), assessment(2, 0.8, person="c02")]
    assert set(portraits_of(cast, assessments, {})) == {"c01"}
