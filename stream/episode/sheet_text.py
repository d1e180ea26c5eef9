"""The text of a sheet, cut into rows: encodings and delimiters as spreadsheets write them, CSV and JSON."""

from __future__ import annotations

import codecs
import csv
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import Any

COLUMNS: dict[str, tuple[str, ...]] = {
    "file": ("file", "filename", "path", "filepath", "video", "파일", "파일명", "경로", "文件名", "ファイル名"),
    "season": ("season", "seasonnumber", "시즌", "季", "シーズン"),
    "episode": ("episode", "ep", "number", "episodenumber", "회차", "회", "화", "에피소드", "集", "话", "話", "話数"),
    "absolute": ("absolute", "absolutenumber", "absoluteepisode", "통합회차", "누적회차", "总集数", "通算話数"),
    "title": ("title", "episodetitle", "제목", "부제", "标题", "サブタイトル"),
    "series": ("series", "show", "seriestitle", "작품", "작품명", "프로그램", "프로그램명", "시리즈", "剧名", "作品名"),
}
"""What a column (in JSON a key) may be called, without regard to case, spaces, `_` and `-`. Others are passed over."""
_LISTS = ("files", "episodes", "videos", "labels", "rows")
"""Keys under which a JSON sheet may have its list of rows."""
_DELIMITERS = (",", ";", "\t", "|")
_MOST_LINES = 50
"""Lines that a row of CSV may have, whose cells may hold line breaks. By eye: a quote that is never closed must not
swallow the rest of the sheet."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands: `place` names it in messages ("line 4", "entry 2"); `cells`: column of `COLUMNS` → text,
    without those that are empty. `problem`: why it cannot be read, None where it can."""

    place: str
    cells: Mapping[str, str]
    problem: str | None = None


def decoded(data: bytes) -> str:
    """The text of a sheet: UTF-8 with or without a byte order mark, UTF-16 with one, else CP949, the Korean code page
    of spreadsheets. Raises ValueError when it is none of these."""
    encodings = [encoding for mark, encoding in _MARKS if data.startswith(mark)] or ["utf-8", "cp949"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("is neither UTF-8 nor UTF-16 nor CP949 text, save it as CSV UTF-8")


def records(text: str) -> Iterator[Record]:
    """The rows of a sheet, CSV or JSON by how it begins. Raises ValueError when it cannot be read as a whole."""
    if text.lstrip()[:1] in ("{", "["):
        yield from _json_records(text)
    else:
        yield from _csv_records(StringIO(text, newline="").readlines())


def _csv_records(lines: Sequence[str]) -> Iterator[Record]:
    first, columns, delimiter = _heading(lines)
    for line, row in _csv_rows(lines, first + 1, delimiter):
        place = f"line {line + 1}"
        if isinstance(row, str):
            yield Record(place, {}, row)
        elif any(cell.strip() for cell in row):
            too_many = any(cell.strip() for cell in row[len(columns) :])
            problem = f"has more cells than the {len(columns)} columns, put quotes round such a cell"
            cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name and cell.strip()}
            yield Record(place, cells, problem if too_many else None)


def _heading(lines: Sequence[str]) -> tuple[int, list[str | None], str]:
    """(index of the line with the names of the columns, the column of each cell, delimiter). The delimiter is the one
    that makes most known columns. Raises ValueError without a column of files and one of numbers."""
    index = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("sep=")), None)
    if index is None:
        raise ValueError("is empty")
    cells = {mark: next(csv.reader([lines[index]], delimiter=mark)) for mark in _DELIMITERS}
    read = {mark: [_column_of(cell) for cell in named] for mark, named in cells.items()}
    delimiter = max(read, key=lambda mark: sum(column is not None for column in read[mark]))
    columns = read[delimiter]
    if "file" not in columns or not {"episode", "absolute"} & set(columns):
        raise ValueError(
            f"line {index + 1} names no columns `file` and `episode`: write them above the rows, as in "
            "file,season,episode,absolute,title"
        )
    twice = sorted({column for column in columns if column is not None and columns.count(column) > 1})
    if twice:
        raise ValueError(f"line {index + 1} names two columns `{twice[0]}`, leave one")
    return index, columns, delimiter


def _csv_rows(lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """(index of its first line, cells or what is wrong) of every row. After a row that cannot be read, such as one with
    a quote that is never closed, reading goes on in the next line."""
    while start < len(lines):
        reader = csv.reader(lines[start : start + _MOST_LINES], delimiter=delimiter, strict=True)
        try:
            row = next(reader)
            yield start, row
            start += reader.line_num
        except csv.Error as error:
            yield start, f"is no row of CSV ({error})"
            start += 1


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs, so that a key that stands in it twice is seen."""


def _json_records(text: str) -> Iterator[Record]:
    try:
        tree = _parsed(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0]):
            raise ValueError(f"line {error.lineno} is no JSON ({error.msg})") from None
        yield from _json_lines(text)
        return
    if isinstance(tree, _Object):
        inner = [value for key, value in tree if key in _LISTS and isinstance(value, list)]
        if not inner and not any(_column_of(key) == "file" for key, _ in tree):
            yield from (_of_pair(number, *pair) for number, pair in enumerate(tree, 1))
            return
        tree = inner[0] if inner else tree
    for number, entry in enumerate(tree if isinstance(tree, list) else [tree], 1):
        yield _of_entry(f"entry {number}", entry)


def _json_lines(text: str) -> Iterator[Record]:
    for number, line in enumerate(text.splitlines(), 1):
        place = f"line {number}"
        try:
            if line.strip():
                yield _of_entry(place, _parsed(line))
        except ValueError as error:
            yield Record(place, {}, f"is no JSON ({error})")


def _of_pair(number: int, file: str, value: Any) -> Record:
    """A row of the form file → number, or file → the other keys."""
    pairs = value if isinstance(value, _Object) else (("episode", value),)
    return _of_entry(f"entry {number}", _Object((("file", file), *pairs)))


def _of_entry(place: str, entry: Any) -> Record:
    if not isinstance(entry, _Object):
        return Record(place, {}, "is no object with the keys `file` and `episode`")
    cells: dict[str, str] = {}
    for key, value in entry:
        column = _column_of(key)
        if column is None or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            return Record(place, cells, f"`{key}` is neither text nor a number")
        if column in cells:
            return Record(place, cells, f"has `{column}` twice, leave one")
        if text := str(value).strip():
            cells[column] = text
    return Record(place, cells)


def _parsed(text: str) -> Any:
    """Raises ValueError, JSONDecodeError for what is no JSON."""
    try:
        return json.loads(text, object_pairs_hook=_Object, parse_float=Decimal)
    except RecursionError:
        raise ValueError("is no sheet, its JSON is nested too deeply") from None


def _is_json(line: str) -> bool:
    try:
        _parsed(line)
    except ValueError:
        return False
    return True


def _column_of(heading: str) -> str | None:
    plain = unicodedata.normalize("NFKC", heading).lower()
    plain = "".join(char for char in plain if char not in " _-\t\ufeff\r\n")
    return next((column for column, names in COLUMNS.items() if plain in names), None)
