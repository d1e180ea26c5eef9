"""Numbers that are no episode's, those of other episodes, the series' own, and scripts that no pattern knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.numbers import parse_number
from stream.episode.patterns import Line, Patterns

from .cards import read, said

DISTRACTORS = {
    "date": (
        "2024.05.03",
        "2024-05-03",
        "03/05/2024",
        "2024년 5월 3일",
        "5월 3일",
        "2024年5月3日",
        "March 3, 2021",
        "3 March",
    ),
    "time": (
        "7:30",
        "12:30:45",
        "10:00 AM",
        "7 pm",
        "오후 3시",
        "3시 30분",
        "午後3時",
        "7点",
        "90 minutes",
        "90분",
        "3초",
    ),
    "age": (
        "15세 이상 관람가",
        "만 12세",
        "15세",
        "TV-14",
        "PG-13",
        "R-18",
        "18+",
        "15歳以上",
        "18岁",
        "aged 15",
        "⑮",
    ),
    "price": ("$7.99", "7,000원", "3만원", "€12", "1200円", "99元", "₩ 5000", "7 dollars"),
    "phone": ("02-123-4567", "010-1234-5678", "1588-1234", "+82 10 1234 5678", "tel 555 1234"),
    "score": ("3:2", "2 대 1", "3比2", "3対2", "21:17"),
    "year": ("서울, 1998", "1998", "Seoul, 1998", "1998년", "2024", "昭和 1964年"),
    "temperature": ("25°C", "25℃", "-7°", "영하 7도", "36.5度"),
    "address": ("221B Baker Street", "305호", "12번지", "3층", "5丁目", "Room 7", "Route 66", "7号楼", "Floor 3"),
    "percentage": ("100%", "7 %", "7퍼센트", "3 percent"),
    "count": (
        "사회",
        "이화",
        "백화",
        "십이회전",
        "9회말",
        "3회초",
        "3회 이상",
        "하루 3회",
        "2부 리그",
        "제15회 부산국제영화제",
        "제23회 백상예술대상",
        "제19회 백삼예술대삼",
        "제42회 청룡영화상",
        "제 5회 정기 연주회",
        "第四回合",
        "第十五回日本アカデミー賞",
        "第一話題",
        "한화 이글스",
        ".5",
        "제7조",
        "第7届",
        "第3回目",
        "7화면",
        "이 회사",
    ),
    "logo": ("Windows 11", "Channel 7", "Top 10", "24 hours", "I"),
    "grade": ("Part C", "첫 회의", "3학년 2반", "Chapter 11 bankruptcy"),
}


@pytest.mark.parametrize("text", [text for texts in DISTRACTORS.values() for text in texts])
def test_numbers_of_something_else_are_no_episodes(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("kind", DISTRACTORS)
def test_an_episode_beside_them_is_still_read(kind: str) -> None:
    for text in DISTRACTORS[kind]:
        assert [told for told in said(read("제 7 화", text)) if not told.startswith("total")] == ["this 7"]
        assert said(read(text, "EPISODE 7")) == ["this 7"]


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        ("15", "세 이상 관람가"),
        ("15", "歳以上"),
        ("7", "월 3일"),
        ("7", "minutes"),
        ("7", "월"),
        ("10", "PM"),
        ("25", "°C"),
        ("50", "%"),
        ("3", "학년"),
        ("12", "万円"),
        ("7", "号楼"),
        ("FLOOR", "3"),
        ("9", "회말"),
    ],
)
def test_a_number_over_its_unit_is_no_bare_number(number: str, unit: str) -> None:
    assert read(number, unit) == []


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("전 16부작", 16),
        ("16부작", 16),
        ("총 16화", 16),
        ("전16회", 16),
        ("共40集", 40),
        ("全40集", 40),
        ("40集电视连续剧", 40),
        ("40集電視連續劇", 40),
        ("共四十集", 40),
        ("40集全", 40),
        ("全12話", 12),
        ("of 16", 16),
        ("16 episodes", 16),
        ("all 8 episodes", 8),
        ("a 6-part series", 6),
    ],
)
def test_how_many_there_are_is_a_total(text: str, total: int) -> None:
    assert said(read(text)) == [f"total {total}"]


def test_a_season_is_no_total() -> None:
    assert read("SEASON 2 EPISODES") == []


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("다음 이야기 제8화",), "next 8"),
        (("제8화 예고",), "next 8"),
        (("다음 주 8회",), "next 8"),
        (("next episode 8",), "next 8"),
        (("Next: Episode 8",), "next 8"),
        (("COMING UP NEXT - EPISODE 8",), "next 8"),
        (("次回 第8話",), "next 8"),
        (("第8話 予告",), "next 8"),
        (("下集预告 第8集",), "next 8"),
        (("下集預告", "第8集"), "next 8"),
        (("다음 이야기", "제8화"), "next 8"),
        (("NEXT", "EPISODE 8"), "next 8"),
        (("다음 주 최종회",), "next finale"),
        (("지난 이야기 제6화",), "previous 6"),
        (("지난 6회",), "previous 6"),
        (("다음 8화",), "next 8"),
        (("지난 회", "제6화"), "previous 6"),
        (("Previously - Episode 6",), "previous 6"),
        (("PREVIOUSLY ON", "EPISODE 6"), "previous 6"),
        (("前回 第6話",), "previous 6"),
        (("上集回顾 第6集",), "previous 6"),
    ],
)
def test_teasers_and_recaps_are_of_other_episodes(texts: tuple[str, ...], told: str) -> None:
    assert said(read(*texts)) == [told]


def test_a_word_is_said_of_the_number_on_its_row_before_a_nearer_one_above() -> None:
    lines = [
        Line("EP.40", 0.1, (0.3, 0.3, 0.2, 0.1)),
        Line("Previously", 0.06, (0.2, 0.42, 0.25, 0.06)),
        Line("Episode 39", 0.06, (0.5, 0.42, 0.25, 0.06)),
    ]
    assert sorted(said(Patterns.shipped().read(lines))) == ["previous 39", "this 40"]


@pytest.mark.parametrize(
    ("text", "confidence", "x", "y", "told", "strength"),
    [
        ("백상예술대상", 0.9, 0.51, 0.5, [], None),
        ("백상희 터상", 0.4, 0.51, 0.5, ["this 19"], 0.1),
        ("백상희 터상", 0.9, 0.51, 0.5, ["this 19"], 0.1),
        ("끝", 0.9, 0.51, 0.5, ["this 19"], 1.0),
        ("백상희 터상", 0.4, 0.51, 0.7, ["this 19"], 1.0),
        ("백상희 터상", 0.4, 0.75, 0.5, ["this 19"], 1.0),
        ("백상희 터상", 0.4, 0.05, 0.5, ["this 19"], 1.0),
        ("–", 0.4, 0.51, 0.5, ["this 19"], 1.0),
    ],
)
def test_words_behind_a_number_on_a_line_of_their_own_may_make_it_of_an_award(
    text: str, confidence: float, x: float, y: float, told: list[str], strength: float | None
) -> None:
    number = Line("제19회", 0.1, (0.3, 0.5, 0.2, 0.1))
    stated = Patterns.shipped().read([number, Line(text, 0.1, (x, y, 0.2, 0.1), confidence)])
    assert said(stated) == told
    assert [one.strength for one in stated] == ([] if strength is None else [pytest.approx(strength)])


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("第21回おわり", 0.9), ("第21回完", 0.9), ("제21회끝", 0.45), ("第21回完成", 0.1), ("第21回おわりに", 0.1),
        ("第21回日ホアカデミ", 0.1), ("第21回「約束」", 0.9), ("第21回 約束", 0.9), ("제19회백상", 0.05),
        ("제19화백상", 0.5), ("第21話日ホアカデミ", 0.9),
    ],
)  # fmt: skip
def test_a_letter_right_behind_a_number_that_may_be_an_awards_makes_it_doubtful(text: str, strength: float) -> None:
    (statement,) = read(text)
    assert statement.strength == pytest.approx(strength, rel=0.2)


def test_words_of_another_size_behind_a_number_are_no_part_of_its_phrase() -> None:
    number, title = Line("제19회", 0.1, (0.3, 0.5, 0.2, 0.1)), Line("그해 여름날", 0.05, (0.51, 0.53, 0.2, 0.05), 0.9)
    (statement,) = Patterns.shipped().read([number, title])
    assert statement.strength == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "confidence", "sure"),
    [
        ("제22회 백삼예□대산", 0.9, False), ("제22회 백산□대□", 0.9, False), ("제22회 □□", 0.9, False),
        ("제22회 한국 대중 음악", 0.9, False), ("22회 백삼예술대산", 0.9, False), ("제22회 - 백□예□대산", 0.9, False),
        ("第19回 日本□□□", 0.9, False), ("제22회 가을", 0.5, False), ("제22회 가을", 0.9, True),
        ("제22회. 가을", 0.5, True),
        ("第22回 おわり", 0.5, True), ("22회. 그□ 여름", 0.5, True), ("22회 □□예□대산", 0.9, False),
        ("22회 최종회", 0.5, True), ("제22회 최종회", 0.5, True),
        ("제22회 끝", 0.5, True), ("제22회", 0.5, True), ("시즌 2 제5회", 0.9, True), ("제22회 - 그해 여름", 0.9, True),
        ("22회. 그해 여름", 0.9, True), ("제22회 「그해 여름」", 0.9, True), ("제22화 그해 여름", 0.9, True),
        ("제22화 그□ 여름", 0.9, True), ("제22회 (최종회)", 0.9, True), ("□□□□ 제22회", 0.9, True),
        ("제22회 □", 0.9, True),
    ],
)  # fmt: skip
def test_words_that_make_one_phrase_with_a_number_make_it_doubtful(text: str, confidence: float, sure: bool) -> None:
    stated = Patterns.shipped().read([Line(text, 0.1, (0.2, 0.5, 0.5, 0.1), confidence)])
    assert (max(one.strength for one in stated if one.kind == "this") > 0.5) is sure


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("시즌", "6 제10회", ["this S06E10"]), ("시즌 6", "제10회", ["this S06E10"]),
        ("서울의 밤", "제10회", ["this 10"]),
        ("SEASON", "6 EPISODE 10", ["this S06E10"]),
    ],
)  # fmt: skip
def test_a_season_on_a_piece_of_its_own_belongs_to_the_number_behind_it(
    first: str, second: str, told: list[str]
) -> None:
    lines = [Line(first, 0.1, (0.2, 0.5, 0.2, 0.1)), Line(second, 0.1, (0.41, 0.5, 0.3, 0.1))]
    assert said(Patterns.shipped().read(lines)) == told


@pytest.mark.parametrize(
    ("text", "number", "is_other"),
    [
        ("제07회 백상예술대상", "7", True), ("제7회 백산□□대□", "7", True), ("제7회", "7", False),
        ("7회 최종□", "7", False),
        ("제7회 □", "7", False), ("7시 30분", "7", True), ("7시 30분", "8", False),
    ],
)  # fmt: skip
def test_a_line_calls_a_number_something_else(text: str, number: str, is_other: bool) -> None:
    assert Patterns.shipped().is_other(text, parse_number(number)) is is_other


def test_an_award_whose_name_is_in_two_pieces_is_none_of_this_file() -> None:
    beginning, end = Line("第21回日ホアカデミ", 0.1, (0.1, 0.5, 0.3, 0.1)), Line("一賞", 0.1, (0.41, 0.5, 0.1, 0.1))
    assert said(Patterns.shipped().read([beginning, end])) == []


def test_a_teaser_takes_no_number_but_the_one_beside_it() -> None:
    assert sorted(said(read("제 12 화", "다음 이야기 제13화"))) == ["next 13", "this 12"]
    assert said(read("EPISODE 5", "WHAT COMES NEXT")) == ["this 5"]
    corner, teaser = Line("7회", 0.03, (0.4, 0.05, 0.1, 0.03)), Line("다음 이야기", 0.1, (0.3, 0.6, 0.4, 0.1))
    assert said(Patterns.shipped().read([corner, teaser])) == ["this 7"]


@pytest.mark.parametrize(
    ("series", "texts", "told"),
    [
        ("응답하라 1988", ("응답하라 1988",), []),
        ("응답하라 1988", ("응답하라 1988", "3화"), ["this 3"]),
        ("응답하라 1988", ("응답하라 19883화",), ["this 3"]),
        ("24", ("24",), []),
        ("24", ("24", "EPISODE 24"), ["this 24"]),
        ("Chapter 27", ("CHAPTER 27",), []),
        ("Chapter 27", ("CHAPTER 27", "CHAPTER 3"), ["this 3"]),
        ("Studio 60", ("STUDIO", "60"), []),
        ("제3회", ("제 3 회", "제 7 회"), ["this 7"]),
        ("등대로 가는 길", ("등대로 가는 길 7",), ["bare 7"]),
        ("Old Part 2", ("0LD PART 2",), []),
        ("13 Reasons", ("13 REAS0NS", "EPISODE 4"), ["this 4"]),
        (None, ("CHAPTER 27",), ["this 27"]),
    ],
)
def test_the_series_own_numbers_are_no_episodes(series: str | None, texts: tuple[str, ...], told: list[str]) -> None:
    assert said(read(*texts, series=series)) == told


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("الحلقة 5", "Arabic"),
        ("ตอนที่ 5", "Thai"),
        ("Серия 5", "Cyrillic"),
        ("भाग ५", "Devanagari"),
        ("פרק 5", "Hebrew"),
        ("Επεισόδιο 5", "Greek"),
        ("EPISODE 5", None),
        ("제 5 화", None),
        ("第5話 はじまり", None),
        ("第5集", None),
        ("エピソード", None),
        ("5", None),
        ("", None),
        ("EPISODE 5 Серия", None),
    ],
)
def test_a_script_that_no_pattern_knows_is_named(text: str, script: str | None) -> None:
    assert Patterns.shipped().unsupported(text) == script


SENTENCES = (
    "{} minutes later",
    "{}년 전",
    "{}세 이상",
    "{}시 뉴스",
    "{} km",
    "{}명의 용의자",
    "{}%",
    "${}",
    "{}月",
    "第{}届",
    "{}층",
)


@given(st.sampled_from(SENTENCES), st.integers(0, 9999))
def test_no_number_of_something_else_is_ever_this_episodes(sentence: str, number: int) -> None:
    assert not [told for told in said(read(sentence.format(number))) if told.startswith(("this", "bare"))]
