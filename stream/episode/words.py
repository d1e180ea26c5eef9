"""Numbers as they are written and misread: digits, digits read as letters, roman numerals, number words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from engines.ocr import UNREAD_LETTER as UNREAD_LETTER

from .numbers import joined_episodes

MOST_WORDS = 8
"""Most number words of one number."""
MOST_JOINED = 4
"""Most episodes that a picture or a file name states at once. By eye."""

LIKE_DIGITS = str.maketrans("oil|szb", "0111528")
"""Letters that are read for a digit, beside digits."""
MISREAD, SPACED_OUT, LONE_LETTER, FIRST_OF_SEVERAL = 0.7, 0.8, 0.5, 0.6
"""How sure a number remains, by eye: a letter read for a digit; digits apart; one letter alone; what follows is no next
episode."""
DOUBTFUL = 0.1
"""The same where the number may as well be another: `2-13회`, of which a digit or a sign was lost. By eye, so low that
other evidence hardly makes up for it."""

DIGITS = r"(?:[0-9]{1,2},[0-9]{3}|[0-9]{1,5}(?:\.[0-9]{1,2})?)"
NOISY = r"(?:(?!s)(?=[oil|szb]{0,3}[0-9])[0-9oil|szb]{2,4}(?![a-df-z]))"
APART = r"(?:[0-9](?: [0-9]){1,3})"
LETTERS = r"(?:[ol|](?![a-z])|[ilvx|]{2,5}(?![a-z]))"
SEASON_LETTERS = r"(?:o[ol|](?= ?e ?p?[ .]?[0-9]))"
"""A season of two digits that were both read as letters (`SOlE05`)."""
ROMAN = r"(?:(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})(?![a-z]))"
BEFORE, AFTER = r"(?<![0-9])(?<![0-9][.,:/])", r"(?![0-9])(?![.,:][0-9])(?!\|)"
_JOIN = r"(?: ?(?:[-&+,·・、]|\band\b|와|과|및|と|和) ?(?:(?:ep?(?=[ .]?[0-9o])|제|第) ?)?|(?<=[0-9o]) ?e(?=[0-9op]))"
_STROKES = frozenset("iIl|")
_LETTERS_ALONE = frozenset({"o", "l", "|", "oo", "ol", "o|"})
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_ALIKE = {"o": "[o0]", "i": "[il1|!]", "l": "[li1|]", "s": "[s5]", "b": "[b8]"}


@dataclass(frozen=True, slots=True)
class NumberText:
    """A number read from text: one episode or several in order, and how surely (0–1) the text means them."""

    values: tuple[Decimal, ...]
    certainty: float = 1.0


def spelled(word: str, *, exact: bool = False) -> str:
    """A regular expression for a word: with spaces between its letters, with letters that look alike unless `exact`. No
    groups.

    A space in the word is any number of spaces up to three. Latin words of two letters are taken as they are; those of
    three have spaces between all letters or none, for `EP II` is no `EPI I`. The last letter is taken as it is where it
    may be the number that follows: an s (`EPISODE 5`), and an i, which no other stroke follows (`EPII`).
    """
    if len(word) < 3 and word.isascii():
        return re.escape(word)
    parts = [" {0,3}" if letter == " " else _letter(letter, exact) for letter in word[:-1]]
    parts.append(word[-1] if word[-1] in "si" else _letter(word[-1], exact))
    behind = "(?![il1|!vx])" if word[-1] == "i" else ""
    if len(word) == 3 and word.isascii():
        return f"(?:{''.join(parts)}|(?<![a-z]){' '.join(parts)}){behind}"
    return re.sub(r" \?( \{0,3\}) \?", r"\1", " ?".join(parts)) + behind


def alike(letter: str) -> str:
    """A regular expression for a letter and the signs that are read for it."""
    return _ALIKE.get(letter, re.escape(letter))


def _letter(letter: str, exact: bool) -> str:
    return re.escape(letter) if exact else alike(letter)


class NumberWords:
    """The number words of one language, or its ordinals.

    `words`: value of each word that is added (`twenty`: 20). `multipliers`: value of each word that multiplies what
    stands before it (`hundred`: 100). `fillers`: words that mean nothing inside a number (`and`). `digitwise`: a row of
    digits may stand for their number (二〇 is 20). `exact`: without letters that look alike.
    """

    def __init__(
        self,
        words: Mapping[str, int],
        multipliers: Mapping[str, int],
        *,
        fillers: tuple[str, ...] = (),
        digitwise: bool = False,
        exact: bool = False,
    ) -> None:
        self._values = {_folded(word): (value, False) for word, value in words.items()}
        self._values |= {_folded(word): (value, True) for word, value in multipliers.items()}
        self._digitwise = digitwise
        word = _any_of([*words, *multipliers], exact)
        self._word = re.compile(word)
        between = rf"[ -]?(?:(?:{'|'.join(map(re.escape, fillers))}) ?)?" if fillers else "[ -]?"
        most = MOST_WORDS - 1
        self.pattern = rf"(?:{word}(?:{between}{word}){{0,{most}}})"
        """A regular expression without capturing groups; it matches nothing for a language without words."""
        self._whole = re.compile(self.pattern)
        added, multiplied = (_any_of(table, exact) for table in (words, multipliers))
        self.compound = rf"(?=(?:{added} ?{multiplied}|{multiplied} ?{added})){self.pattern}"
        """The same for numbers that begin with a multiplied word, or with a word that is added to a multiplier."""

    def spells(self, text: str) -> bool:
        """Whether `text` (plain) is made of number words alone."""
        return self._whole.fullmatch(text) is not None

    def value(self, text: str) -> Decimal | None:
        """The number that `text` (plain) spells; None where the words make no number (`five six`)."""
        total, scale, row = 0, 10**9, list[int]()
        for found in self._word.finditer(text):
            value, multiplies = self._values[_folded(found.group())]
            if not multiplies:
                row.append(value)
                continue
            digit = self._row(row) if row else 1
            if value >= scale or digit is None:
                return None
            total, scale, row = total + digit * value, value, []
        rest = self._row(row) if row else 0
        return Decimal(total + rest) if rest is not None and rest < scale else None

    def _row(self, row: list[int]) -> int | None:
        """The number of words that are added: tens and a digit, or a row of digits where the language has such."""
        match row:
            case [one]:
                return one
            case [tens, digit] if tens >= 10 and tens % 10 == 0 and 0 < digit < 10 and (tens > 10 or self._digitwise):
                return tens + digit
            case _ if self._digitwise and max(row) < 10:
                return int("".join(map(str, row)))
        return None


def _any_of(words: Iterable[str], exact: bool) -> str:
    """A regular expression for any of the words, the longest first; it matches nothing where there is none."""
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(spelled(word, exact=exact) for word in longest_first) or '(?!)'})"


def _folded(word: str) -> str:
    """A word without spaces, letters that look alike made one."""
    return re.sub("[ -]", "", word).translate(str.maketrans("0l1|!58", "oiiiisb"))


def joined(one: str, *, least: int = 1) -> str:
    """A regular expression of at least so many numbers with signs between them; `one` has no capturing groups."""
    return rf"{BEFORE}{one}(?:{_JOIN}{one}){{{least - 1},{MOST_JOINED - 1}}}{AFTER}"


def read_one(text: str, as_read: str, words: NumberWords | None) -> NumberText | None:
    """The one number that `text` (plain) writes; `as_read` is the same before it was made plain. None for no number."""
    if re.fullmatch(DIGITS, text):
        return NumberText((Decimal(text.replace(",", "")),))
    if re.fullmatch(APART, text):
        return NumberText((Decimal(text.replace(" ", "")),), SPACED_OUT)
    spelt = words.value(text) if words is not None and words.spells(text) else None
    if spelt is not None:
        return NumberText((spelt,))
    roman = _roman(text, as_read)
    if roman is not None:
        return roman
    digits = text.translate(LIKE_DIGITS)
    if text not in _LETTERS_ALONE and not re.search("[0-9]", text):
        return None
    if not (digits.isascii() and digits.isdecimal()) or re.search("[Lb]", as_read):
        return None
    return NumberText((Decimal(digits),), MISREAD if re.search("[0-9]", text) else LONE_LETTER)


def read_joined(
    text: str, as_read: str, words: NumberWords | None, *, more_follows: bool, closed: bool = False
) -> NumberText | None:
    """One number, or several that follow each other (`7-8`); else the first of them, less surely.

    `more_follows`: other words stand behind the number, so that `3 - 4 weddings` is 3. `closed`: the number belongs to
    the word behind it (`2-13회`), so that nothing in it can be of a title.
    """
    whole = read_one(text, as_read, words)
    if whole is not None:
        return whole
    parts = [part for part in re.split(_JOIN, text) if part]
    numbers = [read_one(part, part, words) for part in parts]
    if len(parts) < 2 or numbers[0] is None:
        return None
    first = NumberText(numbers[0].values, (DOUBTFUL if closed else FIRST_OF_SEVERAL) * numbers[0].certainty)
    if any(number is None for number in numbers) or (more_follows and " - " in text):
        return first
    found = [number for number in numbers if number is not None]
    values = tuple(value for number in found for value in number.values)
    if "-" in text and len(values) == 2 and values[1] - values[0] < MOST_JOINED and values[1] > values[0]:
        values = joined_episodes(f"{values[0]}-{values[1]}")
    if any(after - before != 1 for before, after in pairwise(values)):
        return first
    return NumberText(values, min(number.certainty for number in found))


def _roman(text: str, as_read: str) -> NumberText | None:
    """The value of a roman numeral, also of one whose I were read as l; None where it may as well be digits (`ll`)."""
    letters = text
    if re.search("[l|]", as_read):
        letters = re.sub("[l|]", "i", text)
        if re.fullmatch("i{1,2}", letters):
            return None
    if not re.fullmatch(ROMAN, letters) or letters in {"c", "l"}:
        return None
    values = [_ROMAN_VALUES[letter] for letter in letters]
    value = sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
    if as_read == "i":
        return NumberText((Decimal(value),), LONE_LETTER)
    # Readers see one stroke for two that stand beside each other, all of them alike (XI for XII).
    strokes = as_read[-1:] in _STROKES
    return NumberText((Decimal(value),), DOUBTFUL if strokes else 1.0 if letters == text else MISREAD)
