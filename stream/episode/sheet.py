"""A sheet of which file is which episode, as a broadcaster keeps it: CSV or JSON.

CSV has the names of its columns in its first line; JSON is a list of objects with these keys (or one below `files`, one
object a line, or one object with file → number):

- `file`: name or path of the file, from its end: `S1/01.mkv` is any file `01.mkv` in a folder `S1`;
- `episode`: what `parse_number` reads: 7, 12.5, 7-8, S02E05, finale; or words that state one number, as 제7화;
- `season`: a whole number, unless `episode` has it;
- `absolute`: the number when episodes are counted through all seasons;
- `series`, `title`: the names of the series and of the episode.

A row needs `file` and one of `episode` and `absolute`. Columns may have other names (`stream.episode.sheet_text`).
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..errors import UsageError
from .numbers import EpisodeNumber, parse_number
from .sheet_text import Record, decoded, records

InWords = Callable[[str], EpisodeNumber | None]
"""The number that a text states in words, as `stream.episode.patterns` reads it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `file`: parts of its path, as given. `number`: what it expects; None where the row has a `problem`.
    `absolute`: the number counted through all seasons. `place`: "line 4"."""

    place: str
    file: tuple[str, ...]
    number: EpisodeNumber | None
    absolute: EpisodeNumber | None = None
    series: str | None = None
    title: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows that name a file, and one line for everything that is wrong with the sheet (`NAME: line 4: …`).
    `is_read`: False where it cannot be read as a whole."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    is_read: bool = True


def read_sheet(path: Path, in_words: InWords) -> Sheet:
    """The sheet in a file. What cannot be read is named in `problems`, line by line; the rest is read. `in_words`: see
    `number_of`.

    Raises UsageError when there is no such file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}), check the name of the sheet") from None
    found: list[Row] = []
    problems: list[str] = []
    is_read = True
    try:
        for record in records(decoded(data)):
            row = _row_of(record, path.parent, in_words)
            if row.problem is not None:
                problems.append(f"{path.name}: {row.place}: {row.problem}")
            if row.file:
                found.append(row)
    except ValueError as error:
        problems.append(f"{path.name}: {error}")
        is_read = False
    if not found and not problems:
        problems.append(f"{path.name}: has no rows")
    rows, twice = _told_once(found)
    return Sheet(rows, (*problems, *(f"{path.name}: {line}" for line in twice)), is_read)


def number_of(text: str, in_words: InWords) -> EpisodeNumber:
    """The number that a person wrote: as `parse_number` reads it, else the one that `in_words` reads in it. Raises
    ValueError with a sentence of what can be written."""
    try:
        return parse_number(text)
    except ValueError:
        found = in_words(text)
        if found is None:
            raise
        return found


def rows_for(sheet: Sheet, files: Iterable[Path]) -> dict[Path, Row]:
    """The row of each file that has one.

    Of several rows for a file (`01.mkv` and `S1/01.mkv`) the one that names most of its path counts. A row for several
    of the files, and rows that name as much of a path, become rows with a `problem`.
    """
    by_name: Mapping[str, list[Row]] = defaultdict(list)
    for row in sheet.rows:
        by_name[row.file[-1]].append(row)
    chosen: dict[Path, Row] = {}
    users: Mapping[str, list[Path]] = defaultdict(list)
    for file in dict.fromkeys(files):
        parts = _parts(os.path.abspath(file))
        fitting = [row for row in by_name.get(parts[-1], ()) if parts[-len(row.file) :] == row.file]
        if fitting:
            chosen[file] = max(fitting, key=lambda row: len(row.file))
            users[chosen[file].place].append(file)
    for file, row in chosen.items():
        if len(users[row.place]) > 1:
            named = "/".join(row.file)
            problem = f"{named} is {len(users[row.place])} of the files, write their folders into the sheet, too"
            chosen[file] = replace(row, number=None, absolute=None, problem=problem)
    return chosen


def _row_of(record: Record, folder: Path, in_words: InWords) -> Row:
    """The row; with a `problem`, and without a number, where something is wrong with it."""
    cells = record.cells
    file = _parts(_below(folder, cells["file"])) if "file" in cells else ()
    named = Row(record.place, file, None, series=cells.get("series"), title=cells.get("title"))
    if record.problem is not None:
        return replace(named, problem=record.problem)
    if not file:
        return replace(named, problem="names no file")
    try:
        absolute = number_of(cells["absolute"], in_words) if "absolute" in cells else None
        if absolute is not None and absolute.season is not None:
            raise ValueError(f"{cells['absolute']!r} has a season and cannot count through all of them")
        return replace(named, number=_episode_of(cells, in_words) or absolute, absolute=absolute)
    except ValueError as error:
        return replace(named, problem=str(error))


def _episode_of(cells: Mapping[str, str], in_words: InWords) -> EpisodeNumber | None:
    """The number in `episode` with the season in `season`; None where only `absolute` is there. Raises ValueError."""
    if "episode" not in cells:
        if "absolute" not in cells:
            raise ValueError("names no episode")
        return None
    number = number_of(cells["episode"], in_words)
    if "season" not in cells:
        return number
    season = _season(cells["season"])
    if number.season not in (None, season):
        raise ValueError(f"season {season} and episode {number} contradict each other")
    return replace(number, season=season)


def _season(text: str) -> int:
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    for dressing in ("SEASON", "시즌", "S"):
        plain = plain.removeprefix(dressing).strip()
    whole, _, fraction = plain.partition(".")
    if not (whole.isdecimal() and len(whole) <= 4 and not fraction.strip("0")):
        raise ValueError(f"{text!r} is no season, write a whole number")
    return int(whole)


def _told_once(rows: list[Row]) -> tuple[tuple[Row, ...], list[str]]:
    """The rows without those for one file, of which a single one with a problem stays; and one line for each of them:
    none counts, for nobody knows which is right."""
    by_file: Mapping[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_file[row.file].append(row)
    kept: list[Row] = []
    lines: list[str] = []
    for file, same in by_file.items():
        if len(same) == 1:
            kept += same
            continue
        places = ", ".join(row.place for row in same)
        problem = f"{'/'.join(file)} stands in {places}; leave one row for it"
        kept.append(replace(same[0], number=None, absolute=None, problem=problem))
        lines += [f"{row.place}: {problem}" for row in same[1:]]
    return tuple(kept), lines


def _below(folder: Path, file: str) -> str:
    """A path that leaves its folder (`../x.mkv`) is below the folder of the sheet; others stay as they are."""
    plain = file if "/" in file else file.replace("\\", "/")
    return os.path.abspath(folder / plain) if plain.startswith("../") else plain


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path, composed (NFC), for some file systems and spreadsheets write letters in pieces."""
    parts = PurePosixPath(unicodedata.normalize("NFC", os.path.normpath(path))).parts
    return () if parts in ((), (".",)) else parts
