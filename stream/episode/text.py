"""Text as patterns see it: one kind of letter, digit, dash and space, with the way back to what was read."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

MOST_CHARACTERS = 240
"""What is looked at of a line. By eye: a line of a picture has less, and the time a pattern takes stays bounded."""

_DASHES = frozenset("‐‑‒–—―−─〜～~∼∽⁓˜")
_ALIKE = {"×": "x", "：": ":", "∶": ":", "’": "'", "`": "'", "№": "no."}
_LIKE_LATIN = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιØøıᴇꜱ",
        "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXoiOoies",
        strict=True,
    )
)
"""Letters of other scripts, and old ones, that look like Latin: they are that in a word with a Latin letter or a
digit."""
_LIKE_STROKES = {"ㅣ": "|", "丨": "|", "ǀ": "|", "∣": "|", "ㅇ": "o"}
"""What is read for a digit: it is that beside a digit."""
_LIKE_DASHES = frozenset("一ーㅡ")
"""What is read for a dash: it is that between two digits."""
_WORD = re.compile(r"\w+")
_SCRIPT_OF_NAME = {"CJK": "Han", "IDEOGRAPHIC": "Han", "KATAKANA-HIRAGANA": "Katakana"}


@dataclass(frozen=True, slots=True)
class PlainText:
    """`plain`: lower case, no accents, ASCII digits, `-` for every dash, single spaces, no circled numbers (they are
    rating marks), Latin letters for what looks like them. `source`: the text as it was read. `at`: where each character
    of `plain` stands in `source`. `mended`: places in `source` of characters that stand for others by what they look
    like."""

    plain: str
    source: str
    at: tuple[int, ...]
    mended: frozenset[int] = frozenset()

    def read_at(self, start: int, end: int) -> str:
        """What was read where `plain[start:end]` stands; "" for nothing."""
        return self.source[self.at[start] : self.at[end - 1] + 1] if end > start else ""

    def is_mended(self, start: int, end: int) -> bool:
        """Whether something in `plain[start:end]` was taken for what it looks like."""
        return any(place in self.mended for place in self.at[start:end])


def plain_text(text: str) -> PlainText:
    """`text` as patterns see it, at most `MOST_CHARACTERS` of it."""
    source = unicodedata.normalize("NFC", text[:MOST_CHARACTERS])
    letters: list[str] = []
    places: list[int] = []
    mended = _mended(source)
    for place, character in enumerate(source):
        character = mended.get(place, character)
        for letter in _plain(character):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                places.append(place)
    plain = "".join(letters[:MOST_CHARACTERS])
    return PlainText(plain, source, tuple(places[:MOST_CHARACTERS]), frozenset(mended))


def _mended(source: str) -> dict[int, str]:
    """Characters that are others by what stands beside them, by place. No digit is ever another, and a word of another
    script alone stays as it is."""
    mended: dict[int, str] = {}
    if source.isascii():
        return mended
    for word in _WORD.finditer(source):
        letters = word.group()
        if re.search("[0-9a-z]", letters, re.IGNORECASE | re.ASCII):
            mended |= {word.start() + i: _LIKE_LATIN[c] for i, c in enumerate(letters) if c in _LIKE_LATIN}
    for place, character in enumerate(source):
        beside = [source[i : i + 1] for i in (place - 1, place + 1) if i >= 0]
        digits = [one for one in beside if one.isascii() and one.isdecimal()]
        if character in _LIKE_STROKES and digits:
            mended[place] = _LIKE_STROKES[character]
        elif character in _LIKE_DASHES and len(digits) == 2:
            mended[place] = "-"
    return mended


def _plain(character: str) -> str:
    if character in _DASHES:
        return "-"
    if character in _ALIKE:
        return _ALIKE[character]
    if character.isspace() or unicodedata.decomposition(character).startswith("<circle>"):
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Mn"}:
        return ""
    same = unicodedata.normalize("NFKC", character).lower()
    bare = unicodedata.normalize("NFKD", same)
    return "".join(c for c in bare if not unicodedata.combining(c)) if bare[0].isascii() else same


def script_of(letter: str) -> str | None:
    """The script of a letter by its Unicode name: "Latin", "Hangul", "Han", "Thai"; None for what is no letter."""
    if not letter.isalpha():
        return None
    first = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "").split(" ")[0]
    return _SCRIPT_OF_NAME.get(first, first.capitalize()) or None


def main_script(text: str) -> str | None:
    """The script of most letters; None without letters."""
    counted = Counter(script for letter in text[:MOST_CHARACTERS] if (script := script_of(letter)))
    return counted.most_common(1)[0][0] if counted else None
