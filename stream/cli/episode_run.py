"""What `keyart episode` does: find the films, gather what is expected and known of each, judge one after the other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import log
from ..backfill.errors import LedgerUnavailableError
from ..backfill.titles import path_of
from ..backfill.walker import open_library
from ..episode.expected import Metadata
from ..episode.folder import SeasonSurvey, survey
from ..episode.judging import verdict_on
from ..episode.numbers import EpisodeNumber, compatible
from ..episode.past import OfFileName, Source
from ..episode.records import PictureReading
from ..episode.report import LabelsEntry
from ..episode.sheet import Row, number_of, read_sheet, rows_for
from ..episode.tags import OfTitle
from ..episode.template import Template
from ..episode.verify import Verdict, best_number
from ..errors import KeyartError, UsageError, device_errors
from .progress import failure_line

if TYPE_CHECKING:
    from .episode_memory import Memory

MOST_NOTES = 20
"""Lines about rows of a sheet for none of the films. By eye: a sheet may be of a whole archive."""
Read = Callable[[Path, str | None], PictureReading]
"""Reads the episode number in the picture of a film, given the title of the series where it is known."""


@dataclass(frozen=True, slots=True)
class Films:
    """The films that were named, each once, and what could not be looked at. `below`: those that a folder holds."""

    paths: tuple[Path, ...]
    below: frozenset[Path]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a sheet by film. `problems`, `others`: one line for everything wrong in the sheet or between it and
    the films, and for each row for none of them. `is_read`: False where the sheet as a whole cannot be read."""

    by_film: Mapping[Path, Row]
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known before any picture is looked at. `labels`: what operators decided, by film. `problems`: lines
    about rows that do not count; `notes`: about rows for none of the films. `memory`: earlier verdicts; None without a
    ledger."""

    metadata: Metadata
    labels: Mapping[Path, Row]
    of_file_name: OfFileName
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    memory: Memory | None = None

    def label(self, film: Path) -> EpisodeNumber | None:
        """What an operator decided of a film."""
        row = self.labels.get(film)
        return None if row is None else row.number

    def earlier(self, film: Path) -> tuple[Source, ...]:
        """What was decided before: by an operator, else by an earlier verdict. Raises KeyartError."""
        label = self.label(film)
        if label is not None:
            return (Source(label, "an operator"),)
        return () if self.memory is None else self.memory.earlier(film)


def films_of(named: Sequence[Path]) -> Films:
    """The films of files and folders, and a line for each folder without any."""
    paths: dict[Path, None] = {}
    below: set[Path] = set()
    problems: list[str] = []
    for name in named:
        try:
            found = list(_below(name, problems.append)) if name.is_dir() else [name]
        except UsageError as error:
            problems.append(str(error))
            continue
        if name.is_dir():
            below.update(found)
        if not found:
            problems.append(f"{name}: holds no films")
        paths |= dict.fromkeys(found)
    return Films(tuple(paths), frozenset(below), tuple(problems))


def knowledge_of(
    films: Sequence[Path],
    of_file_name: OfFileName,
    of_title: OfTitle,
    *,
    expect: str | None,
    sheet: Path | None,
    labels: Path | None,
    template: str,
    in_folders: bool = False,
) -> Knowledge:
    """What the command was told of the films. `in_folders`: folders were named, so that a row of the sheet for none of
    the films is worth a note. Raises UsageError for what cannot be used at all."""
    given = None if expect is None else _given(expect, films, of_title)
    told = None if sheet is None else _rows(sheet, films, of_title)
    labelled = _Rows({}) if labels is None else _rows(labels, films, of_title)
    metadata = Metadata(
        of_title, given, None if told is None else told.by_film, Template(template) if template else None,
        **({} if told is None or told.is_read else {"without_row": "the sheet cannot be read"}),
    )  # fmt: skip
    problems = (*(() if told is None else told.problems), *labelled.problems)
    notes = _notes(told, films, in_folders) if told is not None else ()
    return Knowledge(metadata, labelled.by_film, of_file_name, problems, notes)


def judge(film: Path, known: Knowledge, read: Read, threshold: float) -> Verdict:
    """The verdict on one film. Raises KeyartError when it cannot be read."""
    expected = known.metadata.of(film)
    with device_errors():
        picture = read(film, expected.series)
    verdict = verdict_on(
        film, picture, expected, known.of_file_name, threshold=threshold, earlier=known.earlier(film)
    )
    if known.memory is not None:
        known.memory.note(film, verdict, threshold, known.label(film))
    return verdict


def judged(
    films: Iterable[Path],
    known: Knowledge,
    read: Read,
    threshold: float,
    tell: Callable[[Path], None],
    complain: Callable[[str], None],
) -> Iterator[tuple[Path, Verdict | None]]:
    """Each film with its verdict; None where it cannot be read, with one line for `complain`. The others go on.

    tell: called with each film before it is looked at. Raises LedgerUnavailableError.
    """
    for film in films:
        tell(film)
        with log.about(film=film):
            try:
                verdict = judge(film, known, read, threshold)
            except LedgerUnavailableError:  # the fault of no film
                raise
            except KeyartError as error:
                log.error("film failed", error)
                complain(failure_line(film, str(error)))
                yield film, None
                continue
            log.info("episode judged", verdict=verdict.verdict, confidence=verdict.confidence, why=verdict.why)
        yield film, verdict


def seasons_of(
    films: Films, known: Knowledge, found: Mapping[Path, Verdict | None], threshold: float
) -> list[SeasonSurvey]:
    """Duplicates and gaps among the films of folders. A film that cannot be read counts by its name."""
    pairs: list[tuple[Path, EpisodeNumber | None]] = []
    for film in films.paths:
        if film in films.below:
            named, verdict = known.of_file_name(film.name), found.get(film)
            pairs.append((film, named if verdict is None else best_number(verdict, threshold, named)))
    return survey(pairs)


def compared_with_labels(known: Knowledge, found: Mapping[Path, Verdict | None], threshold: float) -> LabelsEntry:
    """How the pictures agree with what operators decided."""
    agreeing: Counter[bool | None] = Counter()
    for film, verdict in found.items():
        label = known.label(film)
        if verdict is None or label is None:
            continue
        sure = verdict.read is not None and verdict.confidence >= threshold
        agreeing[compatible(verdict.read, label) if sure and verdict.read is not None else None] += 1
    return LabelsEntry(
        labelled=agreeing.total(), right=agreeing[True], wrong=agreeing[False], unread=agreeing[None]
    )


def _below(folder: Path, say: Callable[[str], None]) -> Iterator[Path]:
    library = open_library(str(folder), Path(os.devnull), say)
    for title in library.scan():
        yield folder / path_of(title.key)


def _given(expect: str, films: Sequence[Path], in_words: OfTitle) -> EpisodeNumber:
    if len(films) != 1:
        raise UsageError(f"--expect is the number of one film and there are {len(films)}, use --sheet")
    try:
        return number_of(expect, in_words)
    except ValueError as error:
        raise UsageError(f"--expect {error}") from None


def _rows(file: Path, films: Sequence[Path], in_words: OfTitle) -> _Rows:
    """The rows of a sheet for these films."""
    sheet = read_sheet(file, in_words)
    rows = rows_for(sheet, films)
    known = {(row.place, row.problem) for row in sheet.rows}
    ambiguous = {row.place: row.problem for row in rows.values() if (row.place, row.problem) not in known}
    used = {row.place for row in rows.values()}
    others = [row for row in sheet.rows if row.place not in used and row.problem is None]
    return _Rows(
        rows,
        (*sheet.problems, *(f"{file.name}: {place}: {problem}" for place, problem in ambiguous.items())),
        tuple(f"{file.name}: {row.place}: {'/'.join(row.file)} is none of the films" for row in others),
        sheet.is_read,
    )


def _notes(told: _Rows, films: Sequence[Path], in_folders: bool) -> tuple[str, ...]:
    """Lines about rows for none of the films, where one may be missing or misnamed: a folder was named, or a film has
    no row."""
    if not in_folders and all(film in told.by_film for film in films):
        return ()
    more = len(told.others) - MOST_NOTES
    return (*told.others[:MOST_NOTES], *([f"… and {more} more rows for none of the films"] if more > 0 else []))
