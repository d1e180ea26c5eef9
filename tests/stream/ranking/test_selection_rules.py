"""The rules of the choice, each in a case small enough to be worked out by hand.

A picture is worth its score less .06 for every picture of the same person that was chosen already, .02 for every one of
the same shot, .08 for every one less than 20 s away; all rounded to .0001, ties go to the earlier.
"""

from __future__ import annotations

import numpy as np
import pytest

from stream.ranking.lifting import LAST_RESORT, LIFTED_IN_ORDER, LIMITS, NEVER_LIFTED
from stream.ranking.scores import score_of
from stream.ranking.selection import Assessment, Selection, similarity
from stream.records import ActiveRect
from stream.settings.sections import RankSettings, RankWeights

from ..portraits import candidate

WHOLE = ActiveRect(0, 0, 1920, 1080)


def assessment(
    time_s: float, score: float, shot: int, person: str | None = None, *reasons: str, look: np.ndarray | None = None
) -> Assessment:
    one = candidate(time_s, shot=shot, descriptor=look)
    return Assessment(one, WHOLE, score, {}, person, person == "c01", list(reasons))


def nobody_refuses(_: Assessment) -> None:
    return None


def chosen(assessments: list[Assessment], top: int, **settings: object) -> list[tuple[float, list[str]]]:
    """Times in rank order, and what was lifted for each."""
    picks = Selection(RankSettings(**settings), top).choose(assessments, nobody_refuses)
    return [(pick.assessment.candidate.pts_s, pick.fallback) for pick in picks]


def times(assessments: list[Assessment], top: int, **settings: object) -> list[float]:
    return [time_s for time_s, _ in chosen(assessments, top, **settings)]


def alike(cosine: float) -> tuple[np.ndarray, np.ndarray]:
    """Two descriptors with this cosine."""
    return np.array([1.0, 0.0]), np.array([cosine, np.sqrt(1 - cosine**2)])


def test_a_choice_worked_out_by_hand() -> None:
    """Values round by round; the best of each is chosen:

              10 s   13 s   20 s   100 s  140 s  25 s   300 s
    shot, who 0 c01  0 c01  1 c01  5 c01  6 c02  2 c02  9 –
    round 1   .90*   .88    .86    .80    .76    .74    .70
    round 2          .62    .72    .74    .76*   .66    .70
    round 3          .62    .72    .74*          .60    .70
    round 4          .56    .66                  .60    .70*   c01 has its two images
    round 5          .56    .66                  .60*          both of c01 are passed over
    round 9          .48    .58*                               more of a person are allowed, after three others
    round 10         .34*
    """
    assessments = [
        assessment(10, 0.90, 0, "c01"),
        assessment(13, 0.88, 0, "c01"),
        assessment(20, 0.86, 1, "c01"),
        assessment(100, 0.80, 5, "c01"),
        assessment(140, 0.76, 6, "c02"),
        assessment(25, 0.74, 2, "c02"),
        assessment(300, 0.70, 9),
    ]
    others = [assessment(1000.0 * i, 0.1 - i / 100, 10 + i, f"c0{2 + i}") for i in (1, 2, 3)]
    assert times([*assessments, *others], 10) == [10, 140, 100, 300, 25, 1000, 2000, 3000, 20, 13]
    assert times([*assessments, *others], 7, max_per_person=10) == [10, 140, 100, 300, 20, 25, 13]
    assert times(assessments, 7) == [10, 140, 100, 300, 20, 25, 13]  # of two people each has its half


FIRST = assessment(100, 0.9, 0, "c01")
SECOND = {
    "same person": (assessment(900, 0.8, 1, "c01"), 0.74),
    "same shot": (assessment(103, 0.8, 0, "c02"), 0.6),
    "same shot, far away in it": (assessment(130, 0.8, 0, "c02"), 0.68),
    "near": (assessment(119.9, 0.8, 1, "c02"), 0.72),
    "near, before": (assessment(80.1, 0.8, 1, "c02"), 0.72),
    "not near": (assessment(120, 0.8, 1, "c02"), 0.8),
    "same person and near": (assessment(110, 0.8, 1, "c01"), 0.66),
    "same person and shot": (assessment(110, 0.8, 0, "c01"), 0.54),
    "two of nobody in particular": (assessment(900, 0.8, 1, None), 0.8),
}
"""A picture of .8 beside the first one, and what it is worth then."""


@pytest.mark.parametrize("kind", SECOND)
def test_what_variety_costs(kind: str) -> None:
    second, worth = SECOND[kind]
    first = assessment(100, 0.9, 0, None if second.person is None else "c01")
    better, worse = (assessment(500, score, 7, "c03") for score in (worth + 0.0001, worth - 0.0001))
    assert times([first, second, better], 2) == [100, 500]
    assert times([first, second, worse], 2) == [100, second.candidate.pts_s]


