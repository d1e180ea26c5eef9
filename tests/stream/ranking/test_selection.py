"""The ten: score against variety, rejections lifted in order, copies never."""

from __future__ import annotations

import numpy as np

from kernels.stats import ROW
from stream.ranking.selection import Entry, Selection
from stream.records import Candidate
from stream.settings.sections import RankSettings


def entry(
    time_s: float,
    score: float,
    shot: int = 0,
    person: str | None = "c01",
    reasons: tuple[str, ...] = (),
    look: int | None = None,
) -> Entry:
    direction = None
    if look is not None:
        direction = np.zeros(64, np.float32)
        direction[look] = 1.0
    candidate = Candidate(shot, time_s, None, np.zeros(1, ROW)[0], (), direction, 1.0, score)
    return Entry(candidate, score, {}, person, person == "c01", list(reasons))


def accept(_: Entry) -> None:
    return None


def times(picks: list) -> list[float]:
    return [p.entry.candidate.pts_s for p in picks]


def test_the_best_come_first_and_ties_go_to_the_earlier():
    entries = [entry(30, 0.5, 1), entry(100, 0.9, 2), entry(200, 0.5, 3)]
    picks = Selection(RankSettings(), 3).choose(entries, accept)
    assert times(picks) == [100, 30, 200]
    equal = [entry(300, 0.5, 1, "a"), entry(100, 0.5, 2, "b")]
    assert times(Selection(RankSettings(), 1).choose(equal, accept)) == [100]


def test_at_most_two_of_a_shot_then_one_more_when_nothing_else_is_left():
    entries = [entry(float(i), 0.9 - i / 100, shot=0, look=i) for i in range(5)]
    picks = Selection(RankSettings(), 10).choose(entries, accept)
    assert len(picks) == 3


def test_copies_are_left_out_however_good():
    entries = [entry(0, 0.9, 0, look=1), entry(50, 0.89, 1, look=1), entry(99, 0.2, 2, look=2)]
    selection = Selection(RankSettings(), 3)
    assert times(selection.choose(entries, accept)) == [0, 99]
    assert selection.duplicates == {50}


def test_people_take_turns():
    entries = [entry(40.0 * i, 0.80 - i / 1000, i, "a") for i in range(4)] + [entry(400, 0.74, 9, "b")]
    people = [p.entry.person for p in Selection(RankSettings(), 3).choose(entries, accept)]
    assert people.count("b") == 1


def test_rejections_are_lifted_in_order_and_said():
    entries = [
        entry(0, 0.9, 0, reasons=("eyes_closed",)),
        entry(50, 0.8, 1, reasons=("small_face",)),
        entry(100, 0.7, 2, reasons=("not_main",)),
        entry(150, 0.6, 3),
    ]
    picks = Selection(RankSettings(), 3).choose(entries, accept)
    assert times(picks) == [150, 100, 50]
    assert [p.fallback for p in picks] == [[], ["not_main"], ["small_face"]]


def test_the_last_resort_is_used_only_when_nothing_else_exists():
    entries = [entry(0, 0.9, 0, reasons=("eyes_closed",)), entry(50, 0.1, 1)]
    assert times(Selection(RankSettings(), 2).choose(entries, accept)) == [50]
    picks = Selection(RankSettings(), 2).choose(entries[:1], accept)
    assert times(picks) == [0] and picks[0].fallback == ["eyes_closed"]


def test_what_is_refused_at_the_last_moment_is_out_and_keeps_its_reason():
    entries = [entry(0, 0.9, 0), entry(50, 0.5, 1)]
    picks = Selection(RankSettings(), 1).choose(entries, lambda e: "text_overlay" if e.score > 0.8 else None)
    assert times(picks) == [50]
    assert entries[0].reasons == ["text_overlay"]


def test_a_third_image_of_a_person_waits_until_others_have_had_their_turn():
    entries = [entry(60.0 * i, 0.9, i, "c01") for i in range(5)]
    entries += [entry(900.0 + 60 * i, 0.4, 20 + i, "c02", reasons=("not_main",)) for i in range(2)]
    people = [p.entry.person for p in Selection(RankSettings(), 6).choose(entries, accept)]
    assert people == ["c01", "c01", "c02", "c02", "c01", "c01"]
