"""The supervisor's end of a worker on a node of Ray's: `WorkerLink`, over the process that speaks to Ray."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from anyio import BrokenResourceError, CancelScope, ClosedResourceError, create_memory_object_stream, move_on_after

from ..links import WorkerEndedError, WorkerLostError
from ..messages import FROM_WORKER, Message, Said
from .messages import AbortWorker, FromWorker, StopWorker, ToWorker, WorkerEnded, WorkerLost

SendOn = Callable[[Message], Awaitable[None]]
_ON_THE_WAY_S = 3.0
"""Beside the time that a node takes, for the way there and back."""


class RayWorker:
    """`WorkerLink` to a worker of this number. `send`: to the process that speaks to Ray; raises WorkerLostError when
    that is gone."""

    def __init__(self, number: int, send: SendOn) -> None:
        self.number, self._send = number, send
        self._heard, self._next = create_memory_object_stream[FromWorker](math.inf)
        self._ended: WorkerEndedError | None = None
        self._memory_mib = 0.0
        self.abort_within_s = 10.0

    def take(self, message: FromWorker | WorkerEnded | WorkerLost) -> None:
        """What came of the worker."""
        if isinstance(message, FromWorker):
            with suppress(BrokenResourceError, ClosedResourceError):  # nobody listens to it any more
                self._heard.send_nowait(message)
        elif isinstance(message, WorkerEnded):
            self.end(WorkerEndedError(message.exit_code, message.log))
        else:
            self.end(WorkerLostError(message.why))

    def end(self, ended: WorkerEndedError) -> None:
        """Nothing more comes."""
        self._ended = self._ended or ended
        self._heard.close()

    async def send(self, message: Message) -> None:
        """See `WorkerLink`."""
        await self._send(ToWorker(worker=self.number, text=message.line().decode().strip()))

    async def receive(self) -> Said:
        """See `WorkerLink`."""
        async for heard in self._next:
            self._memory_mib = heard.memory_mib
            return FROM_WORKER.validate_json(heard.text)
        assert self._ended is not None
        raise self._ended

    async def stop(self, within_s: float) -> None:
        """See `WorkerLink`."""
        gone = suppress(WorkerLostError, ClosedResourceError)
        with CancelScope(shield=True), move_on_after(within_s + _ON_THE_WAY_S), gone:
            if self._ended is None:
                await self._send(StopWorker(worker=self.number, within_s=within_s))
            await self._end_of_it()
        self._heard.close()
        self._next.close()

    async def abort(self) -> WorkerEndedError:
        """See `WorkerLink`."""
        with CancelScope(shield=True), move_on_after(self.abort_within_s), suppress(WorkerLostError):
            await self._send(AbortWorker(worker=self.number))
            return await self._end_of_it()
        return WorkerLostError("cannot be reached on its node")

    async def _end_of_it(self) -> WorkerEndedError:
        async for _ in self._next:
            pass
        assert self._ended is not None
        return self._ended

    def memory_mib(self) -> float:
        """See `WorkerLink`."""
        return self._memory_mib
