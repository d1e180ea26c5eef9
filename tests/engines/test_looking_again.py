"""A reader with a prior reads what both make likeliest, and looks at a line again, wider, where it is in doubt."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import numpy as np
import pytest

from engines.ocr import LineReader, LineText
from engines.prior import load_prior
from engines.session import FakeSession, NamedArrays

from .scenes import PictureOps

ALPHABET = load_prior().alphabet
METADATA = {"character": "\n".join(ALPHABET[1:-1])}
BOX = np.array([[0, 0, 96, 48]], np.float32)
Columns = list[dict[str, float]]


def answers(by_width: Mapping[int, Columns]) -> Callable[[Mapping[str, np.ndarray]], NamedArrays]:
    """A network that sees the columns of an input's width; "no character" has what is left of each."""

    def answer(inputs: Mapping[str, np.ndarray]) -> NamedArrays:
        x = inputs["x"]
        columns = by_width[x.shape[-1]]
        rows = np.zeros((len(columns), len(ALPHABET)), np.float32)
        for row, seen in zip(rows, columns, strict=True):
            for character, probability in seen.items():
                row[ALPHABET.index(character)] = probability
            row[0] = 1 - row.sum()
        return {"y": np.repeat(rows[None], len(x), 0)}

    return answer


@pytest.fixture
def read() -> Iterator[Callable[[Mapping[int, Columns]], tuple[LineText, list[int]]]]:
    """Reads one line of 96 pixels with such a network; also the widths that it was shown."""

    def reading(by_width: Mapping[int, Columns]) -> tuple[LineText, list[int]]:
        ops = PictureOps()
        surface = ops.surface_of(np.zeros((48, 96, 3), np.uint8))
        with closing(FakeSession("hangul_recognition", answers(by_width), METADATA)) as fake:
            (line,) = LineReader(fake, ops).read(surface, BOX)
            return line, [run["x"].shape[-1] for run in fake.runs]

    yield reading


def column(character: str, probability: float = 0.99) -> dict[str, float]:
    return {character: probability}


def test_a_line_without_doubt_is_looked_at_once(read) -> None:
    line, widths = read({96: [column("제"), {}, column("7"), {}, column("화")]})
    assert (line.text, widths) == ("제7화", [96])
    np.testing.assert_allclose(line.characters, 0.99, atol=1e-6)


def test_what_is_misread_is_mended_and_no_longer_sure(read) -> None:
    line, _ = read({96: [column("제"), {}, column("7"), {}, {"희": 0.6, "화": 0.39}], 128: [{}]})
    assert line.text == "제7화"
    np.testing.assert_allclose(line.characters, [0.99, 0.99, 0.39], atol=1e-6)
    assert line.confidence == pytest.approx((0.99 * 0.99 * 0.39) ** (1 / 3))


def test_a_digit_is_what_the_network_sees_whatever_stands_beside_it(read) -> None:
    seen = [column("제"), {}, {"9": 0.52, "3": 0.47}, {}, column("화")]
    line, widths = read({96: seen, 128: seen})
    assert (line.text, widths) == ("제9화", [96, 128])


def test_a_line_in_doubt_is_looked_at_wider_and_both_decide(read) -> None:
    """The prior does not say whether it is 1 or 11."""
    one = column("1")
    first = [column("제"), {}, one, column("1", 0.5), one, {}, column("화")]
    twice, once = ([column("제"), {}, one, {}, *more, {}, column("화")] for more in ([one], [{}]))
    assert read({96: first, 128: twice})[1] == [96, 128]
    assert [read({96: first, 128: wider})[0].text for wider in (twice, once)] == ["제11화", "제1화"]


@pytest.mark.parametrize(("of_digit", "said"), [(0.4, "Ep 1"), (0.05, "Ep I")])
def test_digits_where_the_picture_has_none_must_be_as_good_as_seen(read, of_digit: float, said: str) -> None:
    seen = [column("E"), {}, column("p"), {}, column(" "), {}, {"I": 0.95 - of_digit, "1": of_digit}]
    assert read({96: seen, 128: seen})[0].text == said
