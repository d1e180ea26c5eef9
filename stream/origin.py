"""Where an error comes from: the stage of the work on a film, and the place in our own code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

_NOTE = "stage: "
_ROOMS = frozenset({"stream", "engines", "kernels"})


@contextmanager
def in_stage(name: str) -> Iterator[None]:
    """Within the block errors get a note (`add_note`) with the name of the stage. When stages are nested, the innermost
    one is noted."""
    try:
        yield
    except Exception as error:
        if stage_of(error) is None:
            error.add_note(f"{_NOTE}{name}")
        raise


def stage_of(error: BaseException) -> str | None:
    """The stage noted on the error, else on the errors of its group or on its cause, whichever is found first; None
    without a note."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        seen.add(id(found))
        for note in getattr(found, "__notes__", ()):
            if note.startswith(_NOTE):
                return str(note).removeprefix(_NOTE)
        inner = list(found.exceptions) if isinstance(found, BaseExceptionGroup) else []
        inner += [found.__cause__] if found.__cause__ is not None else []
        waiting = [one for one in inner if id(one) not in seen] + waiting
    return None


def errors_in(error: BaseException) -> list[BaseException]:
    """The errors of a group, also of the groups in it, in order; an error that is no group, as the only item."""
    if isinstance(error, BaseExceptionGroup):
        return [one for inner in error.exceptions for one in errors_in(inner)]
    return [error]


def own_place(error: BaseException) -> str | None:
    """The innermost place in our own code in the error's traceback, as `stream/people/merging.py:88`; None without one.

    The innermost place of all may be in a library, which does not tell what Keyart was doing.
    """
    place = None
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.split(".")[0] in _ROOMS:
            file = Path(frame.f_code.co_filename)
            package = module if file.stem == "__init__" else module.rpartition(".")[0]
            place = f"{package.replace('.', '/')}/{file.name}:{line}"
    return place
