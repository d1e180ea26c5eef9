"""Numbers in names of files, among everything else that names hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.patterns import Patterns

NAMES = (
    ("Show.S02E05.1080p.x264.mkv", "S02E05"),
    ("Show.S02E05-1080p.mkv", "S02E05"),
    ("Show S02E05 Chapter Four.mkv", "S02E05"),
    ("Show.S02E05.Part.2.mkv", "S02E05"),
    ("Show.S01E01-E02.mkv", "S01E01-E02"),
    ("Show.S01E01E02.720p.mkv", "S01E01-E02"),
    ("Show (2019) S01 E02.mkv", "S01E02"),
    ("Show.S2024E100.mkv", "S2024E100"),
    ("S01E05v2.mkv", "S01E05"),
    ("Show.S02E05.2160p.HDR10+.DV.DDP5.1.Atmos.mkv", "S02E05"),
    ("Show.S01E05.AAC5.1.H.264.mkv", "S01E05"),
    ("Show.S02E05.5.1.mkv", "S02E05"),
    ("Show.2x05.mkv", "S02E05"),
    ("Show.1x05.1920x1080.mkv", "S01E05"),
    ("12 Monkeys - S01E03.mkv", "S01E03"),
    ("THE HARBOUR LIGHT - S01E03", "S01E03"),
    ("Show.S02.Finale.mkv", "S02 finale"),
    ("show - 05 [1080p].mkv", "5"),
    ("show - 12.5 [1080p].mkv", "12.5"),
    ("Show - 05 Title.mkv", "5"),
    ("show-05.mkv", "5"),
    ("show_05.mp4", "5"),
    ("05.mkv", "5"),
    ("101.mp4", "101"),
    ("Season 2/05 - title.mkv", "5"),
    ("[Group] Title - 12v2 [1080p][ABCD1234].mkv", "12"),
    ("[Group] Title [05][1080p].mkv", "5"),
    ("[Group] Title - 07 (1080p) [F02B9CEE].mkv", "7"),
    ("Show S2 - 05 [1080p].mkv", "S02E05"),
    ("E05.mkv", "5"),
    ("Show.E05", "5"),
    ("Show.EP7", "7"),
    ("E05.m2ts", "5"),
    ("E05.1080p.mkv", "5"),
    ("E02-03.mkv", "2-3"),
    ("ep7.mov", "7"),
    ("Show EP05-06.mkv", "5-6"),
    ("drama_ep12_final.mp4", "12"),
    ("Show.E07.220101.720p-NEXT.mp4", "7"),
    ("Show.2021.E05.210101.1080p.mkv", "5"),
    ("Show 3of16.mkv", "3"),
    ("Show Chapter Four.mkv", "4"),
    ("Show.Part.Two.mkv", "2"),
    ("쇼 제7화.mp4", "7"),
    ("쇼 제7화.mp4", "7"),
    ("제7화.2024.05.03.mp4", "7"),
    ("시즌2 5회.mp4", "S02E05"),
    ("드라마 12회 240503.mp4", "12"),
    ("제12화 (최종회).mp4", "12 finale"),
    ("1화.mp4", "1"),
    ("第05集.mp4", "5"),
    ("第二十集.mp4", "20"),
    ("【剧名】第12集 大结局 1080P.mp4", "12 finale"),
    ("剧名.EP12.2024.1080p.WEB-DL.H265.AAC.mp4", "12"),
    ("アニメ 第3話.mkv", "3"),
)
NO_NUMBER = (
    "film.mkv",
    "Movie.2019.1080p.BluRay.x265.10bit.DDP5.1.mkv",
    "Show 1080p.mkv",
    "Show.7.1.mkv",
    "Show.105.mkv",
    "Ocean's 11.mkv",
    "Show - 12 Monkeys.mkv",
    "1917.mkv",
    "S02.mkv",
    "VID_20240503_123456.mp4",
    "IMG_0012.mov",
    "clip 2.mp4",
    "Show.60fps.mkv",
    "Show [ABCD1234].mkv",
    "Show 8bit 1920x1080.mkv",
    "Show [12345E05].mkv",
    "Show 2024-05-03.mkv",
    "S01E05 S01E09.mkv",
    "",
)


@pytest.mark.parametrize(("name", "number"), NAMES)
def test_the_number_of_a_file_name_is_read(name: str, number: str) -> None:
    assert str(Patterns.shipped().of_file_name(name)) == number


@pytest.mark.parametrize("name", NO_NUMBER)
def test_names_without_a_number_or_with_several_have_none(name: str) -> None:
    assert Patterns.shipped().of_file_name(name) is None


NOISE = ("1080p", "720p", "2160p", "x264", "x265", "H.264", "10bit", "DDP5.1", "AAC2.0")
NOISE += ("5.1", "2019", "[ABCD1234]", "60fps")


@given(st.integers(0, 99), st.integers(0, 999), st.permutations(NOISE), st.integers(0, len(NOISE)))
def test_no_technical_word_changes_the_number(season: int, number: int, noise: list[str], at: int) -> None:
    name = ".".join(["Show", *noise[:at], f"S{season:02d}E{number:02d}", *noise[at:], "mkv"])
    found = Patterns.shipped().of_file_name(name)
    assert found is not None
    assert (found.season, found.episodes) == (season, (number,))


@given(st.permutations(NOISE))
def test_technical_words_alone_are_no_number(noise: list[str]) -> None:
    assert Patterns.shipped().of_file_name(".".join(["Show", *noise, "mkv"])) is None


@given(st.text(max_size=60))
def test_any_name_is_read_without_an_error(name: str) -> None:
    number = Patterns.shipped().of_file_name(name)
    assert number is None or number.episodes or number.finale
