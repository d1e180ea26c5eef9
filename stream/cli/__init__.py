"""The commands of `keyart`, one module each. In: what was typed; out: calls of the rooms below, lines for people, an
exit code. Heavy imports happen inside the commands, so that `--help` is quick."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import build_app

__all__ = ["build_app", "main"]
_INTERRUPTED = b"keyart: interrupted, nothing was left half-written\n"


def main() -> None:
    """Entry point of the `keyart` script. From the first line on a signal ends it with one line and exit code 130
    (SIGINT) or 143 (SIGTERM); commands that have something to clean up replace these handlers while they work."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    from .app import run_app

    run_app()


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, _INTERRUPTED)
    os._exit(128 + number)


def __getattr__(name: str) -> Any:
    """`build_app` when it is asked for: importing Typer takes a tenth of a second, in which a signal may come."""
    if name != "build_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .app import build_app

    return build_app
