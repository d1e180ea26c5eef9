"""Numbers spelled out, against spellers written here."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.words import NumberWords, read_one, spelled

from .cards import read

SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def english(number: int) -> str:
    if number >= 100:
        rest = f" and {english(number % 100)}" if number % 100 else ""
        return f"{SMALL[number // 100]} hundred{rest}"
    if number < 20:
        return SMALL[number]
    return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")


def grouped(number: int, digits: str, units: str, *, one: bool) -> str:
    """A number below 10,000 in Han or Korean; `one`: a leading one is written before 十 and 百."""
    spelt = ""
    for place, unit in zip((1000, 100, 10, 1), (*units, ""), strict=True):
        digit = number // place % 10
        if digit:
            spelt += ("" if digit == 1 and unit and not one else digits[digit]) + unit
    return spelt


def roman(number: int) -> str:
    signs = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    for value, sign in signs:
        if number >= value:
            return sign + roman(number - value)
    return ""


def episodes(text: str) -> tuple[Decimal, ...]:
    (statement,) = read(text)
    return statement.number.episodes


@given(st.integers(0, 999))
def test_english_words(number: int) -> None:
    assert episodes(f"Episode {english(number).title()}") == (number,)
    assert episodes(f"CHAPTER {english(number).upper().replace('-', ' ')}") == (number,)


@given(st.integers(1, 9999))
def test_sino_korean_words(number: int) -> None:
    spelt = grouped(number, "영일이삼사오육칠팔구", "천백십", one=False)
    assert episodes(f"제 {spelt} 회") == (number,)
    assert episodes(f"제{spelt}화") == (number,)


@given(st.integers(1, 99))
def test_native_korean_words(number: int) -> None:
    ones = "첫" if number == 1 else NATIVE_ONES[number % 10]
    tens = "스무" if number == 20 else NATIVE_TENS[number // 10]
    assert episodes(f"{tens}{ones} 번째 이야기") == (number,)


@given(st.integers(1, 9999), st.booleans())
def test_han_numerals(number: int, one: bool) -> None:
    assert episodes(f"第{grouped(number, '零一二三四五六七八九', '千百十', one=one)}集") == (number,)
    assert episodes(f"第{grouped(number, '零壱弐参四五六七八九', '千百拾', one=one)}話") == (number,)


@given(st.integers(10, 9999))
def test_a_row_of_han_digits(number: int) -> None:
    assert episodes(f"第{''.join('〇一二三四五六七八九'[int(digit)] for digit in str(number))}集") == (number,)


@given(st.integers(1, 399))
def test_roman_numerals(number: int) -> None:
    if roman(number) not in {"C", "L"}:
        assert episodes(f"EPISODE {roman(number)}") == (number,)
        assert episodes(f"제 {roman(number)} 장") == (number,)


@pytest.mark.parametrize("text", ["five six", "twenty eleven", "hundred thousand", "二十十", "十百", "twenty zero"])
def test_words_that_make_no_number_are_none(text: str) -> None:
    words = {"zero": 0, "five": 5, "six": 6, "twenty": 20, "eleven": 11, "二": 2, "三": 3}
    multipliers = {"hundred": 100, "thousand": 1000, "十": 10, "百": 100}
    assert NumberWords(words, multipliers).value(text) is None


@pytest.mark.parametrize("text", ["C", "L", "ll", "Il", "||", "IIX", "VX", "b", "S"])
def test_letters_that_may_be_anything_are_no_number(text: str) -> None:
    assert read_one(text.lower(), text, None) is None


def test_a_word_is_found_with_spaces_between_its_letters_and_look_alikes() -> None:
    pattern = spelled("episode")
    assert all(re.fullmatch(pattern, text) for text in ("episode", "e p i s o d e", "epis0de", "ep1sode"))
    assert not re.fullmatch(pattern, "epizode")
