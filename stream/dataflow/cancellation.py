"""Cancellation of work on worker threads: long work calls `checkpoint` often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, local

from anyio import NoEventLoopError, from_thread

_CANCEL_POLL_S = 0.05
"""How often a thread that waits for a lock looks for a cancellation: a cancelled run ends within about this time."""


class GivenUpError(Exception):
    """Nobody waits any more for what this thread works on. Ends a piece of work in `stream.dataflow.workers`."""


_thread = local()


def listen_to(given_up: Event) -> None:
    """From now on `checkpoint` raises GivenUpError in this thread once the event is set."""
    _thread.given_up = given_up


def checkpoint() -> None:
    """Raise anyio's cancellation when the task that started this worker thread was cancelled, and GivenUpError in a
    thread of `workers` whose work was given up.

    Does nothing in a thread that neither anyio nor `workers` started.
    """
    given_up: Event | None = getattr(_thread, "given_up", None)
    if given_up is not None and given_up.is_set():
        raise GivenUpError
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
