"""The films of a folder together: numbers that two of them have, and numbers that none has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from .numbers import EpisodeNumber


@dataclass(frozen=True, slots=True)
class SeasonSurvey:
    """One season of one folder. `season`: None where the numbers name none. `duplicates`: an episode → the films that
    have it, two or more. `gaps`: (first, last) of each stretch of whole numbers that no film has; see `survey`."""

    folder: Path
    season: int | None
    duplicates: dict[Decimal, tuple[Path, ...]]
    gaps: tuple[tuple[int, int], ...]


def survey(films: Iterable[tuple[Path, EpisodeNumber | None]]) -> list[SeasonSurvey]:
    """The seasons with duplicates or gaps among these films, each with the best number that is known of it.

    Films of one folder and season are taken together; those without a number count nowhere. Where a season is stated,
    its gaps begin with 1, else with the lowest number there is: counting may go through all seasons. What comes after
    the highest number is not known here. Numbers such as 12.5 are neither gaps nor fill one. A film alone has no gaps.
    """
    seasons: dict[tuple[Path, int | None], dict[Decimal, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path, number in films:
        for episode in () if number is None else number.episodes:
            seasons[path.parent, None if number is None else number.season][episode].append(path)
    found = [_surveyed(folder, season, having) for (folder, season), having in seasons.items()]
    ordered = sorted(found, key=lambda one: (str(one.folder), -1 if one.season is None else one.season))
    return [one for one in ordered if one.duplicates or one.gaps]


def missing_between(numbers: Iterable[Decimal]) -> list[tuple[int, int]]:
    """The whole numbers between the lowest and the highest of these that are not among them, as (first, last) of each
    stretch, in order."""
    whole = sorted({int(number) for number in numbers if not number % 1})
    return [(before + 1, after - 1) for before, after in pairwise(whole) if after - before > 1]


def _surveyed(folder: Path, season: int | None, having: dict[Decimal, list[Path]]) -> SeasonSurvey:
    alone = len({path for paths in having.values() for path in paths}) == 1
    gaps = [] if alone else missing_between({*having, Decimal(0)} if season else having)
    duplicates = {episode: tuple(sorted(films)) for episode, films in sorted(having.items()) if len(films) > 1}
    return SeasonSurvey(folder, season, duplicates, tuple(gaps))
