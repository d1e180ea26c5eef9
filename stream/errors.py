"""The errors that Keyart raises on purpose, and how errors of the GPU are turned into them.

    Exception
    ├── KeyartError        one film fails, or a run cannot begin, for a reason a person can act on
    │   ├── OutputError    the place for results cannot be written; counts against no film
    │   ├── LimitError     a film is beyond what the settings allow
    │   └── DecidersLostError  a process that decides at the ends of films has died
    ├── DeviceLostError    the GPU is lost to this process, which must end; counts against no film
    └── ValueError
        ├── UsageError     the command was given wrong arguments: exit code 2
        └── SettingsError  a setting has a wrong value: exit code 2

`engines` raises `ModelError` (a model cannot be fetched or loaded) and `SessionError` (a model cannot be run).
`device_errors` and the command line turn them into these errors or into exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import SessionError
from kernels.cuda.errors import cuda_message, out_of_memory, sticky

NO_ROOM = "needs more GPU memory than there is, set batching.in_flight lower"


class KeyartError(Exception):
    """A failure with a reason a person can act on: `reason, what to do`, without the file's name."""


class OutputError(KeyartError):
    """The place for results cannot be written: the disk is full, gone or read-only. No film's fault."""


class LimitError(KeyartError):
    """A film is beyond what the settings' `limits` allow."""


class DecidersLostError(KeyartError):
    """A process that decides at the ends of films has died, and what it knew of the films that end is lost with it. A
    worker of a library ends with it, for it cannot tell which film did that."""


class DeviceLostError(Exception):
    """No call to the GPU succeeds in this process any more. The process must end; a new one may use the GPU.

    Counts against no film, because another film may have caused it. The message is one line that says what to do.
    """


class UsageError(ValueError):
    """Wrong arguments of a command, found before any work starts."""


class SettingsError(ValueError):
    """A setting with a wrong value. The message is one line with the value, its source and what is allowed."""


@contextmanager
def device_errors() -> Iterator[None]:
    """For a block that works on one film. Turns an error after which the GPU cannot be used any more into
    DeviceLostError, and other errors of the GPU or an engine, also lack of memory, into KeyartError. Others pass."""
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
    """The DeviceLostError for an error after which the GPU cannot be used any more; None for other errors. Looks into
    groups and causes."""
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
