"""Threads for the pieces of one work, which end with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from .cancellation import checkpoint, listen_to

T = TypeVar("T")

_CANCEL_POLL_S = 0.1
"""How often whoever waits for the pieces looks for a cancellation."""


@contextmanager
def workers(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool for the block. When the block is left by an exception (a cancellation, too), pieces that have not begun
    never begin, and those that run end at their next `checkpoint`."""
    given_up = Event()
    pool = ThreadPoolExecutor(threads, initializer=listen_to, initargs=(given_up,))
    try:
        yield pool
    except BaseException:
        given_up.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def results(futures: Sequence[Future[T]]) -> list[T]:
    """The results of all futures, in order. Raises the first exception or a cancellation, and cancels what is left."""
    try:
        waiting = set(futures)
        while waiting:
            checkpoint()
            waiting = wait(waiting, timeout=_CANCEL_POLL_S).not_done
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()
