import numpy as np

from benchmarks.hangul.inventing import invented
from benchmarks.hangul.lines import Line
from benchmarks.hangul.measure import Read
from benchmarks.hangul.texts import Written


def test_a_number_that_was_not_written_is_invented() -> None:
    pairs = [("15세 이상", "15세 이상"), ("62개", "62"), ("2019년", "2019년"), ("사랑", "제7화"), ("46/30", "46/30")]
    lines = [Line(np.zeros((48, 16, 3), np.uint8), written, Written(written)) for written, _ in pairs]
    assert invented(lines, [Read(read, 0.9) for _, read in pairs]) == [1, 3]
