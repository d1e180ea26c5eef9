"""One engine shared by all videos in flight: requests of several videos are answered as one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
from anyio import CapacityLimiter

from .. import log
from .clocks import StageClock, on_thread

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(slots=True)
class _Request(Generic[Q, A]):
    items: Sequence[Q]
    clock: StageClock
    done: anyio.Event = field(default_factory=anyio.Event)
    answers: list[A] | None = None
    error: Exception | None = None


class Batcher(Generic[Q, A]):
    """Calls `work` with the items of several callers at once and gives each caller its own answers.

    `work`: items → as many answers, in order; it blocks and runs on a worker thread of `limiter`. A batch starts when
    it holds `max_batch` items or its oldest request has waited `max_wait_s` seconds. A request is not split, so a batch
    may hold more. With `max_batch` 1 every item runs alone, so that no answer depends on others, and those of one
    request run at the same time where several tasks serve. When a batch of several requests fails, they are run one by
    one: each caller gets only the error of its own request.

    `sizes`: items in a batch → batches of that size so far.
    """

    def __init__(
        self, work: Callable[[Sequence[Q]], list[A]], max_batch: int, max_wait_s: float, limiter: CapacityLimiter
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._limiter = limiter
        self._send, self._receive = anyio.create_memory_object_stream[_Request[Q, A]](0)
        self._closed = False
        self.sizes: Counter[int] = Counter()

    async def ask(self, items: Sequence[Q], clock: StageClock) -> list[A]:
        """The answers to `items`, in their order; waits while the engine is busy.

        `clock` is charged with this caller's share of the engine's time. Raises what `work` raises for these items.
        """
        parts = [items] if self._max_batch > 1 or not items else [[item] for item in items]
        requests = [_Request[Q, A](part, clock) for part in parts]
        for request in requests:
            await self._send.send(request)
        for request in requests:
            await request.done.wait()
        return [answer for request in requests for answer in _answers_of(request)]

    async def serve(self) -> None:
        """Answer requests until `close` was called. Start it as a task, once for each batch that may run at a time."""
        if self._closed:
            return
        with self._receive.clone() as receive:
            async for first in receive:
                await self._answer([first, *await self._gather(receive, first)])

    def close(self) -> None:
        """Accept no more requests: `serve` returns when the last one is answered."""
        self._closed = True
        self._send.close()
        self._receive.close()

    async def _gather(
        self, receive: anyio.abc.ObjectReceiveStream[_Request[Q, A]], first: _Request[Q, A]
    ) -> list[_Request[Q, A]]:
        gathered: list[_Request[Q, A]] = []
        count = len(first.items)
        with anyio.move_on_at(anyio.current_time() + self._max_wait_s):
            while count < self._max_batch:
                try:
                    request = await receive.receive()
                except anyio.EndOfStream:
                    break
                gathered.append(request)
                count += len(request.items)
        return gathered

    async def _answer(self, requests: list[_Request[Q, A]]) -> None:
        items = [item for request in requests for item in request.items]
        self.sizes[len(items)] += 1
        together = StageClock("batch")
        try:
            answers = await on_thread(lambda: self._work(items), self._limiter, together, len(items))
        except Exception as error:
            if len(requests) > 1:  # nobody owns it: each may succeed alone, slower
                log.warning("batch failed", error, items=len(items), requests=len(requests))
            await self._answer_alone(requests, error)
            return
        for request in requests:
            request.clock.add(together, len(request.items))
            request.answers, answers = answers[: len(request.items)], answers[len(request.items) :]
            request.done.set()

    async def _answer_alone(self, requests: list[_Request[Q, A]], error: Exception) -> None:
        if len(requests) == 1:
            requests[0].error = error
            requests[0].done.set()
            return
        for request in requests:
            await self._answer([request])


def _answers_of(request: _Request[Q, A]) -> list[A]:
    if request.error is not None:
        raise request.error
    assert request.answers is not None
    return request.answers
