"""The one-line reason of a film that failed."""

from __future__ import annotations

from anyio import BrokenResourceError

from ..errors import KeyartError
from ..origin import errors_in, own_place, stage_of


def reason_of(error: Exception) -> str:
    """Why a film failed, in one line: `reason, what to do`.

    An error may hold several. The first KeyartError among them gives the reason; without one, lack of memory does. Any
    other error is a bug in Keyart, and the line names its stage and its place in the code.
    """
    found = errors_in(error)
    for one in found:
        if isinstance(one, KeyartError):
            return str(one)
    if any(isinstance(one, MemoryError) for one in found):
        return "needs more memory than there is, close other programs"
    # BrokenResourceError only says that the next stage has ended; the error of that stage is the cause.
    return _internal_error(next((one for one in found if not isinstance(one, BrokenResourceError)), found[0]))


def _internal_error(error: BaseException) -> str:
    stage, place = stage_of(error), own_place(error)
    what = f"{type(error).__name__} at {place}" if place else type(error).__name__
    said = (str(error).strip().splitlines() or ["no word"])[0]
    return f"failed inside Keyart ({f'{stage}: ' if stage else ''}{what}: {said}), report this"
