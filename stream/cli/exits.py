"""How a command ends: 0 all well, 1 something failed, 2 wrong usage, 70 the GPU is lost to this process, 130
interrupted; one line, no traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from .interrupt import Interrupts

FAILED = 1
WRONG_USAGE = 2
DEVICE_LOST = 70
"""For a supervisor: another process may do what this one cannot any more."""
_BY_SIGNAL = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@contextmanager
def tidy_exit() -> Iterator[Interrupts]:
    """Turn the errors that a person can act on, and signals, into one line on stderr and an exit code."""
    from engines.errors import ModelError

    from ..errors import KeyartError, SettingsError, UsageError, device_lost
    from .interrupt import MESSAGE, Interrupted, interruptible

    try:
        with interruptible() as interrupts:
            yield interrupts
    except (SettingsError, UsageError) as error:
        say(f"keyart: {error}")
        raise typer.Exit(WRONG_USAGE) from None
    except (KeyartError, ModelError) as error:
        say(f"keyart: {error}")
        raise typer.Exit(FAILED) from None
    except Interrupted as interrupted:
        say(MESSAGE)
        raise typer.Exit(interrupted.exit_code) from None
    except Exception as error:
        lost = device_lost(error)
        if lost is None:
            raise
        say(f"keyart: {lost}")
        raise typer.Exit(DEVICE_LOST) from None


@contextmanager
def no_teardown_when_given_up() -> Iterator[None]:
    """Ends the process at once when it leaves the block interrupted or with `DEVICE_LOST`: taking libraries down may
    last, and those that give their parts of a lost device back may abort, and hide the exit code."""
    try:
        yield
    except SystemExit as end:
        if end.code not in (DEVICE_LOST, *_BY_SIGNAL):
            raise
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads it any more, and there is nobody else to tell
                stream.flush()
        os._exit(int(end.code))


def say(text: str) -> None:
    """One line on stderr, whatever the text holds."""
    from .progress import one_line

    print(one_line(text), file=sys.stderr, flush=True)
