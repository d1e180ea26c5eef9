"""The characters that the reader knows: marks, digits, Latin letters, the syllables of `words.toml`, and one class for
every other syllable."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from engines.prior import ANY as ANY

WORDS_TOML = Path(__file__).with_name("words.toml")
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
MARKS = "·…–—「」『』《》〈〉“”‘’№"
SYLLABLES = range(0xAC00, 0xD7A4)
_HAN_AND_KANA = (range(0x3041, 0x3100), range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))


@cache
def words() -> dict[str, dict[str, list[str]]]:
    """The tables of `words.toml`."""
    tables: dict[str, Any] = tomllib.loads(WORDS_TOML.read_text("utf-8"))
    return tables


@cache
def known_syllables() -> tuple[str, ...]:
    """The syllables that have a class, in the order of Unicode."""
    found = {c for table in words().values() for entry in table.values() for word in entry for c in word}
    return tuple(sorted(c for c in found if ord(c) in SYLLABLES))


@cache
def alphabet() -> tuple[str, ...]:
    """All classes but the blank, in the model's order. The space comes last, as PP-OCR's readers have it."""
    return (*PRINTABLE, *MARKS, *known_syllables(), ANY, " ")


@cache
def other_syllables() -> tuple[str, ...]:
    """The syllables of KS X 1001 (2,350, what fonts and daily Korean use) that have no class of their own."""
    known = set(known_syllables())
    return tuple(chr(code) for code in SYLLABLES if chr(code) not in known and len(_in_ks_x_1001(chr(code))) == 2)


def _in_ks_x_1001(syllable: str) -> bytes:
    """Two bytes for a syllable of the table; Python spells the others out in eight."""
    return syllable.encode("euc_kr")


def readable(text: str) -> str:
    """What the reader should answer for `text`: syllables, Han and kana without a class become `ANY`. Raises ValueError
    for a character that it cannot answer."""
    return "".join(_readable(text))


def _readable(text: str) -> Iterator[str]:
    known = set(alphabet())
    for character in text:
        if character in known:
            yield character
        elif ord(character) in SYLLABLES or any(ord(character) in block for block in _HAN_AND_KANA):
            yield ANY
        else:
            raise ValueError(f"{character!r} (U+{ord(character):04X}) is neither in the alphabet nor a syllable")


def classes(text: str) -> list[int]:
    """Class of each character of `readable(text)`; 0 is the blank, so the first character has 1."""
    index = {character: at for at, character in enumerate(alphabet(), 1)}
    return [index[character] for character in readable(text)]
