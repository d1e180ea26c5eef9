"""Keeps stdout for the output of Keyart, because C libraries print to it as well."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

_STDOUT, _STDERR = 1, 2


@contextmanager
def own_stdout() -> Iterator[None]:
    """Within the block only Python's `print` reaches stdout. Other writes to descriptor 1 go to stderr.

    PyNvVideoCodec reports pictures that it cannot decode with printf(), which would mix with the lines of `--json`.
    Changes nothing where `sys.stdout` does not write to descriptor 1 or `sys.stderr` not to descriptor 2.
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
            ctypes.CDLL(None).fflush(None)  # text that C libraries have buffered belongs on stderr
            try:
                own.flush()
            finally:
                os.dup2(own.fileno(), _STDOUT)


def _is(stream: object, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, OSError, ValueError):
        return False
