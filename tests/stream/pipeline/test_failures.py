from __future__ import annotations

import json

import pytest
from anyio import BrokenResourceError

from stream.errors import KeyartError
from stream.origin import in_stage
from stream.pipeline.failures import reason_of
from stream.settings.section import parse_time_s


def mistake(stage: str | None = None) -> Exception:
    """An error whose last frame is the library's, below a function of ours."""
    try:
        if stage is None:
            parse_time_s(_Text("1"))
        else:
            with in_stage(stage):
                parse_time_s(_Text("1"))
    except Exception as error:
        return error
    raise AssertionError("no mistake")


class _Text(str):
    def strip(self, *chars: str | None) -> str:
        return str(json.loads("{"))


def test_a_mistake_names_stage_and_our_own_last_frame() -> None:
    said = reason_of(ExceptionGroup("tasks", [mistake("people")]))
    assert said.startswith("failed inside Keyart (people: JSONDecodeError at stream/settings/section.py:")
    assert said.endswith("column 2 (char 1)), report this")
    assert reason_of(mistake()).startswith("failed inside Keyart (JSONDecodeError at stream/settings/section.py:")
    assert reason_of(ValueError("")) == "failed inside Keyart (ValueError: no word), report this"


@pytest.mark.parametrize("other", [BrokenResourceError(), KeyError("bug"), MemoryError()])
def test_of_several_errors_the_one_that_a_person_can_act_on_is_the_reason(other: Exception) -> None:
    for errors in ([other, KeyartError("is empty, copy it again")], [KeyartError("is empty, copy it again"), other]):
        assert reason_of(ExceptionGroup("tasks", errors)) == "is empty, copy it again"


def test_a_reader_that_left_is_no_cause() -> None:
    said = reason_of(ExceptionGroup("tasks", [BrokenResourceError(), mistake("collect")]))
    assert said.startswith("failed inside Keyart (collect: JSONDecodeError")
    assert "BrokenResourceError" in reason_of(ExceptionGroup("tasks", [BrokenResourceError()]))


def test_want_of_memory_has_words() -> None:
    said = reason_of(ExceptionGroup("tasks", [BrokenResourceError(), MemoryError()]))
    assert said == "needs more memory than there is, close other programs"
