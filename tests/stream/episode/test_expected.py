from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stream.episode.expected import Expected, Metadata
from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.sheet import Row
from stream.episode.template import Template

from .readings import number

SEVEN = parse_number("S01E07")


def in_words(title: str) -> EpisodeNumber | None:
    """A reader of titles that knows the word "seven" alone."""
    return SEVEN if "seven" in title else None


@pytest.fixture
def film(make_film: Callable[..., Path]) -> Path:
    return make_film("05.mp4", [np.zeros((64, 64, 3), np.uint8)] * 2, title="Part seven")


def test_the_first_source_that_is_there_decides(film: Path) -> None:
    row = Row("line 4", ("05.mp4",), number("S02E05"), number("17"), "Harbour")
    template = Template("{episode}.mp4")
    assert Metadata(in_words).of(film) == Expected(SEVEN, "by the tags")
    placed = Metadata(in_words, template=template).of(film)
    assert placed == Expected(number("5"), "by the template", name_is_used=True)
    listed = Metadata(in_words, rows={film: row}, template=template).of(film)
    assert listed == Expected(number("S02E05"), "by the sheet, line 4", number("17"), "Harbour")
    given = Metadata(in_words, number("3"), {film: row}, template).of(film)
    assert given == Expected(number("3"), "as given")


def test_what_a_sheet_or_a_template_leaves_out_is_not_looked_up_in_the_tags(film: Path) -> None:
    told = Metadata(in_words, rows={}).of(film)
    assert (told.number, told.problem) == (None, "the sheet has no row for this file")
    told = Metadata(in_words, template=Template("Season {season}/{episode}.mp4")).of(film)
    assert told.number is None
    assert told.problem == "the path is not of the form Season {season}/{episode}.mp4"
    assert Metadata(in_words, rows={}, template=Template("{episode}.mp4")).of(film).number == number("5")


def test_a_row_that_does_not_count_says_why(film: Path) -> None:
    bad = Row("line 4", ("05.mp4",), None, problem="names no episode")
    told = Metadata(in_words, rows={film: bad}, template=Template("{episode}.mp4")).of(film)
    assert (told.number, told.problem) == (None, "its row in the sheet does not count: names no episode")


def test_a_path_without_a_number_in_its_place_says_why(film: Path) -> None:
    told = Metadata(in_words, template=Template("{episode}p4")).of(film)
    assert told.number is None
    assert "the template finds no number in the path" in (told.problem or "")
