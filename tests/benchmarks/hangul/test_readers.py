from benchmarks.hangul.measure import Read
from benchmarks.hangul.readers import together


def reader(*reads: Read):
    return lambda lines: list(reads)


def test_of_each_line_the_answer_to_go_by_is_taken() -> None:
    first = reader(Read("제7화", 0.9), Read("a", 0.5), Read("x", 0.70001))
    other = reader(Read("7", 0.99), Read("b", 0.6), Read("X", 0.70004))
    assert [read.text for read in together([first, other])([None] * 3)] == ["제7화", "b", "x"]
