"""Ctrl-C: work is cancelled in order; what does not let go in time is left behind, but nothing half-written.

Signals are the command's alone: nothing below `stream.cli` installs a handler or a timer, and when the command's work
is over nothing of this is left in the process, which may be that of another program.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
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
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_SHOW_CURSOR = "\x1b[?25h"
_STDERR = 2


class Interrupted(BaseException):
    """A signal asked the command to stop. `exit_code` is 128 and the signal's number: 130 for Ctrl-C."""

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__(f"signal {signal_number}")
        self.exit_code = 128 + signal_number


class Interrupts:
    """What SIGINT and SIGTERM do while a command works: the first raises Interrupted in the main thread, or cancels
    what `run` runs; the second, or a first that is not heard in time, ends the process.

    The interpreter writes each signal's number to a pair of sockets at once, whatever its threads do; a thread of our
    own reads them, wakes the event loop and counts the time, so native code in the main thread does not hold it up.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.before_end: Callable[[int], None] | None = None
        """Told the signal when the process is ended with work still going on, in another thread."""
        self._cancel: Callable[[], None] | None = None
        self._over = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within the block signals are ours. After it handlers and wake-up descriptor are what they were, and the
        thread has ended. To be called in the main thread; a handler that is not Python's is left alone."""
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        listener = threading.Thread(target=self._listen, args=(reader,), name="keyart signals", daemon=True)
        before = {number: was for number in SIGNALS if (was := signal.getsignal(number)) is not None}
        with reader, writer:
            listener.start()
            woken_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            try:
                for number in before:
                    signal.signal(number, self._handle)
                yield
            finally:
                self._over = True
                for number, was in before.items():
                    signal.signal(number, was)
                signal.set_wakeup_fd(woken_before)
                writer.shutdown(socket.SHUT_WR)
                listener.join()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run async work to its end. A signal cancels it: raises Interrupted once it has cleaned up after itself."""
        try:
            result = anyio.run(self._cancellable, work)
        except BaseException as error:
            if self.received is None or isinstance(error, Interrupted):
                raise
            raise Interrupted(self.received) from error
        if self.received is not None:
            raise Interrupted(self.received)
        return cast(T, result)

    async def _cancellable(self, work: Callable[[], Awaitable[T]]) -> T | None:
        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:
            self._cancel = lambda: _call_in(loop, scope.cancel)
            try:
                return await work()
            finally:
                self._cancel = None
        return None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """In the main thread, between two steps of the interpreter."""
        self.received = self.received or number
        if self._over:
            return
        if self._cancel is None:
            raise Interrupted(number)
        self._cancel()

    def _listen(self, reader: socket.socket) -> None:
        """In a thread of its own, until the writing end is shut or the process is ended."""
        first = _next_signal(reader)
        if first is None:
            return
        if (cancel := self._cancel) is not None:
            cancel()
        try:
            second = _next_signal(reader, time.monotonic() + GRACE_S)
        except TimeoutError:
            second = first
        if second is not None:
            self._end_now(first)

    def _end_now(self, number: int) -> None:
        """End the process although threads are busy in native code: nothing else stops those."""
        try:
            abandon_all()
            cursor = _SHOW_CURSOR if os.isatty(_STDERR) else ""
            os.write(_STDERR, f"{cursor}{MESSAGE}\n".encode())
            if self.before_end is not None:
                self.before_end(number)
        finally:
            os._exit(128 + number)


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Within the block SIGINT and SIGTERM are heard, where they can be: in the main thread."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    with interrupts.listening():
        yield interrupts


def _next_signal(reader: socket.socket, until_s: float | None = None) -> int | None:
    """The next of our signals; None when the writing end is shut. Raises TimeoutError at `until_s` (monotonic)."""
    while True:
        reader.settimeout(None if until_s is None else max(0.001, until_s - time.monotonic()))
        heard = reader.recv(1)
        if not heard or heard[0] in SIGNALS:
            return heard[0] if heard else None


def _call_in(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed: the work ended in this moment
        loop.call_soon_threadsafe(work)
