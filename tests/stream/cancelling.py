"""Work on a worker thread whose task is cancelled while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import anyio
from anyio import CancelScope, create_task_group, from_thread, to_thread
from anyio.lowlevel import checkpoint


def hears_cancellation(work: Callable[[Callable[[], None]], object]) -> bool:
    """Run `work` on a worker thread and hand it a function that cancels its task; whether it ended by that."""

    async def run() -> bool:
        with CancelScope() as scope:
            await to_thread.run_sync(work, lambda: from_thread.run_sync(scope.cancel))
        return scope.cancelled_caught

    return anyio.run(run)


def cancelled_once(begun: Event, work: Callable[[], object]) -> None:
    """Cancel `work`, which never ends by itself, once it has `begun`; returns when it has heard of that."""

    async def run() -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(to_thread.run_sync, work)
            while not begun.is_set():
                await checkpoint()
            tasks.cancel_scope.cancel()

    anyio.run(run)
