import numpy as np
import pytest

from benchmarks.hangul.lines import Line
from benchmarks.hangul.measure import Read, Score, score, states, wilson
from benchmarks.hangul.report import row
from benchmarks.hangul.texts import Written


@pytest.mark.parametrize(
    ("read", "number", "said"),
    [
        ("제7화", "제 7 화", True),
        ("제 7 화. 만남", "제7화", True),
        ("EPISODE 3", "Episode 3", True),
        ("No.5", "№ 5", True),
        ("Nº 5", "№ 6", False),
        ("제12회", "제2회", False),
        ("112회", "12회", False),
        ("S02E051", "S02E05", False),
        ("12회 제112회", "12회", True),
        ("", "1부", False),
        ("5-1차", "5~1차", True),
        ("Part VII", "Part VI", False),
        ("Part VI | 만남", "Part VI", True),
    ],
)
def test_a_number_counts_where_all_of_it_is_read(read: str, number: str, said: bool) -> None:
    assert states(read, number) is said


def test_wilsons_interval() -> None:
    # Wilson 1927; the values of R's binom.confint(…, method = "wilson").
    assert wilson(9, 10) == pytest.approx((0.59585, 0.98212), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.27753), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


def test_a_score_counts_faults_apart() -> None:
    def line(text: str) -> Line:
        return Line(np.zeros((48, 16, 3), np.uint8), text, Written(text, text))

    lines = [line(text) for text in ("제12회", "제12회", "제3장", "1부")]
    reads = [Read("제12회", 0.999), Read("제2회", 0.995), Read("제3창", 0.7), Read("1부", 0.9)]
    found = score(lines, reads)
    assert found == Score(lines=4, exact=2, digits=1, sure=2, sure_wrong=1, sure_digits=1)
    assert row("ours", "plain", found) == "| ours | plain | 4 | 2 | 0.5000 | 0.1500–0.8500 | 1 | 2 | 1 | 1 |"
