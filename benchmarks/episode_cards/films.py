"""Films whose episode number is known: composed episodes by their truth.json, others by what operators decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from stream.episode.numbers import EpisodeNumber, compatible, parse_number
from stream.episode.past import Past
from stream.episode.patterns import Patterns
from stream.episode.records import PictureReading
from stream.episode.seasons import OpenSeason
from stream.episode.sheet import read_sheet
from stream.episode.tags import in_titles
from stream.episode.verify import verify
from stream.errors import KeyartError

from ..labels import LabelledVideo
from ..report import Row, Section
from ..row_cache import RowCache
from .fit import Decided
from .trials import trials_of

Read = Callable[[Path, str | None], PictureReading]
"""`stream.pipeline.episode.open_reader`."""


@dataclass(frozen=True, slots=True)
class KnownFilm:
    """A film. `file`: its number; `stated`: what its picture states, None where it states nothing; of a film that an
    operator decided the same as `file`. `decided`: whether it is such a film."""

    name: str
    path: Path
    file: EpisodeNumber
    stated: EpisodeNumber | None
    decided: bool = False


def films_with_truth(videos: Sequence[LabelledVideo]) -> tuple[list[KnownFilm], list[str]]:
    """The films whose truth.json has `episode`, and a line for each other."""
    found: list[KnownFilm] = []
    problems: list[str] = []
    for video in videos:
        truth = {} if video.truth is None else json.loads(video.truth.read_text("utf-8")).get("episode", {})
        own = truth.get("metadata_number", truth.get("number"))
        if own is None:
            problems.append(f"{video.name}: truth.json does not say which episode it is")
        else:
            found.append(KnownFilm(video.name, video.path, _number(own), _stated(truth)))
    return found, problems


def films_decided(labels: Path) -> tuple[list[KnownFilm], list[str]]:
    """The films of a sheet of operators' decisions (`stream.episode.sheet`), whose paths are relative to the sheet's
    folder, and a line for each row that cannot be used. Raises UsageError when there is no such sheet."""
    sheet = read_sheet(labels, in_titles(Patterns.shipped()))
    found: list[KnownFilm] = []
    problems = list(sheet.problems)
    for row in sheet.rows:
        path = labels.parent.joinpath(*row.file)
        if row.number is None:
            continue
        if path.is_file():
            found.append(KnownFilm("/".join(row.file), path, row.number, row.number, decided=True))
        else:
            problems.append(f"{labels.name}: {row.place}: no film {'/'.join(row.file)} beside the sheet")
    return found, problems


def films_section(
    films: Sequence[KnownFilm], read: Read, kept: RowCache, threshold: float, **how: Any
) -> tuple[Section, list[str]]:
    """The verdict on each film's own number and on wrong ones, and a line for each film that cannot be read.

    how: what a reading depends on beside the film, so that it is kept.
    """
    rows: dict[str, Row] = {}
    problems: list[str] = []
    for film in films:
        try:
            row = kept.row("episode", film.path, lambda path=film.path: _read(read, path), **how)  # type: ignore[misc]
        except KeyartError as error:
            problems.append(f"{film.name}: {error}")
            continue
        rows[film.name] = _judged(film, row, threshold)
    return {"threshold": threshold, "films": rows}, problems


def decided_readings(films: Sequence[KnownFilm], section: Section) -> list[Decided]:
    """What was read of the films that operators decided, for a fit. section: of `films_section`."""
    rows: dict[str, Row] = section.get("films", {})
    known = [(film, rows[film.name]) for film in films if film.decided and film.name in rows]
    return [
        Decided(row["confidence"], compatible(parse_number(row["read"]), film.file) is True)
        for film, row in known
        if row["read"] is not None
    ]


def _read(read: Read, path: Path) -> Row:
    found = read(path, None)
    number = None if found.number is None else str(found.number)
    season = None if found.unread_season is None else asdict(found.unread_season)
    return {"read": number, "confidence": found.confidence, "why": found.why, "season": season}


def _judged(film: KnownFilm, row: Row, threshold: float) -> Row:
    number = None if row["read"] is None else parse_number(row["read"])
    season = None if row["season"] is None else OpenSeason(**row["season"])
    picture = PictureReading(number, row["confidence"], (), row["why"], season)
    trials = trials_of(film.file, film.stated)
    verdicts = [verify(picture, Past(), one.expected, threshold=threshold).verdict for one in trials]
    return {
        **row, "file": str(film.file), "stated": None if film.stated is None else str(film.stated), "own": verdicts[0],
        "wrong": {word: verdicts[1:].count(word) for word in ("confirmed", "mismatch", "unverified")},
    }  # fmt: skip


def _stated(truth: Row) -> EpisodeNumber | None:
    return None if truth.get("number") is None else _number(truth["number"], truth.get("season"))


def _number(episode: float, season: int | None = None) -> EpisodeNumber:
    return EpisodeNumber((Decimal(str(episode)),), season)
