from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.hangul.lines import Line
from benchmarks.hangul.repeating import LineChunks, as_shown, changed
from benchmarks.hangul.texts import Written


class Stripes:
    """A peer of `Source` that needs no fonts: a bright stripe at the place of its index. Counts what it draws."""

    seed = 1

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def line(self, index: int) -> Line:
        self.drawn.append(index)
        picture = np.zeros((48, 64, 3), np.uint8)
        at = 8 * (index % 8)
        picture[:, at : at + 8] = 255
        return Line(picture, str(index), Written(str(index)), np.array([at + 4.0]))


def test_half_of_a_chunk_was_there_before() -> None:
    source = Stripes()
    chunks = LineChunks(source, 4)
    texts = [[line.text for line in chunks[at]] for at in range(10)]
    assert texts[0] == ["0", "1", "0", "1"]
    assert texts[8] == ["16", "17", "0", "1"]
    assert source.drawn == list(range(20))


def test_a_chunk_is_the_same_after_a_new_start() -> None:
    whole = LineChunks(Stripes(), 4)
    before = [whole[at] for at in range(10)][9]
    for one, other in zip(LineChunks(Stripes(), 4)[9], before, strict=True):
        assert one.text == other.text
        assert np.array_equal(one.picture, other.picture)


def test_a_changed_line_has_its_characters_where_they_are_said_to_be() -> None:
    rng, widths = np.random.default_rng(1), set()
    for index in range(64):
        line = changed(rng, Stripes().line(index))
        luma = line.picture[24].astype(float).mean(-1)
        stripe = np.abs(luma - np.median(luma))
        middle = (stripe * (np.arange(len(luma)) + 0.5)).sum() / stripe.sum()
        assert abs(middle - line.centres[0]) < 2
        assert line.picture.shape[1] % 8 == 0
        widths.add(line.picture.shape[1])
    assert len(widths) > 1


def test_lines_are_shown_at_the_widths_of_the_reader() -> None:
    rng, line = np.random.default_rng(1), replace(Stripes().line(3), picture=np.zeros((48, 104, 3), np.uint8))
    shown = [as_shown(rng, line) for _ in range(400)]
    widths = Counter(one.picture.shape[1] for one in shown)
    assert set(widths) == {96, 104, 128}
    assert 160 < widths[96] < 240 and 70 < widths[104] < 130 and 70 < widths[128] < 130
    assert all(one.centres[0] / one.picture.shape[1] == pytest.approx(28 / 104) for one in shown)
    long = replace(line, picture=np.zeros((48, 640, 3), np.uint8))
    assert {as_shown(rng, long).picture.shape[1] for _ in range(60)} == {640, 768}
    upright = replace(line, picture=np.zeros((48, 24, 3), np.uint8))
    assert {as_shown(rng, upright).picture.shape[1] for _ in range(60)} == {24}
