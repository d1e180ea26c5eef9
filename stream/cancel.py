"""Long work in a worker thread asks here, often, whether it is still wanted."""

from __future__ import annotations

from anyio import NoEventLoopError, from_thread


def checkpoint() -> None:
    """Raise the cancellation that waits for this worker thread, if any; in a plain thread do nothing."""
    try:
        from_thread.check_cancelled()
    except NoEventLoopError:
        return
