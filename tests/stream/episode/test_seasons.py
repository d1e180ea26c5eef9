"""What stands beside a number and may be its season, though it was not read."""

from __future__ import annotations

import pytest

from stream.episode.patterns import Line, Patterns
from stream.episode.seasons import OpenSeason

from .cards import stacked


def _beside(lines: list[Line], series: str | None = None) -> OpenSeason | None:
    patterns = Patterns.shipped()
    (statement,) = (one for one in patterns.read(lines, series=series) if one.kind == "this")
    assert statement.number.season is None
    return patterns.season_beside(lines, statement, series=series)


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (("SEASON s| EPISODE 8",), True), (("SEASONs|EPISODE 8",), True), (("SEASUN s| EPISODE 8",), True),
        (("SEASON XI", "EPISODE 8"), True),
        (("SEASON | EPISODE 8",), True), (("SEASON ONZ EPISODE 8",), True), (("시즌 □ 8화",), True),
        (("シーズン園 第8話",), True), (("시즌", "제8화"), True), (("EPISODE 8", "SEASON ?"), True),
        (("S| EPISODE 8",), False), (("시□2 8화",), False), (("□□ □ 8화",), False), (("□즌 제8화",), None),
        (("第二李 第8集",), False), (("사즌 2", "제8화"), False), (("□□2", "제8화"), False), (("□□□", "제8화"), False),
        (("", "제8화"), False), (("EPISODE 8", "SEASON OPENER"), None),
        (("EPISODE 8", "A series about nothing"), None), (("EPISODE 8", "SEASON FINALE"), None),
        (("THE HARBOUR", "EPISODE 8", "Directed by Anna Lee"), None), (("제8화 그□ 여름",), None),
        (("□아□ 사람들", "제8화"), None), (("7인의 약속", "제8화"), None), (("20世紀の少年", "第8話"), None),
        (("2:3", "제8화"), None), (("16세 이상 시청가", "제8화"), None), (("6年後", "第8話"), None),
        (("HARBOUR II", "EPISODE 8"), False), (("펜트하우스3", "8회"), False), (("The District 9", "EPISODE 8"), False),
        (("Apollo 13", "EPISODE 8"), None), (("A Way to Mix", "EPISODE 8"), None), (("MMIX", "EPISODE 8"), None),
        (("전 12부작", "제8화"), None), (("2 - 2", "제8화"), None), (("18 어게인", "제8화"), None),
    ],
)  # fmt: skip
def test_what_may_be_a_season_leaves_it_open(texts: tuple[str, ...], named: bool | None) -> None:
    found = _beside(stacked(*texts))
    assert (found is None if named is None else found is not None and found.named is named), found


@pytest.mark.parametrize(
    ("text", "confidence", "y", "height", "is_open"),
    [
        ("SWSON TA", 0.5, 0.31, 0.08, True), ("SWSON TA", 0.9, 0.31, 0.08, False), ("SWSON TA", 0.5, 0.8, 0.08, False),
        ("SWSON TA", 0.5, 0.31, 0.03, False), ("al", 0.5, 0.31, 0.08, False),
        ("Directed by A. Lee", 0.5, 0.31, 0.08, False), ("", 0.0, 0.31, 0.08, True), ("", 0.0, 0.8, 0.08, False),
    ],
)  # fmt: skip
def test_a_short_line_near_a_number_that_was_not_surely_read_may_be_a_season(
    text: str, confidence: float, y: float, height: float, is_open: bool
) -> None:
    lines = [Line("EPISODE 8", 0.08, (0.3, 0.2, 0.4, 0.08)), Line(text, height, (0.3, y, 0.4, height), confidence)]
    assert (_beside(lines) is not None) is is_open


def test_words_on_the_line_of_a_number_that_were_not_surely_read_may_be_a_season() -> None:
    def own(text: str, confidence: float) -> OpenSeason | None:
        return _beside([Line(text, 0.08, (0.3, 0.2, 0.4, 0.08), confidence)])

    assert own("SWSON TA EPISODE 8", 0.5) == OpenSeason("SWSON TA EPISODE 8", named=False)
    assert own("HARBOUR EPISODE 8", 0.9) is None and own("EPISODE 8", 0.5) is None


def test_the_series_title_is_no_season() -> None:
    assert _beside(stacked("Open Season", "EPISODE 8")) is not None
    assert _beside(stacked("Open Season", "EPISODE 8"), series="Open Season") is None
