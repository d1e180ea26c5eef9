"""The episode number in the tags of a container: MP4's TV tags, Matroska's part numbers, a title that states one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..decode.container import open_container
from .lines import Line
from .numbers import EpisodeNumber, compatible, parse_number
from .patterns import Patterns

OfTitle = Callable[[str], EpisodeNumber | None]
"""The number that a title states in words, as `stream.episode.patterns` reads it."""
_EPISODES = ("episode_sort", "episode", "episode_number", "episode/part_number", "tves")
_SEASONS = ("season_number", "season", "season/part_number", "tvsn")
_TEXTS = ("episode_id", "tven", "title", "episode/title")
_SERIES = ("show", "tvsh", "series", "collection/title")
_HEIGHT = 0.1
"""Any: patterns read lines of a picture, which have a place."""
_WHOLE = re.compile(r"\d{1,5}(?:\.\d{1,2})?(?:\s*(?:/|of)\s*\d+)?")


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the tags say. `number`: None where they say nothing, or contradict each other: then `problem` says how.
    `series`: the name of the series, where a tag has it."""

    number: EpisodeNumber | None = None
    series: str | None = None
    problem: str | None = None


def in_titles(patterns: Patterns) -> OfTitle:
    """What reads the number in a title: words that state one, never a number alone, which may be the name of a film.
    None where a title states several that differ."""

    def of_title(title: str) -> EpisodeNumber | None:
        line = Line(title, _HEIGHT, (0.0, 0.0, 1.0, _HEIGHT))
        stated = {statement.number for statement in patterns.read([line]) if statement.kind == "this"}
        return stated.pop() if len(stated) == 1 else None

    return of_title


def read_tags(path: Path, of_title: OfTitle) -> Tagged:
    """What the tags of a film's container say. Raises KeyartError when it cannot be opened."""
    with open_container(path) as container:
        return of_tags(container.metadata, of_title)


def of_tags(tags: Mapping[str, str], of_title: OfTitle) -> Tagged:
    """What tags say, by name → text as FFmpeg gives them: `episode_sort` and `season_number` are MP4's `tves` and
    `tvsn`, `EPISODE/PART_NUMBER` and `SEASON/PART_NUMBER` Matroska's."""
    plain = {name.lower(): text.strip() for name, text in tags.items() if text.strip()}
    series = next((plain[name] for name in _SERIES if name in plain), None)
    stated: dict[str, EpisodeNumber] = {}
    own = _of_numbers(plain)
    if own is not None:
        stated[own[0]] = own[1]
    for name in _TEXTS:
        if name in plain and (number := of_title(plain[name])) is not None:
            stated[name] = number
    return _agreed(stated, series)


def _of_numbers(plain: Mapping[str, str]) -> tuple[str, EpisodeNumber] | None:
    """The number in the tags that hold nothing else, and the name of its tag. MP4 writers leave 0 in both where they
    know neither."""
    name = next((name for name in _EPISODES if _WHOLE.fullmatch(plain.get(name, ""))), None)
    if name is None:
        return None
    number = parse_number(_first(plain[name]))
    seasons = (_first(plain[tag]) for tag in _SEASONS if _WHOLE.fullmatch(plain.get(tag, "")))
    season = next((int(text) for text in seasons if text.isdecimal()), None)
    return None if not any(number.episodes) and not season else (name, replace(number, season=season))


def _first(text: str) -> str:
    """`3` of `3/12`."""
    return re.split(r"\s*(?:/|of)\s*", text)[0]


def _agreed(stated: Mapping[str, EpisodeNumber], series: str | None) -> Tagged:
    """The number that states most, where none contradicts another."""
    best: tuple[str, EpisodeNumber] | None = None
    for name, number in stated.items():
        if best is not None and compatible(best[1], number) is False:
            return Tagged(None, series, f"the tags contradict each other: {best[0]} is {best[1]}, {name} says {number}")
        if best is None or (best[1].season is None and number.season is not None):
            best = (name, number)
    return Tagged(None if best is None else best[1], series)
