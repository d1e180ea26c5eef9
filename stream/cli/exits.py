"""How a command ends: 0 all well, 1 something failed, 2 wrong usage, 70 the GPU is lost to this process, 130
interrupted; one line, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED = 1
WRONG_USAGE = 2
DEVICE_LOST = 70
"""For a supervisor: another process may do what this one cannot any more."""


@contextmanager
def tidy_exit() -> Iterator[None]:
    """Turn the errors that a person can act on into one line on stderr and an exit code."""
    from engines.errors import ModelError

    from ..errors import KeyartError, SettingsError, UsageError, device_lost
    from .interrupt import MESSAGE, Interrupted, interruptible

    try:
        with interruptible():
            yield
    except (SettingsError, UsageError) as error:
        _say(f"keyart: {error}")
        raise typer.Exit(WRONG_USAGE) from None
    except (KeyartError, ModelError) as error:
        _say(f"keyart: {error}")
        raise typer.Exit(FAILED) from None
    except Interrupted as interrupted:
        _say(MESSAGE)
        raise typer.Exit(interrupted.exit_code) from None
    except Exception as error:
        lost = device_lost(error)
        if lost is None:
            raise
        _say(f"keyart: {lost}")
        raise typer.Exit(DEVICE_LOST) from None


@contextmanager
def no_teardown_without_device() -> Iterator[None]:
    """Ends the process at once when it leaves the block with `DEVICE_LOST`: libraries that give their parts of a lost
    device back may abort, and hide the exit code."""
    try:
        yield
    except SystemExit as end:
        if end.code != DEVICE_LOST:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(DEVICE_LOST)


def _say(text: str) -> None:
    from .progress import one_line

    print(one_line(text), file=sys.stderr, flush=True)
