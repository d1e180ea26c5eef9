"""Where an error comes from: in which stage of a film's way, and where in our own code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

_NOTE = "stage: "
_ROOMS = frozenset({"stream", "engines", "kernels"})


@contextmanager
def in_stage(name: str) -> Iterator[None]:
    """Within the block, which is part of the work on one film, errors get a note that names the stage. Of stages in
    each other the innermost stands."""
    try:
        yield
    except Exception as error:
        if stage_of(error) is None:
            error.add_note(f"{_NOTE}{name}")
        raise


def stage_of(error: BaseException) -> str | None:
    """The stage that the error, the first of a group or what it came from was noted in; None when in none."""
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
    """The error alone, or all those of a group and of the groups in it, in order."""
    if isinstance(error, BaseExceptionGroup):
        return [one for inner in error.exceptions for one in errors_in(inner)]
    return [error]


def own_place(error: BaseException) -> str | None:
    """The last place in our own code that the error passed, as `stream/people/merging.py:88`; None when it passed none.

    Its own last frame may be a library's, which says little of what was asked for.
    """
    place = None
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.split(".")[0] in _ROOMS:
            file = Path(frame.f_code.co_filename)
            package = module if file.stem == "__init__" else module.rpartition(".")[0]
            place = f"{package.replace('.', '/')}/{file.name}:{line}"
    return place
