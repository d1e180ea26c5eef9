"""SIGINT (Ctrl-C) and SIGTERM: the work is cancelled. When it does not stop in time, the process is ended after its
partial results were removed.

Only the commands handle signals: nothing below `stream.cli` installs a handler or a timer. After a command's work the
process has its former handlers again, because it may belong to another program.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar, cast

import anyio

from ..output.result_folder import abandon_all

T = TypeVar("T")

MESSAGE = "keyart: interrupted, nothing was left half-written"
GRACE_S = 0.6
"""How long cancellation may take before the process is ended. With the removal of partial results it is under 1 s."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_SHOW_CURSOR = "\x1b[?25h"
_STDERR = 2


class Interrupted(BaseException):
    """A signal asked the command to stop. `exit_code` is 128 plus the signal's number: 130 for Ctrl-C."""

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__(f"signal {signal_number}")
        self.exit_code = 128 + signal_number


class Interrupts:
    """Handles SIGINT and SIGTERM while a command works. The first signal raises Interrupted in the main thread, or
    cancels the work of `run`. A second signal ends the process; so does the first when the work has not stopped after
    `GRACE_S`. Work that is run with `when_asked` is told of the first signal and takes the time it needs; the second
    signal is then treated as a first one.

    The interpreter writes each signal's number to a socket at once (`signal.set_wakeup_fd`), whatever its threads do. A
    thread of our own reads it, wakes the event loop and counts the time. So native code in the main thread cannot delay
    it.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.before_end: Callable[[int], None] | None = None
        """Called with the signal's number, on another thread, before the process is ended with its work unfinished."""
        self._cancel: Callable[[], None] | None = None
        self._ask: Callable[[], None] | None = None
        self._over = False

    @contextmanager
    def as_interrupted(self) -> Iterator[None]:
        """Within the block every error that comes after a signal is raised as Interrupted: C code that was called when
        the signal came turns the exception of its handler into one of its own."""
        try:
            yield
        except Exception as error:
            if self.received is None:
                raise
            raise Interrupted(self.received) from error

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within the block the signals are handled here. After it, the former handlers and wake-up descriptor are
        restored and the thread has ended. Must be called in the main thread. Leaves handlers alone that were not
        installed by Python."""
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

    def run(self, work: Callable[[], Awaitable[T]], when_asked: Callable[[], None] | None = None) -> T:
        """Run async work and return its result. A signal cancels it; raises Interrupted after its cleanup.

        when_asked: called on the event loop at the first signal, which then cancels nothing; the work ends in its time.
        """
        try:
            result = anyio.run(self._cancellable, work, when_asked)
        except BaseException as error:
            if self.received is None or isinstance(error, Interrupted):
                raise
            raise Interrupted(self.received) from error
        if self.received is not None:
            raise Interrupted(self.received)
        return cast(T, result)

    async def _cancellable(self, work: Callable[[], Awaitable[T]], when_asked: Callable[[], None] | None) -> T | None:
        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:
            if when_asked is not None:
                self._ask = lambda: _call_in(loop, when_asked)
            self._cancel = lambda: _call_in(loop, scope.cancel)
            try:
                return await work()
            finally:
                self._cancel = self._ask = None
        return None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Runs in the main thread, between two bytecode instructions."""
        self.received = self.received or number
        if self._over:
            return
        if self._cancel is None:
            raise Interrupted(number)
        if self._ask is None:
            self._cancel()

    def _listen(self, reader: socket.socket) -> None:
        """Runs in a thread of its own until the writing end is shut or the process is ended."""
        first = _next_signal(reader)
        if first is not None and (ask := self._ask) is not None:
            ask()
            first = _next_signal(reader)
            self._ask = None
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
        """End the process, because nothing else stops threads that are busy in native code."""
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
    """Within the block SIGINT and SIGTERM are handled. Outside the main thread, where Python cannot, they are not."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    with interrupts.listening():
        yield interrupts


@contextmanager
def ignored_hangups() -> Iterator[None]:
    """Within the block SIGHUP does nothing until `hangups` hears it: a command that begins reads its settings anyway.
    Must be entered in the main thread."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def hangups() -> Iterator[Callable[[], AsyncIterator[None]]]:
    """Within the block SIGHUP is heard: what this yields does so once for each, or for several at once. Must be
    entered in the main thread, on the event loop."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    async def heard() -> AsyncIterator[None]:
        while True:
            await asked.wait()
            asked.clear()
            yield

    before = signal.signal(signal.SIGHUP, lambda number, frame: loop.call_soon_threadsafe(asked.set))
    try:
        yield heard
    finally:
        signal.signal(signal.SIGHUP, before)


def _next_signal(reader: socket.socket, until_s: float | None = None) -> int | None:
    """The next of our signals; None when the writing end is shut. Raises TimeoutError at `until_s` (monotonic)."""
    while True:
        reader.settimeout(None if until_s is None else max(0.001, until_s - time.monotonic()))
        heard = reader.recv(1)
        if not heard or heard[0] in SIGNALS:
            return heard[0] if heard else None


def _call_in(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed: the work has just ended
        loop.call_soon_threadsafe(work)
