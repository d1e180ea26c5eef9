"""A template over the path of a film that says which episode it is: `{series}/Season {season}/{episode} - {title}.mkv`.

Fields: `{series}`, `{title}` (any text without a slash), `{season}` (a whole number), `{episode}` (what `parse_number`
reads), `{absolute}` (a number counted through all seasons), `{any}` (any text, as often as needed). Everything else
stands for itself, without regard to case. A template is held against the end of a path, from a whole folder or file
name on.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter

from ..errors import UsageError
from .numbers import EpisodeNumber, parse_number

_FIELDS = {
    "series": r"[^/]+?",
    "title": r"[^/]+?",
    "season": r"\d{1,4}",
    "episode": r"[^/]*?\d[^/]*?",
    "absolute": r"\d{1,5}",
    "any": r"[^/]*?",
}
_NUMBERS = ("season", "episode", "absolute")


@dataclass(frozen=True, slots=True)
class Placed:
    """What a template reads in a path. `absolute`: the number counted through all seasons, where it has that field."""

    number: EpisodeNumber
    absolute: EpisodeNumber | None = None
    series: str | None = None
    title: str | None = None


class Template:
    """A template, as its text says. Raises UsageError for unknown fields, and without `{episode}` and `{absolute}`."""

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = _pieces(text)
        fields = [field for _, field in pieces if field is not None]
        unknown = sorted(set(fields) - _FIELDS.keys())
        if unknown or not {"episode", "absolute"} & set(fields):
            reason = f"{{{unknown[0]}}} is no field" if unknown else "has neither {episode} nor {absolute}"
            raise UsageError(f"--template {text}: {reason}; the fields are {_names()}")
        repeated = next((field for field in fields if field != "any" and fields.count(field) > 1), None)
        if repeated is not None:
            raise UsageError(f"--template {text}: {{{repeated}}} stands in it twice, write {{any}} for one of them")
        self._pattern = re.compile(rf"(?:.*/)?{''.join(_expression(*piece) for piece in pieces)}", re.IGNORECASE)
        last = text.rsplit("/", 1)[-1]
        self.uses_name = any(f"{{{field}}}" in last for field in _NUMBERS)
        """Whether the name of the file itself gives a number, so that it is no second witness."""

    def read(self, path: Path) -> Placed | None:
        """What the template reads in a path; None where the path is not of its form. Raises ValueError where the path
        is of its form, but no number can be made of what stands in the place of one."""
        found = self._pattern.fullmatch(_plain(os.path.abspath(path)))
        if found is None:
            return None
        parts = {name: value.strip() for name, value in found.groupdict().items()}
        absolute = parse_number(parts["absolute"]) if "absolute" in parts else None
        number = parse_number(parts["episode"]) if "episode" in parts else absolute
        assert number is not None  # a template has one of the two fields
        return Placed(_with_season(number, parts.get("season")), absolute, parts.get("series"), parts.get("title"))


def _with_season(number: EpisodeNumber, season: str | None) -> EpisodeNumber:
    if season is None:
        return number
    if number.season not in (None, int(season)):
        raise ValueError(f"season {int(season)} and episode {number} contradict each other")
    return replace(number, season=int(season))


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """(text, field after it) of a template. Raises UsageError for braces that do not fit."""
    try:
        pieces = [(before, field) for before, field, form, _ in Formatter().parse(text) if not form]
        if len(pieces) == len(list(Formatter().parse(text))):
            return pieces
        reason = "a field is a name alone"
    except ValueError as error:
        reason = str(error).lower()
    raise UsageError(f"--template {text}: {reason}; write {{{{ for a brace itself; the fields are {_names()}")


def _expression(before: str, field: str | None) -> str:
    literal = re.escape(_plain(before))
    if field is None:
        return literal
    return literal + (_FIELDS[field] if field == "any" else f"(?P<{field}>{_FIELDS[field]})")


def _plain(text: str) -> str:
    """Composed letters (NFC), for some file systems write them in pieces."""
    return unicodedata.normalize("NFC", text)


def _names() -> str:
    return ", ".join(f"{{{field}}}" for field in _FIELDS)
