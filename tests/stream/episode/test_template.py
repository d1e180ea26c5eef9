from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.numbers import EpisodeNumber
from stream.episode.template import Placed, Template
from stream.errors import UsageError

from .readings import number

SHIPPED = "{series}/Season {season}/{episode} - {title}.mkv"


@pytest.mark.parametrize(
    ("template", "path", "placed"),
    [
        (SHIPPED, "/tv/Harbour/Season 2/05 - Dawn.mkv", Placed(number("S02E05"), None, "Harbour", "Dawn")),
        (SHIPPED, "/tv/Harbour/season 02/5 - a - b.MKV", Placed(number("S02E05"), None, "Harbour", "a - b")),
        (SHIPPED, "/tv/등대/Season 1/1-2 - 바다.mkv", Placed(number("S01E01-E02"), None, "등대", "바다")),
        (SHIPPED, "/tv/Harbour/Season 1/12.5 - Recap.mkv", Placed(number("S01E12.5"), None, "Harbour", "Recap")),
        (SHIPPED, "/tv/Harbour/Season 2/Dawn.mkv", None),
        (SHIPPED, "/tv/Harbour/05 - Dawn.mkv", None),
        (SHIPPED, "/tv/Harbour/Season 2/05 - Dawn.mp4", None),
        ("{series}.{episode}.{any}", "/tv/Harbour.S02E05.1080p.mkv", Placed(number("S02E05"), None, "Harbour")),
        ("{episode}.mkv", "/tv/x/7.mkv", Placed(number("7"))),
        ("{season}x{episode}.mkv", "/tv/2x05.mkv", Placed(number("S02E05"))),
        ("{absolute}.mkv", "/tv/17.mkv", Placed(number("17"), number("17"))),
        ("S{season}E{episode} ({absolute}).mkv", "/s02e05 (17).mkv", Placed(number("S02E05"), number("17"))),
        ("{{{episode}}}.mkv", "/tv/{7}.mkv", Placed(number("7"))),
        ("/tv/{any}/{episode}/{any}", "/tv/a/7/film.mkv", Placed(number("7"))),
    ],
)
def test_what_a_template_reads_in_a_path(template: str, path: str, placed: Placed | None) -> None:
    assert Template(template).read(Path(path)) == placed
    assert Template(template).read(Path(unicodedata.normalize("NFD", path))) == placed


def test_a_path_of_the_form_without_a_number_says_so() -> None:
    with pytest.raises(ValueError, match="no episode number"):
        Template(SHIPPED).read(Path("/tv/Harbour/Season 2/part 5 of - Dawn.mkv"))
    with pytest.raises(ValueError, match="contradict"):
        Template(SHIPPED).read(Path("/tv/Harbour/Season 2/S01E05 - Dawn.mkv"))


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{series}.mkv", "has neither {episode} nor {absolute}"),
        ("{number}.mkv", "{number} is no field"),
        ("{episode.mkv", "expected '}'"),
        ("{episode}{episode}", "stands in it twice"),
        ("{episode:02}.mkv", "a field is a name alone"),
        ("{}.mkv", "{} is no field"),
        ("", "has neither"),
    ],
)
def test_a_wrong_template_is_wrong_usage(template: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        Template(template)
    assert reason in str(error.value)
    assert str(error.value).startswith(f"--template {template}: ")


@pytest.mark.parametrize(
    ("template", "used"),
    [
        (SHIPPED, True), ("{series}/{episode}/{title}.mkv", False), ("{episode}/{absolute}.mkv", True),
        ("{series}/{episode}/{any}", False), ("{episode}/S{season}.mkv", True),
    ],
)  # fmt: skip
def test_whether_the_name_of_the_file_gives_the_number(template: str, used: bool) -> None:
    assert Template(template).uses_name is used


@given(st.integers(0, 99), st.integers(0, 9999), st.text("abc 가나 -.", min_size=1).map(str.strip).filter(bool))
def test_what_a_template_writes_it_reads(season: int, episode: int, title: str) -> None:
    path = Path("/tv") / SHIPPED.format(series="S", season=season, episode=episode, title=title)
    placed = Template(SHIPPED).read(path)
    assert placed is not None
    assert placed.number == EpisodeNumber((number(str(episode)) or EpisodeNumber(())).episodes, season)
    assert placed.title == title
