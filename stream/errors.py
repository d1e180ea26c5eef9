"""Every error that Keyart raises on purpose, and what an error of the device means for the run.

    Exception
    ├── KeyartError        one film, or a run that cannot begin, fails for a reason a person can act on
    ├── DeviceLostError    the GPU is lost to this process: it must end, no film is charged
    └── ValueError
        ├── UsageError     what was asked for cannot be meant: exit code 2
        └── SettingsError  a setting cannot be: exit code 2

Below `stream` there are `engines.errors.ModelError` (a model cannot be had) and `engines.errors.SessionError` (a model
cannot be run); `device_errors` and the command line turn them into these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import SessionError
from kernels.cuda.errors import cuda_message, out_of_memory, sticky

NO_ROOM = "needs more GPU memory than there is, set batching.in_flight lower"


class KeyartError(Exception):
    """A failure with a reason a person can act on: `reason, what to do`, without the file's name."""


class DeviceLostError(Exception):
    """After what happened no call to the GPU succeeds in this process: it must end, and another may begin.

    Never charged to a film: the one that met it may be the victim of another. One line that says what to do.
    """


class UsageError(ValueError):
    """What was asked for cannot be meant; found before any work starts."""


class SettingsError(ValueError):
    """Settings that cannot be: one line that names the value, its place and what is allowed."""


@contextmanager
def device_errors() -> Iterator[None]:
    """Within the block, which works on one film: raises DeviceLostError for what ends the device, and KeyartError for
    what its engines or the device refuse, want of memory among it; other errors pass."""
    try:
        yield
    except Exception as error:
        lost = device_lost(error)
        if lost is not None:
            raise lost from error
        reason = _reason(error)
        if reason is not None:
            raise KeyartError(reason) from error
        raise


def device_lost(error: BaseException) -> DeviceLostError | None:
    """What to say when the device cannot be used any more after `error`, wherever in it that is found; else None."""
    name = sticky(error)
    if name is None:
        return None
    return DeviceLostError(f"the GPU failed ({name}), this process cannot use it any more; run again, results stay")


def _reason(error: BaseException) -> str | None:
    if out_of_memory(error):
        return NO_ROOM
    said = cuda_message(error) or _from_session(error)
    return f"cannot be worked on ({said}), report this" if said else None


def _from_session(error: BaseException) -> str | None:
    if isinstance(error, BaseExceptionGroup):
        return next((said for inner in error.exceptions if (said := _from_session(inner))), None)
    return str(error) if isinstance(error, SessionError) else None
