"""The supervisor's end of the process that speaks to Ray (`stream.backfill.ray.driver`)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from anyio import (
    BrokenResourceError,
    CancelScope,
    ClosedResourceError,
    EndOfStream,
    Event,
    IncompleteRead,
    Lock,
    move_on_after,
)
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ..links import WorkerLostError, tail_of
from ..messages import Message
from .link import RayWorker
from .messages import FROM_DRIVER, Connected, FromDriver, FromWorker, NotConnected, PlacesNow

_END_WITHIN_S = 5.0
_LONGEST_LINE_BYTES = 1 << 25


@dataclass(slots=True)
class DriverLink:
    """A process that speaks to Ray, and what it said last."""

    process: Process
    log: Path
    answered: Event = field(default_factory=Event)
    refused: str | None = None
    """Why Ray did not let it in."""
    connected: bool = False
    ended: bool = False
    places: PlacesNow = field(default_factory=lambda: PlacesNow(names=()))
    looked: Event = field(default_factory=Event)
    """Set when a place was found, or a node that is given no work."""
    workers: dict[int, RayWorker] = field(default_factory=dict)

    _sending: Lock = field(default_factory=Lock)

    async def send(self, message: Message) -> None:
        """Say something. Raises WorkerLostError when it has ended."""
        assert self.process.stdin is not None
        try:
            async with self._sending:
                await self.process.stdin.send(message.line())
        except (BrokenResourceError, ClosedResourceError, OSError):
            raise WorkerLostError(self.gone()) from None

    async def close(self) -> None:
        """Let it end by itself, and the actors with it, then end it; at once where it has not come so far."""
        assert self.process.stdin is not None
        with CancelScope(shield=True):
            with suppress(BrokenResourceError, ClosedResourceError, OSError):
                await self.process.stdin.aclose()
            with move_on_after(_END_WITHIN_S if self.connected else 0.0):
                await self.process.wait()
            if self.process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)  # it leads a group, in which is whom it asked
            await self.process.aclose()

    async def read(self) -> None:
        """Take what it says, until it ends; then its workers are lost."""
        assert self.process.stdout is not None
        out = BufferedByteReceiveStream(self.process.stdout)
        with suppress(EndOfStream, IncompleteRead, BrokenResourceError, ClosedResourceError):
            while True:
                self._take(FROM_DRIVER.validate_json(await out.receive_until(b"\n", _LONGEST_LINE_BYTES)))
        self.ended = True
        self.answered.set()
        self.looked.set()
        for worker in self.workers.values():
            worker.end(WorkerLostError(self.gone()))

    def why_not(self) -> str:
        """Why it could not connect."""
        return self.refused or f"the process that speaks to Ray ended ({self._last_words()})"

    def gone(self) -> str:
        """What is said of a worker whose Ray is gone."""
        return f"was lost with Ray ({self._last_words()})"

    def _last_words(self) -> str:
        said = [line.strip() for line in tail_of(self.log).splitlines() if line.strip()]
        return said[-1][-200:] if said else "nothing in its log"

    def _take(self, message: FromDriver) -> None:
        if isinstance(message, Connected):
            self.connected = True
            self.answered.set()
        elif isinstance(message, NotConnected):
            self.refused = message.reason
        elif isinstance(message, PlacesNow):
            self.places = message
            if message.names or message.refused:
                self.looked.set()
        elif (worker := self.workers.get(message.worker)) is not None:
            worker.take(message)
            if not isinstance(message, FromWorker):
                del self.workers[message.worker]
