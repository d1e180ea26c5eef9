"""Cancellation of work on worker threads: long work calls `checkpoint` often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from anyio import NoEventLoopError, from_thread

_CANCEL_POLL_S = 0.05
"""How often a thread that waits for a lock looks for a cancellation: a cancelled run ends within about this time."""


def checkpoint() -> None:
    """Raise anyio's cancellation when the task that started this worker thread was cancelled.

    Does nothing in a thread that anyio did not start.
    """
    try:
        from_thread.check_cancelled()
    except NoEventLoopError:
        return


@contextmanager
def lock_cancellably(lock: Lock) -> Iterator[None]:
    """Hold the lock within the block. While waiting for it, a cancellation is raised as by `checkpoint`."""
    while not lock.acquire(timeout=_CANCEL_POLL_S):
        checkpoint()
    try:
        yield
    finally:
        lock.release()
