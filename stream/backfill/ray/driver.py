"""The process that speaks to Ray for a supervisor: `python -m stream.backfill.ray.driver`. In: what to start and to say
to workers; out: the places there are, and what workers say (`stream.backfill.ray.messages`). It ends when its stdin
ends, and with it the actors. Ray ends a process that has lost its cluster: this one, and not the supervisor.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import anyio
from anyio import BrokenResourceError, ClosedResourceError, create_memory_object_stream, create_task_group
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from ray.exceptions import RayError

from ..messages import path_out
from ..pipes import Send, lines, sender
from .access import LOCAL
from .connecting import RayRefusedError, connected
from .messages import (
    TO_DRIVER,
    AbortWorker,
    Connect,
    Connected,
    FromWorker,
    NotConnected,
    StartWorker,
    StopWorker,
    ToWorker,
    WorkerEnded,
    WorkerLost,
)
from .nodes import Nodes, Seat, why
from .relay import Heard, log_of

_MOST_LINES_WAITING = 1000


class Workers:
    """The workers that were started; each has a task that passes on what it says."""

    def __init__(self, connect: Connect, nodes: Nodes, send: Send, tasks: TaskGroup) -> None:
        self._logs, self._nodes, self._send, self._tasks = connect.logs, nodes, send, tasks
        self._seats: dict[int, Seat] = {}
        self._lines: dict[int, MemoryObjectSendStream[bytes]] = {}

    async def handle(self, message: StartWorker | ToWorker | StopWorker | AbortWorker) -> None:
        """Start a worker, or say something to one; what is over is passed over."""
        if isinstance(message, StartWorker):
            self._start(message)
        elif isinstance(message, ToWorker):
            if (waiting := self._lines.get(message.worker)) is not None:
                with suppress(BrokenResourceError, ClosedResourceError):  # it ended meanwhile, and that is said
                    await waiting.send(message.text.encode() + b"\n")
        elif (seat := self._seats.get(message.worker)) is not None:
            self._tasks.start_soon(self._end, seat, message)

    def _start(self, message: StartWorker) -> None:
        seat = self._nodes.seat(message.place)
        if seat is None:
            self._send(WorkerLost(worker=message.worker, why=f"has no place {message.place} any more"))
            return
        self._seats[message.worker] = seat
        self._lines[message.worker], to_send = create_memory_object_stream[bytes](_MOST_LINES_WAITING)
        self._tasks.start_soon(self._run, message, seat, to_send)

    async def _run(self, message: StartWorker, seat: Seat, to_send: MemoryObjectReceiveStream[bytes]) -> None:
        try:
            await seat.relay.start.remote(message.worker, path_out(log_of(self._logs, message.name)))
            async with create_task_group() as tasks:
                tasks.start_soon(_pass_on, seat, message.worker, to_send)
                ended = await self._heard(message.worker, seat)
                tasks.cancel_scope.cancel()
            self._send(WorkerEnded(worker=message.worker, exit_code=ended.exit_code, log=ended.log))
        except* RayError as group:
            self._send(WorkerLost(worker=message.worker, why=f"was lost with its node ({why(group.exceptions[0])})"))
        finally:
            del self._seats[message.worker]
            self._lines.pop(message.worker).close()
            to_send.close()

    async def _heard(self, worker: int, seat: Seat) -> Heard:
        """Pass on what the worker says, until it ends."""
        while True:
            heard: Heard = await seat.relay.receive.remote(worker)
            if heard.line is None:
                return heard
            self._send(FromWorker(worker=worker, text=heard.line.decode(), memory_mib=heard.memory_mib))

    async def _end(self, seat: Seat, message: StopWorker | AbortWorker) -> None:
        try:
            if isinstance(message, StopWorker):
                await seat.relay.stop.remote(message.worker, message.within_s)
            else:
                await seat.relay.abort.remote(message.worker)
        except RayError:
            return  # what reads from the worker says that it is lost


async def _pass_on(seat: Seat, worker: int, to_send: AsyncIterator[bytes]) -> None:
    """One after the other: Ray does not keep the order of calls of an actor with several at a time."""
    async for line in to_send:
        await seat.relay.send.remote(worker, line)


async def _serve(connect: Connect, incoming: AsyncIterator[bytes], send: Send) -> None:
    async with create_task_group() as tasks:
        nodes = Nodes(connect, send, tasks)
        tasks.start_soon(nodes.run)
        workers = Workers(connect, nodes, send, tasks)
        async for line in incoming:
            message = TO_DRIVER.validate_json(line)
            assert not isinstance(message, Connect)
            await workers.handle(message)
        tasks.cancel_scope.cancel()


def main() -> None:
    """Run until stdin ends."""
    # What Ray prints must not come between the messages.
    out = os.dup(1)
    os.dup2(2, 1)
    send = sender(out)
    first = _first_line()
    if not first:
        return
    connect = TO_DRIVER.validate_json(first)
    assert isinstance(connect, Connect)
    if connect.address != LOCAL:  # a Ray of our own would not hear them either
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        with connected(connect):
            send(Connected())
            anyio.run(partial(_serve, connect, lines(0), send))
    except RayRefusedError as error:
        send(NotConnected(reason=str(error)))


def _first_line() -> bytes:
    """Byte by byte, so that nothing of what follows is taken."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return b""
        line += byte
    return line


if __name__ == "__main__":
    main()
    sys.stderr.flush()
