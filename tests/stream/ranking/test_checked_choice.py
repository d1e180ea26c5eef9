"""The choice, with checks of what would be chosen, a search for other moments, and what is lifted last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from stream.ranking.choice import CheckResult, Choice
from stream.ranking.pixel_checks import choose_checked
from stream.ranking.selection import Assessment, Pick, Selection
from stream.records import ActiveRect
from stream.settings.model import Settings

from ..portraits import candidate

ACTIVE = ActiveRect(0, 140, 1920, 800)


class Checker:
    """Answers by time, and remembers whom it was asked about."""

    def __init__(self, **results: CheckResult) -> None:
        self._results = {float(name.removeprefix("at")): answer for name, answer in results.items()}
        self.asked: list[float] = []

    def __call__(self, one: Assessment) -> CheckResult:
        self.asked.append(one.candidate.pts_s)
        return self._results.get(one.candidate.pts_s, CheckResult(None, 1.0))


BLINK = CheckResult("eyes_closed", 1.0)


def offered(time_s: float, eyes: float, reasons: Sequence[str] = ()) -> Assessment:
    """In a shot of its own, of nobody in particular, worth what its eyes are, far from all others."""
    return Assessment(candidate(time_s, shot=int(time_s)), ACTIVE, 0.0, {"eyes": eyes}, None, True, list(reasons))


def ten(
    assessments: Sequence[Assessment], check: Callable[[Assessment], CheckResult], top: int, threads: int = 1
) -> list[Pick]:
    with ThreadPoolExecutor(threads) as pool:
        return choose_checked(Choice(assessments, Settings(top=top)), Settings(top=top), check, pool).picks


def times(picks: Sequence[Pick]) -> list[float]:
    return [pick.assessment.candidate.pts_s for pick in picks]


FIVE = [offered(100.0 * i, 1.0 - i / 10) for i in range(1, 6)]
"""At 100 s the best, at 500 s the worst."""


def test_a_picture_with_a_blink_beside_it_gives_way_to_the_next() -> None:
    check = Checker(at100=BLINK, at300=BLINK)
    assert times(ten(FIVE, check, 2)) == [200, 400]
    assert sorted(check.asked) == [100, 200, 300, 400]


def test_a_check_that_never_finds_anything_is_noticed() -> None:
    assert times(ten(FIVE, Checker(), 2)) == [100, 200] != times(ten(FIVE, Checker(at100=BLINK), 2))


def test_nothing_is_checked_that_would_not_be_chosen_and_nothing_twice() -> None:
    check = Checker(at200=BLINK)
    assert times(ten([*FIVE, offered(50.0, 1.0, ["cut_face"])], check, 2)) == [100, 300]
    assert sorted(check.asked) == [100, 200, 300]


def test_text_costs_three_tenths_of_a_weight() -> None:
    """Eyes weigh 1.2 and text .3: .9 with text is worth 1.08 / 1.5 = .72, .8 without 1.26 / 1.5 = .84."""
    picks = ten(FIVE, Checker(at100=CheckResult(None, 0.0)), 2)
    assert [(pick.assessment.candidate.pts_s, pick.assessment.score) for pick in picks] == [(200, 0.84), (300, 0.76)]
    picks = ten(FIVE, Checker(at100=CheckResult(None, 0.0)), 3)
    last = picks[2].assessment
    assert (len(picks), last.candidate.pts_s, last.score) == (3, 100, 0.72)
    assert last.components == {"eyes": 0.9, "text": 0.0}


def test_where_all_are_caught_in_a_blink_none_is_taken() -> None:
    assert times(ten(FIVE[:2], Checker(at100=BLINK, at200=BLINK), 2)) == []
    assert times(ten(FIVE, Checker(at100=BLINK, at200=BLINK), 5)) == [300, 400, 500]


def test_what_is_lifted_is_checked_before_it_is_taken() -> None:
    """A second fault that only the check sees: the picture has two then, and is out."""
    check = Checker(at900=BLINK)
    assert times(ten([FIVE[0], offered(900.0, 0.2, ["cut_face"]), offered(950.0, 0.1, ["cut_face"])], check, 3)) == [
        100, 950,
    ]  # fmt: skip
    assert {900.0, 950.0} <= set(check.asked)


def test_more_pictures_are_asked_for_before_a_rejection_is_lifted() -> None:
    """They are chosen from like all others, and the search ends when it has nothing."""
    further, lacking = [[offered(600.0, 0.3)], [offered(700.0, 0.2), offered(700.0, 0.9)], []], []

    def more(selection: Selection) -> list[Assessment]:
        lacking.append([pick.assessment.candidate.pts_s for pick in selection.picks])
        return further[len(lacking) - 1]

    spoilt = offered(800.0, 0.9, ["cut_face"])
    with ThreadPoolExecutor(1) as pool:
        settings = Settings(top=3)
        selection = choose_checked(Choice([FIVE[0], spoilt], settings), settings, Checker(at600=BLINK), pool, more=more)
    assert lacking == [[100], [100], [100, 700]]
    assert [(p.assessment.candidate.pts_s, p.fallback) for p in selection.picks] == [
        (100, []), (700, []), (800, ["cut_face"]),
    ]  # fmt: skip


def test_a_thousand_pictures_with_text_are_checked_within_seconds() -> None:
    """All of one look and one score, and every check fails: as many rounds as there can be."""
    many = [offered(float(i), 0.5) for i in range(1000)]
    started_s = monotonic()
    assert times(ten(many, lambda one: CheckResult("text_overlay", 0.0), 10)) == []
    assert monotonic() - started_s < 10


def test_what_is_explicit_is_not_taken_even_where_nothing_else_is_left() -> None:
    explicit = CheckResult("explicit", 1.0, 0.93)
    assert times(ten(FIVE[:2], Checker(at100=explicit, at200=explicit), 2)) == []
    picks = ten(FIVE[:2], Checker(at100=explicit, at200=CheckResult("extreme_expression", 1.0, 0.51)), 2)
    assert [(pick.assessment.candidate.pts_s, pick.fallback) for pick in picks] == [(200, ["extreme_expression"])]
    assert picks[0].assessment.explicit == 0.51


def test_a_picture_with_a_grimace_beside_it_is_rated_before_it_is_taken() -> None:
    """The first look ends with the grimace; the second, when the last resort would take the picture, does not."""
    asked: list[tuple[float, list[str]]] = []

    def check(one: Assessment) -> CheckResult:
        asked.append((one.candidate.pts_s, one.reasons))
        if not one.reasons:
            return CheckResult("extreme_expression", 1.0, complete=False)
        explicit = one.candidate.pts_s == 100
        return CheckResult("explicit" if explicit else "extreme_expression", 1.0, 0.9 if explicit else 0.1)

    picks = ten(FIVE[:2], check, 1)
    assert [(p.assessment.candidate.pts_s, p.fallback, p.assessment.explicit) for p in picks] == [
        (200, ["extreme_expression"], 0.1)
    ]
    assert asked == [(100, []), (200, []), (100, ["extreme_expression"]), (200, ["extreme_expression"])]


def test_the_number_of_threads_decides_nothing() -> None:
    answers = {"at200": BLINK, "at300": CheckResult(None, 0.5), "at500": BLINK}
    one, four = (ten(FIVE, Checker(**answers), 3, threads) for threads in (1, 4))
    assert times(one) == times(four) == [100, 400, 300]


def test_those_that_are_chosen_in_the_end_are_told() -> None:
    told: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        check, two = Checker(at200=BLINK), Settings(top=2)
        choose_checked(Choice(FIVE, two), two, check, pool, lambda one: told.append(one.candidate.pts_s))
    assert told == [100, 300]


def test_a_check_that_fails_is_not_swallowed() -> None:
    def broken(one: Assessment) -> CheckResult:
        raise ValueError("no such picture")

    with pytest.raises(ValueError, match="no such picture"):
        ten(FIVE, broken, 2)


def second_pictures(*rounds: list[Assessment]) -> tuple[Callable[[Selection], list[Assessment]], list[Selection]]:
    """A peer of `SecondLook` that finds these, one list each time it is asked; and the choices it was asked with."""
    asked: list[Selection] = []
    left = list(rounds)

    def more(selection: Selection) -> list[Assessment]:
        asked.append(selection)
        return left.pop(0) if left else []

    return more, asked


def chosen_with(
    more: Callable[[Selection], list[Assessment]], check: Checker, *offers: Assessment, top: int
) -> Selection:
    with ThreadPoolExecutor(1) as pool:
        return choose_checked(Choice(offers, Settings(top=top)), Settings(top=top), check, pool, more=more)


def test_other_moments_are_sought_before_a_rejection_is_lifted() -> None:
    more, asked = second_pictures([offered(101.0, 0.8)], [offered(301.0, 0.7)])
    check = Checker(at100=BLINK)
    stranger = offered(200.0, 1.0, ["not_main"])
    selection = chosen_with(more, check, offered(100.0, 0.9), stranger, offered(300.0, 0.5), top=3)
    assert times(selection.picks) == [101, 301, 300] and not any(pick.fallback for pick in selection.picks)
    assert sorted(check.asked) == [100, 101, 300, 301]
    first = {a.candidate.pts_s: a.reasons for a in asked[0].assessments}
    assert first == {100: ["eyes_closed"], 200: ["not_main"], 300: []}
    assert asked[0].late == {100: "eyes_closed", 300: None}
    assert [times(selection.picks) for selection in asked] == [[300], [101, 300], [101, 301, 300]]


def test_the_search_for_other_moments_ends() -> None:
    more, asked = second_pictures(*[[offered(float(100 + i), 0.5, ["blurred"])] for i in range(9)])
    chosen_with(more, Checker(), offered(100.0, 0.9), top=5)
    assert len(asked) == 3
    more, asked = second_pictures()
    assert times(chosen_with(more, Checker(), *FIVE, top=2).picks) == [100, 200]
    assert len(asked) == 1
