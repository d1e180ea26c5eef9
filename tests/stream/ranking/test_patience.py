"""How long pictures are checked while the checks refuse them, and what is left out then."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stream.ranking.choice import CheckResult, Choice
from stream.ranking.patience import _MOST, _UNLIKE, UNCHECKED
from stream.ranking.pixel_checks import choose_checked
from stream.ranking.selection import Assessment, Selection
from stream.records import ActiveRect
from stream.settings.model import Settings

from ..portraits import candidate

TOP = 4
ACTIVE = ActiveRect(0, 0, 1920, 1080)
LOOKS = np.eye(400, dtype=np.float32)
REFUSED = CheckResult("text_overlay", 1.0)


def offered(number: int, look: int, worth: float) -> Assessment:
    one = candidate(100.0 * number, shot=number, descriptor=LOOKS[look])
    return Assessment(one, ACTIVE, 0.0, {"eyes": worth}, None, True)


def chosen(assessments: list[Assessment], refused: set[int]) -> tuple[Selection, list[float]]:
    """The choice where all pictures of these looks are refused, and the times of those that were checked."""
    asked: list[float] = []

    def check(one: Assessment) -> CheckResult:
        assert one.candidate.descriptor is not None
        asked.append(one.candidate.pts_s)
        return REFUSED if int(np.argmax(one.candidate.descriptor)) in refused else CheckResult(None, 1.0)

    with ThreadPoolExecutor(1) as pool:
        return choose_checked(Choice(assessments, Settings(top=TOP)), Settings(top=TOP), check, pool), asked


def test_of_pictures_all_unlike_and_all_refused_no_more_than_so_many_are_checked() -> None:
    selection, asked = chosen([offered(n, n, 0.9) for n in range(300)], set(range(300)))
    assert not selection.picks
    assert _MOST * TOP <= len(asked) < (_MOST + 1) * TOP
    reasons = Counter(reason for one in selection.assessments for reason in one.reasons)
    assert reasons == {"text_overlay": len(asked), UNCHECKED: 300 - len(asked)}
    assert sorted(selection.late) == sorted(asked), "what was not looked at is not among what was"


def test_copies_of_refused_pictures_are_left_out_sooner_and_others_get_their_turn() -> None:
    copies = [offered(n, 0, 0.9) for n in range(200)]
    others = [offered(300 + n, 1 + n, 0.5) for n in range(3)]
    selection, asked = chosen([*copies, *others], {0})
    assert [pick.assessment.candidate.pts_s for pick in selection.picks] == [30_000, 30_100, 30_200]
    assert _UNLIKE * TOP <= len(asked) < (_UNLIKE + 1) * TOP + len(others)


def test_up_to_there_each_copy_is_looked_at() -> None:
    copies = [offered(n, 0, 0.9) for n in range(_UNLIKE * TOP - 1)]
    selection, asked = chosen(copies, {0})
    assert len(asked) == len(copies)
    assert not any(UNCHECKED in one.reasons for one in selection.assessments)
