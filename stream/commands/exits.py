"""How a command ends: 0 all well, 1 something failed, 2 wrong usage, 130 interrupted; one line, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED = 1
WRONG_USAGE = 2


@contextmanager
def tidy_exit() -> Iterator[None]:
    """Turn the errors that a person can act on into one line on stderr and an exit code."""
    from engines.catalog import ModelError

    from ..configuration import SettingsError
    from ..interrupt import MESSAGE, Interrupted, interruptible
    from ..output import UsageError
    from ..records import KeyartError

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


def _say(text: str) -> None:
    from ..progress import one_line

    print(one_line(text), file=sys.stderr, flush=True)
