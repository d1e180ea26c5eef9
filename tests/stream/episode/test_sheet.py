"""Sheets as people keep them: encodings, delimiters, JSON of several shapes, and every kind of bad row."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.numbers import parse_number
from stream.episode.sheet import Row, Sheet, read_sheet, rows_for
from stream.episode.sheet_text import decoded, records
from stream.errors import UsageError

from .readings import number

Write = Callable[..., Path]
KOREAN = "파일명,시즌,회차,제목\n등대 01.mkv,1,1,바다\n등대 02.mkv,1,2,섬\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Write:
    """`sheet(text, name="sheet.csv", encoding="utf-8")` writes a sheet."""

    def write(text: str, name: str = "sheet.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def sheet_of(path: Path) -> Sheet:
    """The sheet, its numbers in words read by a reader that knows `제7화` alone."""
    return read_sheet(path, lambda text: parse_number("7") if text == "제7화" else None)


def told(rows: tuple[Row, ...]) -> list[tuple[str, str | None]]:
    return [("/".join(row.file), None if row.number is None else str(row.number)) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends_of_spreadsheets(
    sheet: Write, encoding: str, delimiter: str, ending: str
) -> None:
    found = sheet_of(sheet(KOREAN.replace(",", delimiter).replace("\n", ending), encoding=encoding))
    assert not found.problems
    assert told(found.rows) == [("등대 01.mkv", "S01E01"), ("등대 02.mkv", "S01E02")]
    assert [row.title for row in found.rows] == ["바다", "섬"]


def test_utf_16_of_either_order_and_what_is_no_text() -> None:
    assert decoded("\ufeff회차".encode("utf-16-be")) == "회차"
    assert decoded("\ufeff회차".encode("utf-16-le")) == "회차"
    with pytest.raises(ValueError, match="neither UTF-8 nor UTF-16 nor CP949"):
        decoded(b"\xff\xff\x80")


def test_every_column(sheet: Write) -> None:
    found = sheet_of(sheet("sep=;\nnote;File;Season;Episode;Absolute;Title;Series\n1;a.mkv;S2;5;17;Dawn;Harbour\n"))
    (row,) = found.rows
    assert row == Row("line 3", ("a.mkv",), number("S02E05"), number("17"), "Harbour", "Dawn")
    found = sheet_of(sheet("file,absolute\na.mkv,17\n"))
    assert (found.rows[0].number, found.rows[0].absolute) == (number("17"), number("17"))


def test_quotes_line_breaks_and_empty_lines(sheet: Write) -> None:
    text = 'file,episode,title\n"a, b.mkv",7,"two\nlines"\n\n,,\n c.mkv , 8 \nd.mkv,9,x,,\n'
    found = sheet_of(sheet(text))
    assert not found.problems
    assert told(found.rows) == [("a, b.mkv", "7"), ("c.mkv", "8"), ("d.mkv", "9")]
    assert [row.place for row in found.rows] == ["line 2", "line 6", "line 7"]


def test_bad_rows_are_named_line_by_line_and_the_rest_goes_on(sheet: Write) -> None:
    text = (
        "file,season,episode,absolute\n"
        "good.mkv,1,7,\n"
        ",1,8,\n"
        "none.mkv,1,,\n"
        "word.mkv,,the seventh,\n"
        "season.mkv,first,7,\n"
        "both.mkv,2,S01E07,\n"
        "through.mkv,1,7,S01E19\n"
        "many.mkv,1,7,19,1,2\n"
        'quote.mkv,1,"7,\n'
        "last.mkv,1,9,\n"
    )
    found = sheet_of(sheet(text))
    assert told(found.rows)[0] == ("good.mkv", "S01E07")
    assert told(found.rows)[-1] == ("last.mkv", "S01E09")
    assert [row.number for row in found.rows[1:-1]] == [None] * 6
    assert [line.split(": ")[1] for line in found.problems] == [f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9, 10)]
    for line, words in zip(
        found.problems,
        ("names no file", "names no episode", "write 7, 12.5", "is no season", "contradict each other",
         "cannot count through", "more cells than the 4 columns", "is no row of CSV"),
        strict=True,
    ):  # fmt: skip
        assert words in line
        assert line.startswith("sheet.csv: line ")


def test_numbers_in_words(sheet: Write) -> None:
    rows = "a.mkv,시즌 2,제7화,\nb.mkv,,제7화,제7화\nc.mkv,,전 16부작,\n"
    found = sheet_of(sheet(f"file,season,episode,absolute\n{rows}"))
    assert told(found.rows) == [("a.mkv", "S02E07"), ("b.mkv", "7"), ("c.mkv", None)]
    assert found.rows[1].absolute == number("7")
    assert found.problems[0].startswith("sheet.csv: line 4: '전 16부작' is no episode number; write 7, 12.5")


def test_two_rows_for_one_file_count_neither(sheet: Write) -> None:
    composed, decomposed = "café.mkv", unicodedata.normalize("NFD", "café.mkv")
    found = sheet_of(sheet(f"file,episode\n{composed},7\nb.mkv,8\n./{decomposed},7\n"))
    assert found.problems == ("sheet.csv: line 4: café.mkv stands in line 2, line 4; leave one row for it",)
    assert told(found.rows) == [("café.mkv", None), ("b.mkv", "8")]
    assert found.rows[0].problem == "café.mkv stands in line 2, line 4; leave one row for it"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a.mkv,7\nb.mkv,8\n", "line 1 names no columns `file` and `episode`"),
        ("file,title\na.mkv,Dawn\n", "line 1 names no columns `file` and `episode`"),
        ("file,episode,number\na.mkv,7,8\n", "line 1 names two columns `episode`"),
        ('{"a.mkv": 7', "line 1 is no JSON"),
        ('[{"file": "a.mkv",\n "episode": }]', "line 2 is no JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_sheet_that_does_not_parse_is_one_problem(sheet: Write, text: str, problem: str) -> None:
    found = sheet_of(sheet(text))
    assert found.rows == ()
    assert len(found.problems) == 1
    assert problem in found.problems[0]


def test_a_sheet_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.csv: cannot be read"):
        sheet_of(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    "tree",
    [
        [{"file": "a.mkv", "episode": 7}, {"file": "b.mkv", "season": 1, "episode": 12.5}],
        {"files": [{"file": "a.mkv", "episode": 7.0}, {"path": "b.mkv", "number": "S01E12.5", "title": None}]},
        {"a.mkv": 7, "b.mkv": {"season": "1", "episode": "12.5"}},
    ],
)
def test_json_of_every_shape(sheet: Write, tree: object) -> None:
    found = sheet_of(sheet(json.dumps(tree), "sheet.json"))
    assert not found.problems
    assert told(found.rows) == [("a.mkv", "7"), ("b.mkv", "S01E12.5")]


def test_one_object_alone_and_one_a_line(sheet: Write) -> None:
    assert told(sheet_of(sheet('{"file": "a.mkv", "episode": 7}', "one.json")).rows) == [("a.mkv", "7")]
    lines = '{"file": "a.mkv", "episode": 7}\n{"file": "b.mkv" "episode": 8}\n\n{"file": "c.mkv", "episode": 9}\n'
    found = sheet_of(sheet(lines, "lines.jsonl"))
    assert told(found.rows) == [("a.mkv", "7"), ("c.mkv", "9")]
    assert found.problems[0].startswith("lines.jsonl: line 2: is no JSON")


def test_bad_entries_of_json_are_named(sheet: Write) -> None:
    text = (
        '[{"file": "a.mkv", "episode": true}, 7, {"episode": 7}, {"file": "b.mkv", "episode": 7, "number": 8},'
        ' {"file": "c.mkv", "episode": -1}, {"file": "d.mkv", "episode": NaN}, {"file": "e.mkv", "episode": [7]},'
        ' {"file": "f.mkv", "episode": 7}]'
    )
    found = sheet_of(sheet(text, "sheet.json"))
    assert [line.split(": ")[1] for line in found.problems] == [f"entry {n}" for n in range(1, 8)]
    assert told(found.rows)[-1] == ("f.mkv", "7")
    assert found.problems[0] == "sheet.json: entry 1: `episode` is neither text nor a number"
    assert [row.number for row in found.rows[:-1]] == [None] * (len(found.rows) - 1)
    twice = sheet_of(sheet('{"a.mkv": 7, "a.mkv": 8}', "twice.json"))
    assert twice.problems == ("twice.json: entry 2: a.mkv stands in entry 1, entry 2; leave one row for it",)


def test_rows_are_found_by_the_end_of_a_path(sheet: Write, tmp_path: Path) -> None:
    text = "file,episode\n01.mkv,1\nS2/02.mkv,S02E02\n02.mkv,2\n../x/03.mkv,3\nS2\\04.mkv,4\n1.mkv,9\n"
    found = sheet_of(sheet(text))
    files = [
        tmp_path / "S1/01.mkv", tmp_path / "S2/02.mkv", tmp_path.parent / "x/03.mkv", tmp_path / "x/03.mkv",
        tmp_path / "S2/04.mkv", tmp_path / "05.mkv",
    ]  # fmt: skip
    rows = rows_for(found, files)
    assert {file.name: str(row.number) for file, row in rows.items()} == {
        "01.mkv": "1", "02.mkv": "S02E02", "03.mkv": "3", "04.mkv": "4",
    }  # fmt: skip
    assert tmp_path / "x/03.mkv" not in rows


def test_a_row_for_several_files_counts_for_none(sheet: Write, tmp_path: Path) -> None:
    found = sheet_of(sheet("file,episode\n01.mkv,1\n"))
    files = [tmp_path / "S1/01.mkv", tmp_path / "S2/01.mkv"]
    rows = rows_for(found, files)
    assert [(row.number, row.problem) for row in rows.values()] == [
        (None, "01.mkv is 2 of the files, write their folders into the sheet, too")
    ] * 2
    assert rows_for(found, [files[0], files[0]])[files[0]].number == parse_number("1")


def test_unclosed_quotes_cost_little(sheet: Write) -> None:
    found = sheet_of(sheet("file,episode\n" + 'a.mkv,"7\n' * 5001))
    assert 2000 < len(found.problems) <= 5001


@given(st.text() | st.lists(st.lists(st.text(), max_size=4), max_size=6).map(str))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        found = list(records(text))
    except ValueError as error:
        assert str(error)
        return
    assert all(record.place for record in found)


cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.dictionaries(cells.filter(lambda name: "/" not in name and "\\" not in name), st.integers(0, 99999)))
def test_what_a_csv_writer_writes_is_read_again(named: dict[str, int]) -> None:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["file", "episode"])
    writer.writerows(named.items())
    found = [(record.cells["file"], int(record.cells["episode"])) for record in records(written.getvalue())]
    assert found == list(named.items())
