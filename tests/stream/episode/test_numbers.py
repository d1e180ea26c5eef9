"""Numbers of episodes: how they are written, read back and compared."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.numbers import (
    MOST_EPISODES,
    EpisodeNumber,
    compatible,
    joined_episodes,
    lost_a_digit,
    parse_number,
)


def number(*episodes: str | int, season: int | None = None, finale: bool = False) -> EpisodeNumber:
    return EpisodeNumber(tuple(Decimal(episode) for episode in episodes), season, finale)


WRITTEN = (
    ("7", number(7), "7"),
    (" 007 ", number(7), "7"),
    ("７", number(7), "7"),
    ("0", number(0), "0"),
    ("1234", number(1234), "1234"),
    ("12.5", number("12.5"), "12.5"),
    ("12.50", number("12.5"), "12.5"),
    ("7-8", number(7, 8), "7-8"),
    ("7–9", number(7, 8, 9), "7-9"),
    ("7 & 8", number(7, 8), "7-8"),
    ("7+9", number(7, 9), "7+9"),
    ("7+99", number(7, 99), "7+99"),
    ("12.5-13", number("12.5", 13), "12.5-13"),
    ("E05", number(5), "5"),
    ("Ep. 9", number(9), "9"),
    ("episode 3", number(3), "3"),
    ("S02E05", number(5, season=2), "S02E05"),
    ("s2 e5", number(5, season=2), "S02E05"),
    ("S02.E05", number(5, season=2), "S02E05"),
    ("S00E00", number(0, season=0), "S00E00"),
    ("S2024E100", number(100, season=2024), "S2024E100"),
    ("1x05", number(5, season=1), "S01E05"),
    ("2×05", number(5, season=2), "S02E05"),
    ("S01E01-E02", number(1, 2, season=1), "S01E01-E02"),
    ("S01E01-02", number(1, 2, season=1), "S01E01-E02"),
    ("S01E01E02", number(1, 2, season=1), "S01E01-E02"),
    ("S01E12.5", number("12.5", season=1), "S01E12.5"),
    ("finale", number(finale=True), "finale"),
    ("16 finale", number(16, finale=True), "16 finale"),
    ("S02 Finale", number(season=2, finale=True), "S02 finale"),
)


@pytest.mark.parametrize(("text", "meant", "shown"), WRITTEN)
def test_what_can_be_written_is_read_and_shown(text: str, meant: EpisodeNumber, shown: str) -> None:
    assert parse_number(text) == meant
    assert str(meant) == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no episode number"),
        ("x", "is no episode number"),
        ("-5", "is no episode number"),
        ("12:30", "is no episode number"),
        ("12,5", "is no episode number"),
        ("S02", "no episode is stated"),
        ("8-7", "8-7 does not rise"),
        ("7+7", "episodes do not rise"),
        ("1-40", f"more than {MOST_EPISODES} episodes in one file"),
        ("1+3+5+7+9+11+13+15+17+19+21", f"more than {MOST_EPISODES} episodes in one file"),
        ("٣", "is no episode number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can_be_written(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"write 7, 12\.5, 7-8, S02E05, 2x05, S01E01-E02 or finale") as refused:
        parse_number(text)
    assert why in str(refused.value)


decimals = st.decimals(min_value=0, max_value=99999, places=2) | st.integers(0, 9999).map(Decimal)
numbers = st.builds(
    EpisodeNumber,
    st.lists(decimals, min_size=1, max_size=4, unique=True).map(lambda found: tuple(sorted(found))),
    st.none() | st.integers(0, 9999),
    st.booleans(),
)


@given(numbers)
def test_what_is_shown_is_read_back(one: EpisodeNumber) -> None:
    assert parse_number(str(one)) == one


@given(numbers, numbers)
def test_comparing_has_no_order_and_a_number_agrees_with_itself(one: EpisodeNumber, other: EpisodeNumber) -> None:
    assert compatible(one, other) == compatible(other, one)
    assert compatible(one, one) is True


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (number(5), number(5), True),
        (number(5), number(6), False),
        (number(5, season=2), number(5), True),
        (number(5, season=2), number(5, season=2), True),
        (number(5, season=2), number(5, season=3), False),
        (number(7, 8), number(7, 8), True),
        (number(7, 8), number(7), False),
        (number(finale=True), number(16), None),
        (number(finale=True), number(finale=True), True),
        (number(season=2, finale=True), number(16, season=2), None),
        (number(season=2, finale=True), number(16, season=3), False),
        (number(16, finale=True), number(16), True),
    ],
)
def test_only_what_both_state_is_compared(one: EpisodeNumber, other: EpisodeNumber, agree: bool | None) -> None:
    assert compatible(one, other) is agree


@pytest.mark.parametrize(
    ("episodes", "season", "finale"),
    [
        ((), None, False),
        ((Decimal(-1),), None, False),
        ((Decimal(8), Decimal(7)), None, False),
        ((Decimal(1),), -1, False),
        ((Decimal("NaN"),), None, False),
        ((Decimal(7), Decimal(7)), None, False),
    ],
)
def test_numbers_that_no_episode_has_are_refused(episodes: tuple[Decimal, ...], season: int, finale: bool) -> None:
    with pytest.raises(ValueError):
        EpisodeNumber(episodes, season, finale)


def test_a_dash_stands_for_all_between_whole_numbers_only() -> None:
    assert joined_episodes("e01-e03") == (1, 2, 3)
    assert joined_episodes("1 & 3") == (1, 3)
    assert joined_episodes("1.5-3") == (Decimal("1.5"), 3)


@pytest.mark.parametrize(
    ("number", "other", "lost"),
    [
        ("2", "52", True), ("5", "52", True), ("S07E02", "S07E52", True), ("S07E02", "52", True), ("12", "112", True),
        ("2", "53", False), ("S06E02", "S07E52", False), ("52", "2", False), ("2", "2", False), ("2", "152", False),
        ("1-2", "12", False), ("finale", "5", False),
    ],
)  # fmt: skip
def test_a_lost_digit(number: str, other: str, lost: bool) -> None:
    assert lost_a_digit(parse_number(number), parse_number(other)) is lost
