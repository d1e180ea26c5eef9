"""The number in the name of a file, among the resolution, the codec, the year and the hash."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import PurePath

from .numbers import EpisodeNumber
from .scan import Found, Scanner
from .text import plain_text

_SUFFIX = re.compile(r"\.(?:[a-z]{2,4}|mp[24]|m4v|m2ts?|3gp|3g2|f4v)$")
_NOISE = re.compile(
    r"\b(?:"
    r"[0-9]{3,4}[pi](?:[0-9]{2})?|[0-9]{3,4}x[0-9]{3,4}|[248]k"  # resolution
    r"|[xh][ .]?26[456]|av1|vp9|mpeg[24]|mp[34]|aac|hevc|avc"  # codec
    r"|(?:8|10|12)[ -]?bits?|hi10p?|hdr(?:10)?(?:plus|\+)?|dv"
    r"|(?:aac|ac3|eac3|dts|ddp?|dd\+|flac|truehd|opus|ma|atmos)[ .]?[1-9][ .][01]|[1257]\.[01](?:ch)?"  # channels
    r"|[0-9]{1,4}[ .]?(?:fps|hz|khz|kbps|mbps|mb|gb|ch)"
    r"|(?:19|20)[0-9]{2}[-. ][0-9]{2}[-. ][0-9]{2}|[0-9]{6,}"  # date
    r"|web[ -]?(?:dl|rip)|blu[ -]?ray|[0-9a-f]{8}"  # hash
    r")\b"
)
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_SEASON = re.compile(r"\bs([0-9]{1,2})\b")
_VERSION = re.compile(r"(?<=[0-9])v[0-9]\b")
_ALONE = (
    re.compile(r"\s-\s?([0-9]{1,4}(?:\.5)?)(?=\s*(?:$|[-\[(]))|\s-\s?(?=0)([0-9]{2,4})(?=\s)"),
    re.compile(r"\[([0-9]{1,4}(?:\.5)?)\]"),
    re.compile(r"^([0-9]{1,4}(?:\.5)?)(?=$|\s?[-.\[(])"),
    re.compile(r"[\s-](0[0-9]{1,2})$"),
)
"""Numbers that are the episode's by their place alone: ` - 05`, `[05]`, `05. name`, `name 05`."""


def number_of_file_name(name: str, scanner: Scanner) -> EpisodeNumber | None:
    """The number that a file's name states; None where it states none, or several that differ.

    Season and episode together count before an episode, that before a part, that before a number without a word.
    """
    plain = plain_text(PurePath(name).name).plain
    plain = _VERSION.sub(" ", _NOISE.sub(" ", _SUFFIX.sub("", plain).replace("_", " ")))
    spaced = re.sub(r"(?<![0-9])\.|\.(?![0-9])|(?<=[0-9]{2})\.(?=[0-9]{2})", " ", plain).strip()
    text = plain_text(spaced)
    found = scanner.line(text, text.plain)
    seasons = {int(one.values[0]) for one in found if one.kind == "season"} or {
        int(digits) for digits in _SEASON.findall(spaced)
    }
    for states in (_season_and_episode, _episode, _part):
        if chosen := [one for one in found if states(one)]:
            return _only(chosen, seasons.pop() if len(seasons) == 1 else None)
    return _by_place(_YEAR.sub(" ", spaced).strip(), seasons.pop() if len(seasons) == 1 else None)


def _season_and_episode(found: Found) -> bool:
    return found.kind == "this" and found.season is not None


def _episode(found: Found) -> bool:
    return found.kind == "this"


def _part(found: Found) -> bool:
    return found.kind == "part"


def _only(found: list[Found], season: int | None) -> EpisodeNumber | None:
    """The one number of these; None where they differ. A finale beside a number belongs to it."""
    numbers = {(one.values, one.season) for one in found if one.values}
    finale = any(one.finale for one in found)
    if len(numbers) > 1:
        return None
    values, own_season = numbers.pop() if numbers else ((), None)
    return EpisodeNumber(values, season if own_season is None else own_season, finale)


def _by_place(plain: str, season: int | None) -> EpisodeNumber | None:
    for pattern in _ALONE:
        numbers = {Decimal(match[match.lastindex or 1]) for match in pattern.finditer(plain)}
        if numbers:
            return EpisodeNumber((numbers.pop(),), season) if len(numbers) == 1 else None
    return None
