"""Verdicts: what is compared, what is not, and that each says why in one sentence."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.numbers import EpisodeNumber, compatible, parse_number
from stream.episode.past import Past, Source, past_of
from stream.episode.seasons import OpenSeason
from stream.episode.verify import relation, verify

from .readings import number, reading

THRESHOLD = 0.9
NUMBERS = ("0", "7", "8", "12.5", "1-2", "S01E07", "S02E07", "S02E05", "17", "finale", "S02E16 finale")
numbers = st.builds(
    lambda episodes, season, finale: EpisodeNumber(tuple(sorted(episodes)), season, finale or not episodes),
    st.sets(st.decimals(0, 2000, places=1, allow_nan=False), max_size=3),
    st.none() | st.integers(0, 30),
    st.booleans(),
)


def known(**said: str) -> Past:
    return past_of(Source(parse_number(text), words.replace("_", " ")) for words, text in said.items())


@pytest.mark.parametrize(
    ("read", "expected", "absolute", "verdict", "why"),
    [
        ("7", "7", None, "confirmed", "The picture says 7, 7 is expected by the tags."),
        ("7", "S02E07", None, "confirmed", "The picture says 7, S02E07 is expected by the tags."),
        ("S02E07", "7", None, "confirmed", "The picture says S02E07, 7 is expected by the tags."),
        ("12.5", "12.5", None, "confirmed", "The picture says 12.5, 12.5 is expected by the tags."),
        ("0", "0", None, "confirmed", "The picture says 0, 0 is expected by the tags."),
        ("1-2", "S01E01-E02", None, "confirmed", "The picture says 1-2, S01E01-E02 is expected by the tags."),
        ("finale", "finale", None, "confirmed", "The picture says finale, finale is expected by the tags."),
        ("17", "S02E05", "17", "confirmed", "The picture says 17, S02E05 is expected by the tags."),
        ("8", "7", None, "mismatch", "The picture says 8, 7 is expected by the tags."),
        ("0", "10", None, "mismatch", "The picture says 0, 10 is expected by the tags."),
        ("S01E07", "S02E07", None, "mismatch", "The picture says S01E07, S02E07 is expected by the tags."),
        ("4", "S02E05", None, "mismatch", "The picture says 4, S02E05 is expected by the tags."),
        ("17", "S01E05", None, "mismatch", "The picture says 17, S01E05 is expected by the tags."),
        ("18", "S02E05", "17", "mismatch", "The picture says 18, S02E05 is expected by the tags."),
        ("6", "S03E05", None, "mismatch", "The picture says 6, S03E05 is expected by the tags."),
        ("1-2", "1", None, "mismatch", "The picture says 1-2, 1 is expected by the tags."),
        (
            "17", "S02E05", None, "unverified",
            "The picture says 17, S02E05 is expected by the tags: one may count through all seasons, "
            "a sheet with the column `absolute` would tell.",
        ),
        (
            "7", "S03E05", None, "unverified",
            "The picture says 7, S03E05 is expected by the tags: one may count through all seasons, "
            "a sheet with the column `absolute` would tell.",
        ),
        (
            "S02E05", "17", None, "unverified",
            "The picture says S02E05, 17 is expected by the tags: one may count through all seasons, "
            "a sheet with the column `absolute` would tell.",
        ),
        ("1", "1-2", None, "unverified", "The picture says 1 alone, 1-2 is expected by the tags."),
        (
            "finale", "16", None, "unverified",
            "The picture says finale, 16 is expected by the tags: there is nothing that both state.",
        ),
        (None, "7", None, "unverified", "No episode number was read in 40 pictures; 7 is expected by the tags."),
    ],
)  # fmt: skip
def test_only_what_both_state_is_compared(
    read: str | None, expected: str, absolute: str | None, verdict: str, why: str
) -> None:
    found = verify(
        reading(read), Past(), number(expected), threshold=THRESHOLD, absolute=number(absolute), source="by the tags"
    )
    assert (found.verdict, found.why) == (verdict, why)
    assert (found.read, found.expected) == (number(read), number(expected))


def test_below_the_threshold_a_picture_decides_nothing() -> None:
    for read in ("7", "8"):
        found = verify(reading(read, 0.8999), Past(), parse_number("7"), threshold=THRESHOLD)
        assert found.verdict == "unverified"
        assert found.why == (
            f"The picture seems to say {read}, which is too unsure (0.899900, 0.900 is needed); 7 is expected."
        )
        assert str(found.read) == read
    assert verify(reading("7", THRESHOLD), Past(), parse_number("7"), threshold=THRESHOLD).verdict == "confirmed"


@pytest.mark.parametrize(
    ("read", "expected", "season", "verdict", "why"),
    [
        (
            "8", "S03E08", OpenSeason("SEASON s| EPISODE 8", named=True), "unverified",
            "The picture says 8, S03E08 is expected, "
            "but “SEASON s| EPISODE 8” beside it may be a season that was not read.",
        ),
        (
            "8", "S03E08", OpenSeason("", named=False), "unverified",
            "The picture says 8, S03E08 is expected, but a line beside it may be a season that was not read.",
        ),
        (
            "8", "S03E08", OpenSeason("SEASON 2", named=True, apart=True), "unverified",
            "The picture says 8, S03E08 is expected, but another card, “SEASON 2”, names a season.",
        ),
        ("8", "S03E08", None, "confirmed", "The picture says 8, S03E08 is expected."),
        ("8", "8", OpenSeason("시즌", named=True), "confirmed", "The picture says 8, 8 is expected."),
        ("8", "S03E09", OpenSeason("시즌", named=True), "mismatch", "The picture says 8, S03E09 is expected."),
    ],
)  # fmt: skip
def test_a_season_that_may_stand_there_unread_confirms_none(
    read: str, expected: str, season: OpenSeason | None, verdict: str, why: str
) -> None:
    picture = replace(reading(read), unread_season=season)
    found = verify(picture, Past(), number(expected), threshold=THRESHOLD)
    assert (found.verdict, found.why) == (verdict, why)


def test_past_knowledge_contradicts_and_agrees() -> None:
    seven = parse_number("7")
    found = verify(reading("7"), known(the_file_name="8"), seven, threshold=THRESHOLD)
    assert (found.verdict, found.why) == ("mismatch", "The picture says 7 and 7 is expected, but the file name says 8.")
    found = verify(reading(None), known(the_file_name="8"), seven, threshold=THRESHOLD)
    assert found.verdict == "mismatch"
    assert found.why == "The file name says 8, 7 is expected; no episode number was read in 40 pictures."
    found = verify(reading("8"), known(the_file_name="8"), seven, threshold=THRESHOLD)
    assert (found.verdict, found.why) == ("mismatch", "The picture says 8, 7 is expected; the file name says 8, too.")
    found = verify(reading("7"), known(the_file_name="S01E07", an_operator="7"), seven, threshold=THRESHOLD)
    assert found.verdict == "confirmed"
    assert found.why == "The picture says 7, 7 is expected; the file name and an operator agree."
    found = verify(reading("7"), known(the_file_name="7", an_operator="9"), seven, threshold=THRESHOLD)
    assert (found.verdict, "an operator says 9" in found.why) == ("mismatch", True)


def test_a_bare_number_contradicts_nothing_and_is_told() -> None:
    past = past_of([Source(parse_number("1"), "the file name", bare=True)])
    found = verify(reading("3"), past, parse_number("S01E03"), threshold=THRESHOLD)
    assert found.verdict == "confirmed"
    assert found.why == "The picture says 3, S01E03 is expected; the file name, a bare number, is 1."
    found = verify(reading(None), past, parse_number("S01E03"), threshold=THRESHOLD)
    assert found.verdict == "unverified"
    assert found.why.endswith("; S01E03 is expected; the file name, a bare number, is 1.")
    found = verify(reading("1"), past, parse_number("S01E03"), threshold=THRESHOLD)
    assert (found.verdict, found.why) == (
        "mismatch", "The picture says 1, S01E03 is expected; the file name says 1, too.",
    )  # fmt: skip


def test_past_knowledge_alone_confirms_nothing() -> None:
    found = verify(reading(None), known(the_file_name="7"), parse_number("7"), threshold=THRESHOLD)
    assert found.verdict == "unverified"


def test_a_file_name_that_may_count_through_does_not_contradict() -> None:
    found = verify(reading("5"), known(the_file_name="17"), parse_number("S02E05"), threshold=THRESHOLD)
    assert found.verdict == "confirmed"
    mapped = verify(
        reading("5"), known(the_file_name="18"), parse_number("S02E05"), threshold=THRESHOLD, absolute=number("17")
    )
    assert mapped.verdict == "mismatch"


def test_without_an_expected_number_nothing_is_verified() -> None:
    found = verify(reading("7"), known(the_file_name="8"), None, threshold=THRESHOLD)
    assert (found.verdict, found.expected, str(found.read)) == ("unverified", None, "7")
    assert found.why == "Nothing says which episode this should be; the picture says 7, but the file name says 8."
    found = verify(reading("7"), Past(), None, threshold=THRESHOLD, problem="the sheet has no row for this file")
    assert found.why == "The sheet has no row for this file; the picture says 7."


@pytest.mark.parametrize(("read", "expected", "confidence"), list(product((*NUMBERS, None), NUMBERS, (0.5, 0.95))))
def test_every_verdict_says_why_in_one_sentence(read: str | None, expected: str, confidence: float) -> None:
    for past in (Past(), known(the_file_name="7"), known(the_file_name="8", an_operator="7")):
        found = verify(reading(read, confidence), past, parse_number(expected), threshold=THRESHOLD)
        assert found.why.endswith(".")
        assert found.why[0].isupper()
        assert ". " not in found.why.replace("0.5", "").rstrip(".")
        assert expected in found.why


@given(numbers, numbers, st.none() | numbers, st.floats(0, 1), st.floats(0, 1))
def test_confirmed_only_where_all_that_was_read_and_known_allows_it(
    read: EpisodeNumber, expected: EpisodeNumber, before: EpisodeNumber | None, confidence: float, threshold: float
) -> None:
    picture = reading(str(read), confidence)
    past = past_of(() if before is None else [Source(before, "the file name")])
    found = verify(picture, past, expected, threshold=threshold)
    sure = confidence >= threshold
    if found.verdict == "confirmed":
        assert sure
        assert compatible(read, expected)
        assert before is None or relation(before, expected) != "differs"
    if found.verdict == "mismatch":
        assert (sure and compatible(read, expected) is False) or (before and compatible(before, expected) is False)


@given(one=numbers, other=numbers)
def test_a_relation_holds_both_ways_but_for_a_part(one: EpisodeNumber, other: EpisodeNumber) -> None:
    assert relation(one, one) == "same"
    there, back = relation(one, other), relation(other, one)
    assert there == back or {there, back} <= {"part", "differs", "counted"}
    if there in ("same", "nothing"):
        assert back == there
