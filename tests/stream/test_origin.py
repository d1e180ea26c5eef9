from __future__ import annotations

from pathlib import Path

import pytest

from stream.manifest import read_manifest
from stream.origin import errors_in, in_stage, own_place, stage_of


def caught(*stages: str, error: Exception) -> Exception:
    """The error as it arrives from stages in each other, the outermost first."""
    try:
        if not stages:
            raise error
        with in_stage(stages[0]):
            raise caught(*stages[1:], error=error)
    except Exception as found:
        return found


def test_the_innermost_stage_is_noted_once() -> None:
    error = caught("finale", "people", error=KeyError("x"))
    assert stage_of(error) == "people"
    assert error.__notes__ == ["stage: people"]
    assert stage_of(caught(error=KeyError("x"))) is None


def test_the_stage_is_found_in_groups_and_in_what_an_error_came_from() -> None:
    first, second = caught("measure", error=KeyError("x")), caught("split", error=ValueError("y"))
    group = ExceptionGroup("tasks", [ExceptionGroup("inner", [first]), second])
    assert errors_in(group) == [first, second]
    assert stage_of(group) == "measure"
    reason = RuntimeError("in words")
    reason.__cause__ = group
    assert stage_of(reason) == "measure"
    reason.__notes__ = ["of somebody else"]
    group.__cause__ = reason  # in a circle
    assert stage_of(reason) == "measure"


def test_the_place_is_ours_where_a_library_raised(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text("{}")
    with pytest.raises(ValueError) as found:
        read_manifest(path)
    assert "pydantic" in str(found.traceback[-1].path)
    place = own_place(found.value)
    assert place is not None
    file, line = place.split(":")
    assert file == "stream/manifest.py"
    assert "model_validate" in (Path(read_manifest.__code__.co_filename).read_text().splitlines()[int(line) - 1])


def test_what_never_passed_our_code_has_no_place() -> None:
    assert own_place(ValueError("never raised")) is None
    assert own_place(caught(error=ValueError("raised in a test"))) is None
