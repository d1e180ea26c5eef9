"""Keeps stdout for what Keyart prints: C libraries print into it as well."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

_STDOUT, _STDERR = 1, 2


@contextmanager
def own_stdout() -> Iterator[None]:
    """Within the block only Python's `print` reaches stdout; whatever else is written to its descriptor reaches stderr.

    PyNvVideoCodec says by printf() which pictures of a damaged film it could not decode, between the lines of `--json`.
    Nothing is changed where `sys.stdout` is not the descriptor's, or stderr is closed.
    """
    if not (_is(sys.stdout, _STDOUT) and _is(sys.stderr, _STDERR)):
        yield
        return
    sys.stdout.flush()
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    with os.fdopen(os.dup(_STDOUT), "w", encoding=encoding, errors=errors) as own:
        os.dup2(_STDERR, _STDOUT)
        try:
            with redirect_stdout(own):
                yield
        finally:
            ctypes.CDLL(None).fflush(None)  # what C still holds back was meant for stderr
            own.flush()
            os.dup2(own.fileno(), _STDOUT)


def _is(stream: object, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, OSError, ValueError):
        return False