def test_a_tie_goes_to_the_earlier_time_and_the_last_bits_decide_nothing() -> None:
    assert times([assessment(200, 0.5, 1), assessment(100, 0.5, 2)], 1) == [100]
    assert times([assessment(200, 0.50004, 1), assessment(100, 0.49996, 2)], 1) == [100]
    assert times([assessment(200, 0.5001, 1), assessment(100, 0.5, 2)], 1) == [200]
    assert 0.63 - 0.06 > 0.57  # a last bit, but for the rounding
    assert times([FIRST, assessment(900, 0.63, 1, "c01"), assessment(500, 0.57, 2, "c02")], 2) == [100, 500]


def test_scores_are_weighted_means_of_what_is_there_rounded_to_four_digits() -> None:
    weights = RankWeights(eyes=1.2, pose=0.6, mouth=1.2)
    assert score_of({"eyes": 1.0, "pose": 0.5}, weights) == 0.8333  # (1.2 + .3) / 1.8
    assert score_of({"eyes": 1.0, "pose": 0.5, "mouth": 0.25}, weights) == 0.6  # (1.2 + .3 + .3) / 3
    assert score_of({}, weights) == score_of({"eyes": 1.0}, RankWeights(eyes=0)) == 0.0


def test_copies_of_a_chosen_picture_are_left_out() -> None:
    """From a cosine of .85 (rounded to four digits) while there are others, from .9625 where there are not."""
    for cosine, top, is_copy in (
        (0.85, 2, True), (0.84996, 2, True), (0.8499, 3, False), (-1.0, 3, False),
        (0.9625, 10, True), (0.9624, 10, False),
    ):  # fmt: skip
        first, second = alike(cosine)
        pair = [assessment(100, 0.9, 1, look=first), assessment(500, 0.8, 2, look=second)]
        assessments = [*pair, assessment(900, 0.1, 3)]
        selection = Selection(RankSettings(), top)
        picks = selection.choose(assessments, nobody_refuses)
        expected = [100, 900] if is_copy else [100, 500, 900] if cosine < 0.85 else [100, 900, 500]
        assert [p.assessment.candidate.pts_s for p in picks] == expected
        assert selection.duplicates == ({500} if is_copy else set())


def test_a_copy_among_those_with_a_lifted_rejection_is_one_too() -> None:
    first, second = alike(0.97)
    assessments = [assessment(100, 0.5, 1, None, look=first), assessment(500, 0.9, 2, None, "cut_face", look=second)]
    assert times(assessments, 2) == [100]


def test_pictures_without_a_descriptor_are_copies_only_at_the_same_time() -> None:
    known, blank = candidate(1.0, descriptor=alike(1.0)[0]), candidate(2.0)
    assert similarity(known, known) == 1.0 and similarity(known, blank) == similarity(blank, blank) == -1.0
    assessments = [assessment(100, 0.9, 1), assessment(100 + 1e-7, 0.8, 2), assessment(100.04, 0.7, 3)]
    assert times(assessments, 3) == [100, 100.04]


def test_rejections_are_lifted_one_kind_after_the_other_whatever_the_score() -> None:
    lifted = ("not_main", "no_face", "small_face", "turned_away", "cut_face")
    assert tuple(reason for reason in LIFTED_IN_ORDER if reason not in LIMITS) == lifted
    spoilt = [assessment(1000.0 * i, 0.5 + i / 10, i, None, reason) for i, reason in enumerate(lifted, 1)]
    assessments = [*spoilt, assessment(0, 0.1, 0)]
    for top in range(1, 7):
        assert chosen(assessments, top) == [(0, []), *((1000.0 * i, [lifted[i - 1]]) for i in range(1, 6))][:top]


def test_more_of_a_person_and_of_a_shot_come_before_pictures_without_a_face() -> None:
    assessments = [
        assessment(100, 0.95, 1, "c01"),
        assessment(200, 0.94, 2, "c01"),
        assessment(300, 0.9, 3, "c01"),
        assessment(1000, 0.99, 10, "c04", "not_main"),
        assessment(1100, 0.99, 11, None, "no_face"),
        assessment(1200, 0.99, 12, None, "cut_face"),
        assessment(101, 0.8, 1, "c02"),
        assessment(102, 0.8, 1, "c03"),
    ]
    elsewhere = [assessment(2000.0 + i, 0.1, 20 + i, f"c{10 + i}", "eyes_closed") for i in range(8)]
    assert times([*assessments, *elsewhere], 8) == [100, 200, 101, 1000, 300, 102, 1100, 1200]


