"""Long work in a worker thread asks here, often, whether it is still wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from anyio import NoEventLoopError, from_thread

_LISTEN_EVERY_S = 0.05


def checkpoint() -> None:
    """Raise the cancellation that waits for this worker thread, if any; in a plain thread do nothing."""
    try:
        from_thread.check_cancelled()
    except NoEventLoopError:
        return


@contextmanager
def held(lock: Lock) -> Iterator[None]:
    """The lock, waited for with an ear for cancellation."""
    while not lock.acquire(timeout=_LISTEN_EVERY_S):
        checkpoint()
    try:
        yield
    finally:
        lock.release()
