"""Exit codes of the commands: 0 success, 1 something failed, 2 wrong usage, 3 a run over a library stopped early, 70
the GPU is lost to this process, 130 interrupted by Ctrl-C, 143 by SIGTERM. Errors that a person can act on give one
line on stderr and no traceback."""

from __future__ import annotations

import errno
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
STOPPED = 3
"""A run over a library ended before its work did."""
DEVICE_LOST = 70
"""Tells a supervisor to start the command again: a new process may be able to use the GPU, this one is not."""
_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_BY_SIGNAL = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@contextmanager
def errors_to_exit_codes() -> Iterator[Interrupts]:
    """Within the block, turn signals and the errors that a person can act on into one line on stderr and `typer.Exit`
    with an exit code. Other errors pass unchanged."""
    from engines.errors import ModelError

    from ..errors import KeyartError, SettingsError, UsageError, device_lost
    from .interrupt import MESSAGE, Interrupted, interruptible

    try:
        with interruptible() as interrupts, interrupts.as_interrupted():
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
def exit_without_teardown() -> Iterator[None]:
    """End the process at once (`os._exit`) when the block is left with the exit code of a signal or `DEVICE_LOST`.

    The normal teardown of libraries may take long, and after the loss of a GPU it may abort and change the exit code.
    """
    try:
        yield
    except SystemExit as end:
        if end.code not in (DEVICE_LOST, *_BY_SIGNAL):
            raise
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads the stream any more
                stream.flush()
        os._exit(int(end.code))


@contextmanager
def full_output_to_exit_code() -> Iterator[None]:
    """Within the block, turn the error of output that cannot be written (a full disk behind `> FILE`) into one line on
    stderr and exit code 1. Errors of files with a name pass unchanged."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in _OUTPUT_LOST:
            raise
        say(f"keyart: the output cannot be written ({error.strerror}), make room or write it elsewhere")
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # what is left in buffers must not fail again at exit
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise SystemExit(FAILED) from None


def say(text: str) -> None:
    """Print the text as one line on stderr. Line breaks and control characters become spaces."""
    from .progress import one_line

    print(one_line(text), file=sys.stderr, flush=True)
