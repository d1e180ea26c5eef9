"""Letters that look like others or like digits: taken for them by what stands beside them, less surely, and never where
the number may as well be another."""

from __future__ import annotations

import pytest

from stream.episode.patterns import Line, Patterns
from stream.episode.text import plain_text

from .cards import read, said

LEAST_SURE = 0.15
"""Statements below this strength say that the number may as well be another."""

MENDED = (
    ("Epis0de 3", "EPISODE 3", "3"),
    ("EP1SODE 3", "EPISODE 3", "3"),
    ("EPlSODE 12", "EPISODE 12", "12"),
    ("Chapter 0ne", "Chapter One", "1"),
    ("EPISODE S1X", "EPISODE SIX", "6"),
    ("S0lE05", "S01E05", "S01E05"),
    ("SO4E45", "S04E45", "S04E45"),
    ("SOlE05", "S01E05", "S01E05"),
    ("SooE04", "S00E04", "S00E04"),
    ("에피조드 12", "에피소드 12", "12"),
    ("S04E4S", "S04E45", "S04E45"),
    ("제l2회", "제12회", "12"),
    ("제ㅣ2회", "제12회", "12"),
    ("제1ㅇ회", "제10회", "10"),
    ("ЕРISОDЕ 3", "EPISODE 3", "3"),
    ("Ѕ02Е05", "S02E05", "S02E05"),
    ("ꜱ02ᴇ05", "S02E05", "S02E05"),
    ("2一3회", "2-3회", "2-3"),
    ("2ー3話", "2-3話", "2-3"),
    ("2ㅡ3화", "2-3화", "2-3"),
)


@pytest.mark.parametrize(("text", "clear", "number"), MENDED)
def test_a_look_alike_is_read_less_surely_than_the_letter_itself(text: str, clear: str, number: str) -> None:
    (mended,), (exact,) = read(text), read(clear)
    assert (str(mended.number), str(exact.number)) == (number, number)
    assert LEAST_SURE < mended.strength < exact.strength


@pytest.mark.parametrize("text", ["Серия", "ЭПИЗОД", "ㅣ", "一", "ー", "二一三", "ㅋㅋㅇㅇ"])
def test_what_has_no_digit_or_latin_letter_beside_it_stays(text: str) -> None:
    plain = plain_text(text)
    assert not plain.is_mended(0, len(plain.plain))
    assert not any(letter.isascii() for letter in plain.plain)


@pytest.mark.parametrize("text", ["0123456789", "S01E08 5689", "제1회 53"])
def test_no_digit_becomes_another(text: str) -> None:
    assert plain_text(text).plain == text.lower()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("EP II", "2"),
        ("EPII", "2"),
        ("EPIII", "3"),
        ("EP 1 5", "15"),
        ("EPI 5", "5"),
        ("EP 15", "15"),
        ("E P I S O D E  S I X", "6"),
        ("CHAPTERSIX", "6"),
        ("Chapters IX & X", "9-10"),
        ("2∼3화", "2-3"),
    ],
)
def test_a_word_does_not_take_a_part_of_the_number(text: str, number: str) -> None:
    assert said(read(text)) == [f"this {number}"]


@pytest.mark.parametrize("text", ["Chapters IX", "VOLUMES IX", "Chapters I X", "EPISODES II", "ep ll", "EP lO"])
def test_one_number_behind_a_plural_and_two_strokes_are_no_number(text: str) -> None:
    assert said(read(text)) == []


@pytest.mark.parametrize(
    "text", ["2 3회", "2'3회", "2_3회", "2. 3회", "2 1회", "2-13회", "3-2회", "제x2회", "제ㅅ2회", "第x2集"]
)
def test_a_number_of_which_a_sign_or_a_digit_was_lost_is_doubtful(text: str) -> None:
    assert [one.strength < LEAST_SURE for one in read(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "저234회", "얼한 번째 이야기", "열얼한 번째 이야기", "Episode 4.s", "Episode 4,S", "다음 어야 15화",
        "지난 이어 15화",
    ],
)  # fmt: skip
def test_a_number_of_which_a_word_or_decimals_were_misread_is_doubtful(text: str) -> None:
    assert [one.strength < LEAST_SURE for one in read(text)] == [True]


@pytest.mark.parametrize(
    "text", ["열한 번째 이야기", "스물한 번째 이야기", "Episode 4. A New Hope", "Episode 4.", "제15화 다음 생에"]
)
def test_whole_number_words_and_titles_behind_a_number_leave_it_sure(text: str) -> None:
    assert read(text)[0].strength > 0.5


@pytest.mark.parametrize("text", ["응답하라 1988 3회", "시즌2 3회", "2부 3회", "문제 2회", "SKY 캐슬 3회", "드라마2회"])
def test_other_numbers_and_titles_before_it_leave_a_number_sure(text: str) -> None:
    assert read(text)[0].strength > 0.5


@pytest.mark.parametrize("text", ["CHAPTER XII", "CHAPTER XI", "Part II", "EPISODE I", "Episode VIII", "EPISODE XIl"])
def test_strokes_that_stand_beside_each_other_may_be_more(text: str) -> None:
    """Readers give XI for XII: the number is told, and confirms nothing."""
    (stated,) = read(text)
    assert 0 < stated.strength < LEAST_SURE


@pytest.mark.parametrize("text", ["CHAPTER IV", "CHAPTER XX", "Episode IX", "Episode \u216b"])
def test_other_roman_numerals_are_as_sure_as_digits(text: str) -> None:
    (stated,) = read(text)
    assert stated.strength == 1.0


@pytest.mark.parametrize(
    ("left", "right", "sure"),
    [
        ("232.", "5화", False),
        ("232.5", "5화", False),
        ("그해 여름", "제7화", True),
        ("시즌 2", "제7회", True),
        ("18集", "连续剧", False),
    ],
)
@pytest.mark.parametrize("gap", [-0.02, 0.0])
def test_a_line_that_touches_another_may_be_a_part_of_its_number(
    left: str, right: str, sure: bool, gap: float
) -> None:
    lines = [Line(left, 0.1, (0.3, 0.5, 0.2, 0.1)), Line(right, 0.1, (0.5 + gap, 0.5, 0.2, 0.1))]
    strengths = [one.strength for one in Patterns.shipped().read(lines) if one.kind == "this"]
    assert (max(strengths, default=0.0) > LEAST_SURE) is sure
    apart = [lines[0], Line(right, 0.1, (0.75, 0.5, 0.2, 0.1))]
    assert max(one.strength for one in Patterns.shipped().read(apart) if one.kind == "this") > LEAST_SURE


@pytest.mark.parametrize(
    ("text", "sure"),
    [("232 5화", False), ("232. 5화", False), ("12 .5회", False), ("2026 5화", True), ("시즌 12 5화", True)],
)
def test_a_number_before_a_number_may_be_a_part_of_it(text: str, sure: bool) -> None:
    strengths = [one.strength for one in read(text) if one.kind == "this" and one.number.episodes[0] == 5]
    assert (max(strengths, default=0.0) > LEAST_SURE) is sure


def test_an_award_is_known_where_one_syllable_of_it_was_not_read() -> None:
    assert said(read("제18회 백상예□대상")) == []
    assert said(read("제18회 백상예술대상")) == []
