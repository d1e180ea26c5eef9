"""Which wrong numbers are tried of a file."""

from __future__ import annotations

from benchmarks.episode_cards.trials import MISTAKES, Trial, trials_of
from stream.episode.numbers import parse_number


def tried(file: str, stated: str | None, others: tuple[int, ...] = ()) -> list[tuple[str, str | None]]:
    own = parse_number(file)
    found = trials_of(own, None if stated is None else parse_number(stated), others)
    return [(str(trial.expected), trial.mistake) for trial in found]


def test_the_own_number_comes_first_and_each_mistake_once() -> None:
    assert tried("12", "12", (24, 11)) == [
        ("12", None), ("11", "near"), ("13", "near"), ("2", "digits"), ("1", "digits"), ("21", "digits"),
        ("24", "other"),
    ]  # fmt: skip


def test_another_season_counts_only_where_the_picture_states_one() -> None:
    assert ("S03E05", "season") in tried("S02E05", "S02E05")
    assert ("S01E05", "season") in tried("S02E05", "S02E05")
    assert not [mistake for _, mistake in tried("5", "5") if mistake == "season"]
    assert ("S00E05", "season") not in tried("S01E05", "S01E05")


def test_a_number_beside_that_is_the_file_s_is_no_mistake() -> None:
    assert ("7", "other") not in tried("7", "7", (7, 8))


def test_a_picture_without_a_number_contradicts_all_but_the_file_s() -> None:
    assert tried("7", None, (1998,)) == [("7", None), ("6", "near"), ("8", "near"), ("1998", "other")]
    assert ("6", "near") in tried("7", "finale")


def test_both_numbers_of_a_double_episode_move() -> None:
    assert tried("7-8", "7-8")[1:] == [("6-7", "near"), ("8-9", "near")]


def test_no_number_below_nought() -> None:
    assert tried("0", "0") == [("0", None), ("1", "near")]
    assert Trial(parse_number("0")).mistake is None
    assert set(MISTAKES) == {"near", "season", "digits", "other"}
