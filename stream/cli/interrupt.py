"""Ctrl-C: work is cancelled in order; what does not let go in time is left behind, but nothing half-written."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar, cast

import anyio

from ..output.result_folder import abandon_all

T = TypeVar("T")

MESSAGE = "keyart: interrupted, nothing was left half-written"
GRACE_S = 0.6
"""How long orderly cancellation may take before the process is ended; with the cleaning it stays within a second."""

_SHOW_CURSOR = "\x1b[?25h"
_STDERR = 2


class Interrupted(BaseException):
    """A signal asked the command to stop. `exit_code` is 128 and the signal's number: 130 for Ctrl-C."""

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__(f"signal {signal_number}")
        self.exit_code = 128 + signal_number


class _Watch:
    """What the signal handler knows: whom to tell, and whether it already did."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.cancel: Callable[[], None] | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            _end_now(self.received)
        self.received = number
        guard = threading.Timer(GRACE_S, _end_now, (number,))
        guard.daemon = True
        guard.start()
        if self.cancel is None:
            raise Interrupted(number)
        self.cancel()


def _end_now(number: int) -> None:
    """End the process although threads are busy in native code: nothing else stops those."""
    abandon_all()
    cursor = _SHOW_CURSOR if os.isatty(_STDERR) else ""
    with suppress(OSError):
        os.write(_STDERR, f"{cursor}{MESSAGE}\n".encode())
    os._exit(128 + number)


@contextmanager
def _watching() -> Iterator[_Watch]:
    watch = _Watch()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, watch.handle) for number in numbers}
    try:
        yield watch
    finally:
        for number in numbers:
            signal.signal(number, before[number])


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGINT and SIGTERM raise Interrupted, and end the process when that is not heard in time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _watching():
        yield


def run_interruptible(work: Callable[[], Awaitable[T]]) -> T:
    """Run async work to its end. A signal cancels it: raises Interrupted once it has cleaned up after itself."""
    if threading.current_thread() is not threading.main_thread():
        return anyio.run(work)
    with _watching() as watch:
        try:
            result = anyio.run(_cancellable, work, watch)
        except BaseException as error:
            if watch.received is None or isinstance(error, Interrupted):
                raise
            raise Interrupted(watch.received) from error
        if watch.received is not None:
            raise Interrupted(watch.received)
        return cast(T, result)


async def _cancellable(work: Callable[[], Awaitable[T]], watch: _Watch) -> T | None:
    loop = asyncio.get_running_loop()
    with _woken_by_signals(loop), anyio.CancelScope() as scope:

        def cancel() -> None:
            loop.call_soon_threadsafe(scope.cancel)

        watch.cancel = cancel
        try:
            return await work()
        finally:
            watch.cancel = None
    return None


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """A signal that comes just before the loop goes to sleep would not be heard until something else wakes it: the
    interpreter writes to this pair of sockets at once, and the loop reads from it."""
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        loop.add_reader(reader, reader.recv, 4096)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(reader)
