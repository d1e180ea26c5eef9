from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.patterns import Patterns
from stream.episode.tags import Tagged, in_titles, of_tags, read_tags
from stream.errors import KeyartError

from .readings import number


def by_letters(title: str) -> EpisodeNumber | None:
    """A reader of titles that knows `S01E07` alone."""
    found = re.search(r"S\d\dE\d\d", title)
    return None if found is None else parse_number(found[0])


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"title": "THE HARBOUR - S01E03"}, "S01E03"),
        ({"episode_sort": "3", "season_number": "1"}, "S01E03"),
        ({"EPISODE_SORT": "3"}, "3"),
        ({"episode_sort": "3/12"}, "3"),
        ({"EPISODE/PART_NUMBER": "5", "SEASON/PART_NUMBER": "2", "COLLECTION/TITLE": "Harbour"}, "S02E05"),
        ({"episode_id": "S01E03", "episode_sort": "3", "season_number": "1", "title": "x - S01E03"}, "S01E03"),
        ({"episode_id": "AB-1207", "episode_sort": "3"}, "3"),
        ({"episode_sort": "0", "season_number": "0"}, None),
        ({"episode_sort": "0", "season_number": "2"}, "S02E00"),
        ({"episode_sort": " ", "season_number": "1"}, None),
        ({"season_number": "1"}, None),
        ({"title": "Ocean 12", "episode_sort": "pilot", "comment": "S01E01"}, None),
        ({}, None),
    ],
)
def test_what_tags_say(tags: dict[str, str], told: str | None) -> None:
    assert of_tags(tags, by_letters).number == number(told)


def test_tags_that_contradict_each_other_say_nothing() -> None:
    told = of_tags({"episode_sort": "4", "season_number": "1", "title": "x - S01E03", "show": "x"}, by_letters)
    problem = "the tags contradict each other: episode_sort is S01E04, title says S01E03"
    assert told == Tagged(None, "x", problem)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_tags_of_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        container.metadata.update(
            {"title": "Dawn", "show": "Harbour", "episode_sort": "5", "season_number": "2", "episode_id": "HB205"}
        )
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert read_tags(path, by_letters) == Tagged(number("S02E05"), "Harbour")


def test_a_file_that_is_no_film_says_why(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"")
    with pytest.raises(KeyartError, match="is empty"):
        read_tags(path, by_letters)


@pytest.mark.testdata
def test_tags_of_the_composed_episodes(testdata: Path) -> None:
    told: dict[str, Any] = {}
    for folder in sorted((testdata / "episodes").iterdir()):
        (film,) = (path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv"))
        told[folder.name] = str(read_tags(film, by_letters).number)
    assert told == {"E01": "S01E03", "E02": "S01E07", "E03": "S02E05", "E04": "S01E12", "E05": "S01E10"}


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("등대로 가는 길 - S01E07", "S01E07"),
        ("THE HARBOUR LIGHT - S01E03", "S01E03"),
        ("제12회", "12"),
        ("Harbour: Episode 3", "3"),
        ("Ocean 12", None),
        ("24", None),
        ("Steamboat Willie (1928)", None),
        ("Episode 3 and episode 9", None),
        ("", None),
    ],
)
def test_titles_state_a_number_in_words_alone(title: str, told: str | None) -> None:
    assert in_titles(Patterns.shipped())(title) == number(told)
