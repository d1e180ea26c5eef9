"""One place for a picture process: requests wait there in a row, and a process that dies or hangs is replaced.

A request whose process died is tried once more: the process may have been killed for what another film had taken.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf

from anyio import CancelScope, EndOfStream, Event, WouldBlock, create_memory_object_stream, move_on_after

from ... import log
from ...backfill.links import WorkerEndedError
from ...pipeline.failures import reason_of
from .link import PictureProcess
from .messages import Pictures, Refused, Request, Times
from .source import PictureError, PictureUnavailableError

MOST_WAITING = 64
_FILMS_REMEMBERED = 4
_OPEN_IS_WORTH = 16
_STARTS_WITHIN_S = 120.0
"""Where loops must be compiled first, on a slow machine."""
Made = tuple[Pictures | Times, list[bytes]]
StartProcess = Callable[[], Awaitable[PictureProcess]]


@dataclass(slots=True)
class Order:
    """A request on its way. subject: path of the file that it is about; name: how people know that file. made: the
    answer or why there is none, once `done` is set. given_up: nobody waits any more."""

    request: Request
    subject: str
    name: str
    done: Event = field(default_factory=Event)
    made: Made | PictureError | None = None
    given_up: bool = False

    def end(self, made: Made | PictureError) -> None:
        """Answer it."""
        self.made = made
        self.done.set()


class Lane:
    """limit_s: what a request may take. warm: start the process before the first request. `run` serves the orders that
    `take` took."""

    def __init__(self, start: StartProcess, limit_s: float, *, warm: bool = False) -> None:
        self._start, self._limit_s, self._warm = start, limit_s, warm
        self._process: PictureProcess | None = None
        self._orders, self._waiting = create_memory_object_stream[Order](MOST_WAITING)
        self._busy = False
        self._films: OrderedDict[str, None] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many orders are in work or wait."""
        return self._waiting.statistics().current_buffer_used + self._busy

    def knows(self, subject: str) -> bool:
        """Whether it worked on the file lately."""
        return subject in self._films

    def load_for(self, subject: str) -> float:
        """How long an order about a file would wait here, in orders. A lane that worked on the file has it open, and
        frames of it at hand, which is worth `_OPEN_IS_WORTH`; a lane that is full is infinitely far."""
        if self._waiting.statistics().current_buffer_used >= MOST_WAITING:
            return inf
        return self.waiting + (0 if self.knows(subject) else _OPEN_IS_WORTH)

    def take(self, order: Order) -> None:
        """Put an order into the row. Raises PictureUnavailableError when the row is full."""
        try:
            self._orders.send_nowait(order)
        except WouldBlock:
            reason = "too many pictures are asked for at once, try again soon"
            raise PictureUnavailableError(f"{order.name}: {reason}") from None
        self._films[order.subject] = None
        self._films.move_to_end(order.subject)
        if len(self._films) > _FILMS_REMEMBERED:
            self._films.popitem(last=False)

    async def run(self) -> None:
        """Serve orders, until it is cancelled. Then the process ends, and orders that wait are refused."""
        try:
            if self._warm:
                await self._start_early()
            async for order in self._waiting:
                if not order.given_up:
                    await self._serve(order)
        finally:
            with CancelScope(shield=True):
                await self._drop_process()
            self._refuse_waiting()

    async def _start_early(self) -> None:
        """Where it fails now, the first request tries again and says why it has no picture."""
        try:
            await self._ready()
        except (TimeoutError, OSError, WorkerEndedError) as error:
            log.warning("picture process not started yet", error)

    async def _serve(self, order: Order) -> None:
        self._busy = True
        made: Made | PictureError = _stopping(order)
        try:
            made = await self._made(order)
        except Exception as error:
            log.error("picture failed", error, file=order.subject)
            made = PictureUnavailableError(f"{order.name}: {reason_of(error)}")
            await self._drop_process()
        finally:
            self._busy = False
            order.end(made)

    async def _made(self, order: Order) -> Made | PictureError:
        try:
            return await self._tried(order)
        except TimeoutError as error:
            reason = str(error)
        except WorkerEndedError as error:
            reason = f"the process that makes pictures {error.how()} there, and so did another, try another frame"
        except OSError as error:
            reason = f"no process for pictures can be started ({error.strerror or error}), look at the service's log"
        await self._drop_process()
        log.warning("picture process replaced", reason=reason, file=order.subject)
        return PictureUnavailableError(f"{order.name}: {reason}")

    async def _tried(self, order: Order) -> Made | PictureError:
        """The answer, of a second process where the first one died. Raises as `_answered`."""
        try:
            return await self._answered(order)
        except WorkerEndedError:
            if order.given_up:
                raise
            return await self._answered(order)

    async def _answered(self, order: Order) -> Made | PictureError:
        """The process's answer. Raises TimeoutError where it is not ready or hangs, OSError, and WorkerEndedError, of
        which the log is told and after which there is no process."""
        try:
            process = await self._ready()
            with move_on_after(self._limit_s):
                answer, pictures = await process.exchange(order.request)
                if isinstance(answer, Refused):
                    return PictureError(f"{order.name}: {answer.reason}")
                return answer, pictures
        except WorkerEndedError as error:
            log.error("picture process ended", how=error.how(), last_words=error.last_words(), file=order.subject)
            await self._drop_process()
            raise
        raise TimeoutError(f"no picture came within {self._limit_s:g} s, try another frame")

    async def _ready(self) -> PictureProcess:
        """The process, or another in its place when it ended while nothing was asked of it. Raises TimeoutError,
        OSError, WorkerEndedError."""
        if self._process is not None and self._process.ended:
            await self._drop_process()
        if self._process is None:
            with move_on_after(_STARTS_WITHIN_S):
                self._process = await self._start()
            if self._process is None:
                raise TimeoutError(f"the process for pictures was not ready within {_STARTS_WITHIN_S:g} s, try again")
        return self._process

    async def _drop_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()
        self._films.clear()

    def _refuse_waiting(self) -> None:
        self._orders.close()
        while True:
            try:
                order = self._waiting.receive_nowait()
            except (WouldBlock, EndOfStream):
                break
            order.end(_stopping(order))
        self._waiting.close()


def _stopping(order: Order) -> PictureUnavailableError:
    return PictureUnavailableError(f"{order.name}: the service is being stopped, try again when it is back")
