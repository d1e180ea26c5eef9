import numpy as np
import pytest

from benchmarks.hangul.alphabet import readable, words
from benchmarks.hangul.measure import states
from benchmarks.hangul.texts import digits, mistaken_line, number_line, other_line, season_line, short_line, sino


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "영"), (7, "칠"), (10, "십"), (12, "십이"), (100, "백"), (123, "백이십삼"), (999, "구백구십구")],
)
def test_sino_korean_numbers(number: int, text: str) -> None:
    assert sino(number) == text


def test_a_line_states_its_number() -> None:
    rng = np.random.default_rng(1)
    lines = [number_line(rng) for _ in range(2000)]
    assert all(line.number and states(line.text, line.number) for line in lines)


def test_every_text_can_be_read() -> None:
    rng = np.random.default_rng(2)
    makers = (mistaken_line, number_line, other_line, season_line, short_line)
    texts = [make(rng).text for make in makers for _ in range(2000)]
    assert all(readable(text) for text in texts)
    assert all(text == text.strip() for text in texts)


def test_digits_are_equally_frequent_and_some_numbers_begin_with_nought() -> None:
    rng = np.random.default_rng(3)
    numbers = [digits(rng) for _ in range(4000)]
    shares = np.array([sum(number.count(str(d)) for number in numbers) for d in range(10)]) / sum(map(len, numbers))
    assert shares.min() > 0.05 and shares.max() < 0.12
    assert {len(number) for number in numbers} == {1, 2, 3, 4}
    assert any(number[0] == "0" for number in numbers)


def test_half_of_the_digits_of_seasons_are_noughts() -> None:
    rng = np.random.default_rng(4)
    lines = [season_line(rng) for _ in range(1000)]
    assert all(line.number == line.text and "E" in line.text.upper() for line in lines)
    numbers = "".join(c for line in lines for c in line.text if c.isdigit())
    assert 0.5 < numbers.count("0") / len(numbers) < 0.6
    assert 0.7 < sum(line.text[0] in "Ss" for line in lines) / 1000 < 0.9


def test_every_sign_that_is_easily_mistaken_is_about_as_frequent() -> None:
    rng = np.random.default_rng(5)
    lines = [mistaken_line(rng).text for _ in range(4000)]
    counts = [sum(line.endswith(sign) for line in lines) for sign in words()["counters"]["episode"]]
    assert min(counts) > 0.6 * np.mean(counts)
    assert min(sum(line.startswith(sign) for line in lines) for sign in "№#") > 150
    assert min(sum(line.endswith(f" {roman}") for line in lines) for roman in ("I", "IX", "X", "XI")) > 20
