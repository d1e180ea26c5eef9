"""The table of inputs: every test in it is there, and every warning that a film can have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "stream" / "INPUTS.md"
COLUMNS = ["case", "what happens", "warning", "test"]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row that is neither the head of the table nor of a part."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if line.startswith("|") and cells != COLUMNS and not set(line) <= set("|- ") and not cells[0].startswith("**"):
            yield cells


def codes_of(source: str) -> set[str]:
    """The codes of the notices that a module makes, and the names of variables that stand for codes."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Notice" and node.args:
            code = node.args[0]
            found |= {str(code.value)} if isinstance(code, ast.Constant) else {f"<{ast.unparse(code)}>"}
    return found


def is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    file = ROOT / path
    defined = re.compile(rf"^ *(async )?def {re.escape(name)}\(", re.MULTILINE)
    return file.is_file() and defined.search(file.read_text("utf-8")) is not None


def missing_codes(text: str, codes: set[str]) -> set[str]:
    named = set(re.findall(r"`(\w+)`", " ".join(cells[2] for cells in rows(text))))
    return codes - named


TEXT = TABLE.read_text("utf-8")


@pytest.mark.parametrize("cells", list(rows(TEXT)), ids=lambda cells: cells[0])
def test_each_row_has_four_cells_and_a_test_that_is_there_or_says_that_it_has_none(cells: list[str]) -> None:
    assert len(cells) == len(COLUMNS)
    case, happens, _, tests = cells
    assert case and happens
    assert tests or happens.startswith("*not tested*: ")
    for test in tests.split(", ") if tests else ():
        assert is_there(test), test


def test_every_warning_is_in_the_table() -> None:
    codes = set().union(*(codes_of(path.read_text("utf-8")) for path in (ROOT / "stream").rglob("*.py")))
    assert len(codes) > 8
    assert missing_codes(TEXT, codes) == set()


def test_what_is_missing_is_noticed() -> None:
    assert codes_of("Notice('of_tomorrow', 'text'); Notice(code, 'text')") == {"of_tomorrow", "<code>"}
    assert missing_codes(TEXT, {"of_tomorrow"}) == {"of_tomorrow"}
    assert not is_there("tests/stream/test_inputs.py::test_of_tomorrow")
    assert not is_there("tests/nowhere.py::test_what_is_missing_is_noticed")
    assert list(rows("| a | b | | |\n| **Part** | | | |\n|---|---|---|---|\n")) == [["a", "b", "", ""]]
