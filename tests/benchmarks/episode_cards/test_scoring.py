"""Verdicts on cards: what counts as covered, as confirmed falsely, as contradicted falsely."""

from __future__ import annotations

import pytest

from benchmarks.episode_cards.scoring import cards_section, figures, judged
from benchmarks.page.episode import episode_tables
from stream.episode.confidence import confidence
from stream.episode.seasons import OpenSeason

from .made_cards import DOUBTFUL, SURE, card, in_script, read

THRESHOLD = 0.5


@pytest.fixture(autouse=True)
def _far_apart() -> None:
    assert confidence(SURE) > THRESHOLD > confidence(DOUBTFUL)


def test_a_right_reading_confirms_its_number_and_no_other() -> None:
    one = judged(read(card(), "12"), None, THRESHOLD)
    assert (one.own, one.right, one.sure, one.confirmed) == ("confirmed", True, True, ())
    assert one.tried


def test_a_season_that_was_not_read_confirms_no_other() -> None:
    of = card(stated="S05E08")
    assert set(judged(read(of, "8"), None, THRESHOLD).confirmed) == {"season"}
    open_ = read(of, "8", season=OpenSeason("SEASON s|", named=True))
    one = judged(open_, None, THRESHOLD)
    assert (one.own, one.confirmed) == ("unverified", ())


def test_a_digit_lost_is_confirmed_falsely() -> None:
    one = judged(read(card(), "2"), None, THRESHOLD)
    assert (one.own, one.right, one.confirmed) == ("mismatch", False, ("digits",))


def test_below_the_threshold_nothing_is_said() -> None:
    one = judged(read(card(), "2", DOUBTFUL), None, THRESHOLD)
    assert (one.own, one.sure, one.confirmed) == ("unverified", False, ())


def test_a_number_read_where_none_is_stated_is_wrong() -> None:
    one = judged(read(card(stated=None, file="7", others=(15,)), "15"), None, THRESHOLD)
    assert (one.stated, one.right, one.own, one.confirmed) == (False, False, "mismatch", ("other",))


def test_figures_count_cards() -> None:
    cards = [judged(read(card(i), "12"), None, THRESHOLD) for i in range(8)]
    cards += [judged(read(card(8), "2"), None, THRESHOLD), judged(read(card(9), None), None, THRESHOLD)]
    cards += [judged(read(card(10, stated=None, file="7"), None), None, THRESHOLD)]
    found = figures(cards)
    assert (found["cards"], found["stated"], found["confirmed"], found["coverage"]) == (11, 10, 8, 0.8)
    assert (found["false_confirmed"], found["false_mismatch"], found["sure_and_wrong"]) == (1, 1, 1)
    assert 0.3 < found["false_confirmed_bound"] < 0.4


def test_a_finale_that_is_read_as_one_is_no_fault() -> None:
    one = judged(read(card(stated="finale", file="16"), "finale"), None, THRESHOLD)
    assert (one.stated, one.right, one.own, one.confirmed) == (False, True, "unverified", ())


def test_the_section_and_its_tables() -> None:
    cards = [judged(read(in_script(card(i), "hangul" if i % 2 else "latin"), "12"), None, THRESHOLD) for i in range(10)]
    cards += [judged(read(card(10), "2"), None, THRESHOLD)]
    section = cards_section(cards, THRESHOLD, calibrated=True)
    assert {name: row["cards"] for name, row in section["by_script"].items()} == {"hangul": 5, "latin": 6}
    assert section["mistakes"]["digits"] == {"trials": 33, "confirmed": 1}
    assert [row["read"] for row in section["worst"]] == ["2"]
    text = episode_tables({"cards": section})
    assert "10 of 11 (0.91)" in text
    assert "“Episode 12” states 12, read 2" in text
