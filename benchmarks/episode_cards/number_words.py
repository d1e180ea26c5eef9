"""Whole numbers as words and signs of four languages, written apart from the patterns that read them."""

from __future__ import annotations

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_SINO = {"ko": ("영일이삼사오육칠팔구", "십"), "han": ("〇一二三四五六七八九", "十")}
_NATIVE = ("", "첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두")
FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
MOST_WORDS, MOST_ROMAN, MOST_NATIVE = 99, 39, len(_NATIVE) - 1
"""The largest numbers that these functions write."""


def english(number: int) -> str:
    """`twenty-three`, 0 to 99."""
    if number < len(_ONES):
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def roman(number: int) -> str:
    """`XXIV`, 1 to 39."""
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def sino_korean(number: int) -> str:
    """`이십삼`, 0 to 99."""
    return _positional(number, *_SINO["ko"])


def han(number: int) -> str:
    """`二十三`, 0 to 99, as Chinese and Japanese write it."""
    return _positional(number, *_SINO["han"])


def native_korean(number: int) -> str:
    """`두` as it stands before `번째`, 1 to 12."""
    return _NATIVE[number]


def _positional(number: int, digits: str, ten: str) -> str:
    tens, ones = divmod(number, 10)
    text = ("" if tens == 1 else digits[tens]) + ten if tens else ""
    return text + digits[ones] if ones or not tens else text
