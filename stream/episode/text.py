"""Text as patterns see it: one kind of letter, digit, dash and space, with the way back to what was read."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

MOST_CHARACTERS = 240
"""What is looked at of a line. By eye: a line of a picture has less, and the time a pattern takes stays bounded."""

_DASHES = frozenset("‐‑‒–—―−─〜～~")
_ALIKE = {"×": "x", "：": ":", "∶": ":", "’": "'", "`": "'", "№": "no."}
_SCRIPT_OF_NAME = {"CJK": "Han", "IDEOGRAPHIC": "Han", "KATAKANA-HIRAGANA": "Katakana"}


@dataclass(frozen=True, slots=True)
class PlainText:
    """`plain`: lower case, no accents, ASCII digits, `-` for every dash, single spaces, no circled numbers (they are
    rating marks). `source`: the text as it was read. `at`: where each character of `plain` stands in `source`."""

    plain: str
    source: str
    at: tuple[int, ...]

    def read_at(self, start: int, end: int) -> str:
        """What was read where `plain[start:end]` stands; "" for nothing."""
        return self.source[self.at[start] : self.at[end - 1] + 1] if end > start else ""


def plain_text(text: str) -> PlainText:
    """`text` as patterns see it, at most `MOST_CHARACTERS` of it."""
    source = unicodedata.normalize("NFC", text[:MOST_CHARACTERS])
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(source):
        for letter in _plain(character):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                places.append(place)
    return PlainText("".join(letters[:MOST_CHARACTERS]), source, tuple(places[:MOST_CHARACTERS]))


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
