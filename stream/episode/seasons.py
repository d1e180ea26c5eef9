"""A season beside a number that was found in the picture and not read: then the number may be of any season."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .cards import follows, near
from .language import Language
from .lines import Line
from .words import UNREAD_LETTER, spelled

UNREAD = 0.6
"""Confidence of a reader below which words are not read. By eye."""
_SHORT = 16
"""Most characters of a line that may be a season and nothing else. By eye."""
_LEAST = 3
"""Characters of the shortest season that is a word and a number (`시즌2`)."""
_LEAST_KNOWN = 4
"""Letters from which on a word is still known with one of them misread. By eye."""
_SMALL = 0.5
"""Height, of that of the number's line, below which a line is no season of it. By eye."""
_NUMBER = rf"(?:[0-9]{{1,2}}|{UNREAD_LETTER})"
_LONE_NUMBER = re.compile(r"(?<![0-9.,:/-])(?<!- )[0-9]{1,2}(?![0-9.,:/%-])(?! -)(?! ?[^\W\d_])|第")
"""A number that no word follows, and the sign before one."""
_LIKE_NUMBER = re.compile(r"(?:^|[\W_])[oil|szb]{1,2}[\W_]*$")
"""Letters at the end of what stands before a number that may be the digits of another: `season s|`."""
_OF_TITLE = re.compile(r"[^\W\d_]{2,} ?[2-9]$|[^\W\d_]{2,} (?:i{2,3}|iv|vi{0,3}|ix|x)$")
"""A title's number that may be that of its season: `harbour ii`, `펜트하우스3`."""
_WORD = re.compile(r"[\W_]*(?![ivxl|1]+(?![^\W\d_]))[^\W\d_]{2,}")
"""A word that is no roman numeral."""


@dataclass(frozen=True, slots=True)
class OpenSeason:
    """What may be a season beside a number. `text`: of its line, as far as it was read; `named`: a word for a season is
    in it; `apart`: it stands on another card."""

    text: str
    named: bool
    apart: bool = False


class SeasonWords:
    """The words for a season of all languages: their list `season`."""

    def __init__(self, languages: Iterable[Language]) -> None:
        words = sorted({word for language in languages for word in language.words.get("season", ())})
        self._named = re.compile("|".join(source for word in words for source in _alike(word)) or r"(?!)")
        unread = "|".join(_with_gaps(word) for word in words if len(word) > 1) or r"(?!)"
        self._unread = re.compile(rf"(?:{unread}) ?{_NUMBER}|{_NUMBER} ?(?:{unread})")

    def beside(
        self, lines: Sequence[Line], rests: Sequence[str], own: Sequence[int], start: int | None
    ) -> OpenSeason | None:
        """What may be a season beside the number on the lines `own`; what names one comes first.

        rests: of each line (plain) what no statement explains, blanks for the others. start: where the number begins,
        where it is on one line.
        """
        height = max(lines[i].box[3] for i in own)
        found = [
            OpenSeason(lines[i].text.strip(), named)
            for i, rest in enumerate(rests)
            if (named := self._on_line(lines, rest, i, own, start, height)) is not None
        ]
        return max(found, key=lambda one: one.named, default=None)

    def _on_line(
        self, lines: Sequence[Line], rest: str, i: int, own: Sequence[int], start: int | None, height: float
    ) -> bool | None:
        """Whether a season is named on a line, or may be there unread (False); None where there is none."""
        line = lines[i]
        if i not in own and not any(near(line, lines[j]) or follows(line, lines[j]) for j in own):
            return None
        if any(i in own or not _WORD.match(rest[match.end() :]) for match in self._named.finditer(rest)):
            return True
        gap = any(UNREAD_LETTER in match.group() for match in self._unread.finditer(rest))
        length = len("".join(rest.split()))
        not_read = line.confidence < UNREAD and UNREAD_LETTER not in rest
        if i in own:
            before = rest[: start if start is not None else len(rest)]
            not_read &= sum(map(str.isalpha, rest)) > 1
            return False if gap or not_read or _LIKE_NUMBER.search(before) or _LONE_NUMBER.search(rest) else None
        if line.box[3] >= _SMALL * height and _OF_TITLE.search(rest.strip()):
            return False
        if line.box[3] < _SMALL * height or len(line.text) > _SHORT:
            return None
        not_read = not line.text.strip() or (not_read and length >= _LEAST)
        return False if gap or not_read or (length < _SHORT / 2 and _LONE_NUMBER.search(rest)) else None


def _alike(word: str) -> list[str]:
    """Regular expressions for a word, and for a longer one with one letter misread."""
    if len(word) < _LEAST_KNOWN:
        return [spelled(word)] if len(word) > 1 else []
    return [spelled(word), *(word[:at] + r"[^\W\d_]" + word[at + 1 :] for at in range(len(word)))]


def _with_gaps(word: str) -> str:
    """A regular expression for a word of which any letters were not read."""
    return "".join(f"[{re.escape(letter)}{UNREAD_LETTER}]" for letter in word)
