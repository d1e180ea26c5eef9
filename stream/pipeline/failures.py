"""What is said of a film that failed."""

from __future__ import annotations

from anyio import BrokenResourceError

from ..errors import KeyartError
from ..origin import errors_in, own_place, stage_of


def reason_of(error: Exception) -> str:
    """Why a film failed, in one line: `reason, what to do`.

    Of several errors the first that a person can act on counts. A mistake of ours costs one film, and the line says in
    which stage and where it was made.
    """
    found = errors_in(error)
    for one in found:
        if isinstance(one, KeyartError):
            return str(one)
    if any(isinstance(one, MemoryError) for one in found):
        return "needs more memory than there is, close other programs"
    # A stage whose reader has left is no cause.
    return _mistake(next((one for one in found if not isinstance(one, BrokenResourceError)), found[0]))


def _mistake(error: BaseException) -> str:
    stage, place = stage_of(error), own_place(error)
    what = f"{type(error).__name__} at {place}" if place else type(error).__name__
    said = (str(error).strip().splitlines() or ["no word"])[0]
    return f"failed inside Keyart ({f'{stage}: ' if stage else ''}{what}: {said}), report this"
