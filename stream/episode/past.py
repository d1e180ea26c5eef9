"""What was known of a film's episode number before its picture was looked at: its file name, the files beside it, and
what was decided earlier."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from .folder import missing_between
from .numbers import EpisodeNumber, compatible

OfFileName = Callable[[str], EpisodeNumber | None]
"""The number in a file name, as `stream.episode.patterns` reads it."""
_BARE = re.compile(r"[\W_]*(?:e|ep)?[\W_]*[0-9][0-9\W_]*(?:\.\w{2,5})?", re.IGNORECASE)
LEAST_NEIGHBOURS = 3
"""Fewer numbered files beside a film suggest nothing of it. By eye."""


@dataclass(frozen=True, slots=True)
class Source:
    """One who states a number. `words`: who, as the subject of a sentence: "the file name". `bare`: it is a number
    alone, which may be a running number and contradicts nothing."""

    number: EpisodeNumber
    words: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """Past knowledge of one film. `number`: what all `sources` but bare ones agree on, as the one that states most of
    it; None where there are none, or where they contradict each other. Made by `past_of`."""

    number: EpisodeNumber | None = None
    sources: tuple[Source, ...] = ()


def past_of(sources: Iterable[Source]) -> Past:
    """The past knowledge that these sources have together."""
    found = tuple(sources)
    told = [source for source in found if not source.bare]
    if any(compatible(one.number, other.number) is False for one, other in combinations(told, 2)):
        return Past(None, found)
    return Past(max((source.number for source in told), key=_stated, default=None), found)


def past_of_file(
    name: str,
    of_file_name: OfFileName,
    *,
    neighbours: Sequence[str] = (),
    earlier: Iterable[Source] = (),
    name_is_used: bool = False,
) -> Past:
    """What is known of the film `name` (a file name without its folder).

    `neighbours`: names of the other films in its folder. `earlier`: what was decided before. `name_is_used`: the name
    is where the expected number comes from, so it cannot also speak for it; nor can its neighbours, for they speak only
    where a name is silent. A name that is nothing but a number (`E01.mp4`, `07.mkv`) may be one of files, not of
    episodes: it is a bare source.
    """
    sources = list(earlier)
    own = None if name_is_used else of_file_name(name)
    if own is not None:
        sources.append(Source(own, "the file name", _BARE.fullmatch(unicodedata.normalize("NFKC", name)) is not None))
    elif not name_is_used and (suggested := suggested_by(neighbours, of_file_name)) is not None:
        sources.append(Source(suggested, "the one gap among the files beside it"))
    return past_of(sources)


def suggested_by(neighbours: Sequence[str], of_file_name: OfFileName) -> EpisodeNumber | None:
    """The number of a film whose name states none: the only one that its neighbours miss, where each of them states one
    of the same season. None where that is not so, or where there are fewer than `LEAST_NEIGHBOURS`."""
    stated: list[EpisodeNumber] = []
    for name in neighbours if len(neighbours) >= LEAST_NEIGHBOURS else ():
        number = of_file_name(name)
        if number is None or not number.episodes or number.season != (stated or [number])[0].season:
            return None
        stated.append(number)
    match missing_between(episode for number in stated for episode in number.episodes):
        case [(first, last)] if first == last:
            return EpisodeNumber((Decimal(first),), stated[0].season)
    return None


def _stated(number: EpisodeNumber) -> tuple[bool, bool, bool]:
    """How much a number states: an episode, a season, that it is the last."""
    return bool(number.episodes), number.season is not None, number.finale
