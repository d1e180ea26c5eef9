from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hangul.alphabet import readable
from benchmarks.hangul.backgrounds import Backgrounds
from benchmarks.hangul.fonts import fonts_of
from benchmarks.hangul.lines import Source

NANUM = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"
pytestmark = pytest.mark.debian


@pytest.fixture
def source(debian_file: Callable[[str, str], Path]) -> Source:
    """Lines in Nanum, over one frame of noise or plain."""
    frame = np.random.default_rng(0).integers(0, 255, (180, 320, 3), np.uint8)
    fonts = fonts_of("training", debian_file("fonts-nanum", NANUM).parent)
    return Source(fonts, Backgrounds([frame]), seed=3, easy=4)


def test_a_line_depends_on_seed_and_index_alone(source: Source) -> None:
    later = [source.line(index) for index in (7, 5)]
    again = Source(source.fonts, source.backgrounds, seed=3, easy=4)
    for line, index in zip(later, (7, 5), strict=True):
        same = again.line(index)
        assert (line.text, line.written) == (same.text, same.written)
        np.testing.assert_array_equal(line.picture, same.picture)
    other = Source(source.fonts, source.backgrounds, seed=4)
    assert other.line(7).text != later[0].text or other.line(7).picture.shape != later[0].picture.shape


def test_a_line_is_a_picture_of_its_text(source: Source) -> None:
    for line in map(source.line, range(60)):
        height, width, _ = line.picture.shape
        assert (height, width % 8, line.picture.dtype) == (48, 0, np.uint8)
        assert line.picture.std() > 3
        assert line.text == readable(line.written.text)


def test_the_first_lines_are_easy(source: Source) -> None:
    assert max(len(source.line(index).text) for index in range(4)) <= 4
    assert max(len(source.line(index).text) for index in range(4, 40)) > 4


def test_the_share_of_numbers(source: Source) -> None:
    numbers = Source(source.fonts, source.backgrounds, seed=3, numbers=1.0)
    assert all(numbers.line(index).written.number for index in range(20))


def test_the_share_of_seasons(source: Source) -> None:
    seasons = Source(source.fonts, source.backgrounds, seed=3, numbers=1.0, seasons=1.0)
    assert all("E" in seasons.line(index).text.upper() for index in range(10))


def test_the_share_of_signs_that_are_easily_mistaken(source: Source) -> None:
    usual, mistaken = (
        Source(source.fonts, source.backgrounds, seed=3, numbers=1.0, mistaken=share) for share in (0.0, 1.0)
    )
    signs = ("№", "#", " I", " V", " X")
    counts = [sum(any(sign in of.line(at).text for sign in signs) for at in range(60)) for of in (usual, mistaken)]
    assert counts[1] > counts[0] + 15


def test_lines_that_no_font_has_are_read_as_others(source: Source) -> None:
    deformed = Source(source.fonts, source.backgrounds, seed=3, deformed=1.0)
    for line in map(deformed.line, range(60)):
        assert line.picture.shape[0] == 48 and line.picture.std() > 2
        assert line.text == readable(line.written.text) and len(line.centres) == len(line.text)
        assert np.all(np.diff(line.centres) > -6)
