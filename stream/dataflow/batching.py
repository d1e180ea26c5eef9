"""A shared engine that fills its batches from all videos in flight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
from anyio import CapacityLimiter

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
    """Runs `work` on the items of several callers at once and answers each with its own rows.

    A batch goes when it holds `max_batch` items or its oldest request has waited `max_wait_s`; a request is never
    split. With `max_batch` 1 every request runs alone, so that an answer cannot depend on who else was asking. When a
    shared batch fails, its requests are run one by one: an error reaches the caller that owns it and nobody else.
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
        self.batches = 0
        self.items = 0

    async def ask(self, items: Sequence[Q], clock: StageClock) -> list[A]:
        """The answers to `items`, in their order; waits while the engine is busy with others.

        `clock` is charged with this caller's share of the engine's time.
        """
        request: _Request[Q, A] = _Request(items, clock)
        await self._send.send(request)
        await request.done.wait()
        if request.error is not None:
            raise request.error
        assert request.answers is not None
        return request.answers

    async def serve(self) -> None:
        """Answer requests until `close`; run it in the run's task group, once per worker that may run at a time."""
        if self._closed:
            return
        with self._receive.clone() as receive:
            async for first in receive:
                await self._answer([first, *await self._gather(receive, first)])

    def close(self) -> None:
        """No more questions: `serve` ends when the last one is answered."""
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
        self.batches += 1
        self.items += len(items)
        together = StageClock("batch")
        try:
            answers = await on_thread(lambda: self._work(items), self._limiter, together, len(items))
        except Exception as error:
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