def test_a_person_much_like_before_comes_before_pictures_without_a_face() -> None:
    first, second = alike(0.9)
    assessments = [
        assessment(100, 0.95, 1, "c01", look=first),
        assessment(140, 0.5, 1, "c01", look=second),
        assessment(200, 0.9, 2, None, "no_face"),
        assessment(300, 0.7, 3, None, "cut_face"),
    ]
    assert times(assessments, 2) == [100, 140]
    assert times(assessments, 4) == [100, 140, 200, 300]


def test_two_rejections_are_never_lifted_together() -> None:
    assessments = [
        assessment(0, 0.1, 0),
        assessment(100, 0.9, 1, None, "not_main", "cut_face"),
        assessment(200, 0.5, 2, None, "no_face"),
        assessment(300, 0.9, 3, None, "not_main", "noisy"),
    ]
    assert chosen(assessments, 3) == [(0, []), (200, ["no_face"])]
    assert chosen(assessments[1:2] + assessments[3:], 3) == []


def test_the_last_resort_gives_one_kind_and_only_where_there_is_nothing_else() -> None:
    assert LAST_RESORT == ("noisy", "looking_away", "extreme_expression")
    unusable = [assessment(100.0 * i, 0.5 + i / 20, i, None, reason) for i, reason in enumerate(LAST_RESORT, 1)]
    for first in range(3):
        assert chosen(unusable[first:], 10) == [(100.0 * (first + 1), [LAST_RESORT[first]])]
    assert times([*unusable, assessment(5000, 0.01, 50, None, "cut_face")], 10) == [5000]


def test_every_reason_there_is_stands_in_one_of_the_tables() -> None:
    at_shot = {"dark", "bright", "flat", "blurred", "no_face", "eyes_closed"}
    at_end = {"noisy", "small_face", "cut_face", "turned_away", "looking_away", "extreme_expression", "not_main"}
    named = [*LIFTED_IN_ORDER, *LAST_RESORT, *NEVER_LIFTED]
    assert at_shot | at_end <= {*named} - LIMITS
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("reason", NEVER_LIFTED)
def test_what_is_never_lifted_is_left_out_even_where_nothing_else_is_there(reason: str) -> None:
    assert chosen([assessment(100, 0.9, 1, None, reason), assessment(200, 0.8, 2, None, reason, "dark")], 3) == []


def test_a_refusal_counts_like_any_other_reason() -> None:
    """Whoever is refused when its turn comes waits until that is lifted; it is asked about once."""
    assessments = [assessment(100, 0.9, 1), assessment(200, 0.8, 2), assessment(300, 0.7, 3, None, "no_face")]
    asked: list[float] = []

    def refuse(one: Assessment) -> str | None:
        asked.append(one.candidate.pts_s)
        return "not_main" if one.candidate.pts_s == 100 else None

    picks = Selection(RankSettings(), 3).choose(assessments, refuse)
    assert [p.assessment.candidate.pts_s for p in picks] == [200, 100, 300]
    assert [p.fallback for p in picks] == [[], ["not_main"], ["no_face"]]
    assert asked == [100, 200, 300]


def test_the_order_in_which_pictures_are_offered_decides_nothing() -> None:
    rng = np.random.default_rng(1)
    people = ("c01", "c02", None)
    assessments = [assessment(float(t), round(rng.uniform(), 2), t // 9, people[t % 3]) for t in range(0, 90, 3)]
    expected = times(assessments, 8)
    for _ in range(5):
        assert times([assessments[i] for i in rng.permutation(len(assessments))], 8) == expected


def of_two_shots(much_like: int) -> list[Assessment]:
    """Twenty pictures of shot 0, all different, and better ones of shot 1, much alike (.9), not the same."""
    looks = np.sqrt(0.9) * np.eye(1, 41) + np.sqrt(0.1) * np.eye(40, 41, 1)
    varied = [assessment(100.0 * i, 0.5, 0) for i in range(20)]
    return [*varied, *(assessment(5000 + 100.0 * i, 0.6, 1, look=looks[i]) for i in range(much_like))]


def test_a_varied_shot_takes_half_as_much_again_as_its_share_before_others_that_are_much_alike() -> None:
    assert sum(time_s < 5000 for time_s in times(of_two_shots(20), 10)) == 7


def test_where_the_other_shot_has_no_more_the_varied_one_fills_the_ten() -> None:
    assert sum(time_s < 5000 for time_s in times(of_two_shots(1), 30)) == 20
    assert len(times(of_two_shots(2), 10)) == 10
