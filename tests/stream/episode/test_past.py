from __future__ import annotations

import re

import pytest

from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.past import Past, Source, past_of, past_of_file, suggested_by

from .readings import number


def by_letters(name: str) -> EpisodeNumber | None:
    """A reader of file names that knows `S01E07` alone."""
    found = re.search(r"S\d\dE\d\d", name)
    return None if found is None else parse_number(found[0])


def test_sources_that_agree_make_one_number_that_states_most() -> None:
    past = past_of([Source(parse_number("7"), "an operator"), Source(parse_number("S01E07"), "the file name")])
    assert past.number == parse_number("S01E07")
    assert past_of([]) == Past()


def test_sources_that_contradict_each_other_make_none() -> None:
    past = past_of([Source(parse_number("7"), "an operator"), Source(parse_number("S01E08"), "the file name")])
    assert past.number is None
    assert [source.words for source in past.sources] == ["an operator", "the file name"]


def test_a_file_name_is_past_knowledge_unless_the_expected_number_is_from_it() -> None:
    neighbours = ["S01E05.mkv", "S01E06.mkv", "S01E08.mkv"]
    named = past_of_file("X.S01E07.mkv", by_letters, neighbours=neighbours)
    assert named == Past(parse_number("S01E07"), (Source(parse_number("S01E07"), "the file name"),))
    assert past_of_file("X.S01E07.mkv", by_letters, neighbours=neighbours, name_is_used=True) == Past()


def test_what_was_decided_earlier_stands_beside_the_name() -> None:
    earlier = [Source(parse_number("8"), "an operator")]
    past = past_of_file("X.S01E07.mkv", by_letters, earlier=earlier)
    assert (past.number, len(past.sources)) == (None, 2)
    assert past_of_file("X.S01E07.mkv", by_letters, earlier=earlier, name_is_used=True).number == parse_number("8")


@pytest.mark.parametrize(
    ("neighbours", "suggested"),
    [
        (["S01E05.mkv", "S01E06.mkv", "S01E08.mkv"], "S01E07"),
        (["S01E05.mkv", "S01E06.mkv", "S01E07.mkv"], None),
        (["S01E05.mkv", "S01E07.mkv", "S01E09.mkv"], None),
        (["S01E05.mkv", "S01E08.mkv", "S01E09.mkv"], None),
        (["S01E05.mkv", "S01E07.mkv"], None),
        (["S01E05.mkv", "S01E06.mkv", "S01E08.mkv", "making of.mkv"], None),
        (["S01E05.mkv", "S01E06.mkv", "S02E08.mkv"], None),
        ([], None),
    ],
)
def test_neighbours_suggest_the_one_number_they_miss(neighbours: list[str], suggested: str | None) -> None:
    assert suggested_by(neighbours, by_letters) == number(suggested)
    past = past_of_file("final cut.mkv", by_letters, neighbours=neighbours)
    assert past.number == number(suggested)
    assert past_of_file("final cut.mkv", by_letters, neighbours=neighbours, name_is_used=True) == Past()


def test_neighbours_are_read_no_further_than_needed() -> None:
    read: list[str] = []

    def reader(name: str) -> EpisodeNumber | None:
        read.append(name)
        return by_letters(name)

    assert suggested_by(["a.mkv", *(f"S01E{n:02d}.mkv" for n in range(1, 90, 2))], reader) is None
    assert read == ["a.mkv"]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("E01.mp4", True), ("07.mkv", True), ("ep 7.mkv", True), ("[07].mkv", True), ("1-2.ts", True),
        ("０７.mkv", True),
        ("S01E07.mkv", False), ("제7화.mkv", False), ("Harbour 07.mkv", False), ("7회.mp4", False), ("2x05.mkv", False),
    ],
)  # fmt: skip
def test_a_name_that_is_a_number_alone_is_bare(name: str, bare: bool) -> None:
    (source,) = past_of_file(name, lambda _: parse_number("7")).sources
    assert source.bare is bare


def test_a_bare_number_is_no_past_knowledge_that_counts() -> None:
    operator = Source(parse_number("8"), "an operator")
    assert past_of_file("07.mkv", lambda _: parse_number("7"), earlier=[operator]).number == parse_number("8")
