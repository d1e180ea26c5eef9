"""Bounded channels between stages: anyio's memory streams with a name, a depth and the time spent waiting on them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

T = TypeVar("T")


@dataclass(slots=True)
class ChannelMeter:
    """What a channel saw: the edge that tells which stage is the bottleneck. Read when somebody asks."""

    name: str
    capacity: int
    items: int = 0
    blocked_put_s: float = 0.0
    """Time its producer waited for room: the stage after it is the slow one."""
    blocked_get_s: float = 0.0
    """Time its consumer waited for work: the stage before it is the slow one."""


class Sender(Generic[T]):
    """The writing end. Leaving its `with` block ends the channel for the reader."""

    def __init__(self, stream: MemoryObjectSendStream[T], meter: ChannelMeter) -> None:
        self._stream = stream
        self._meter = meter

    async def send(self, item: T) -> None:
        """Hand over one item, waiting while the channel is full.

        Raises anyio.BrokenResourceError when the reader has left.
        """
        started_s = time.perf_counter()
        await self._stream.send(item)
        self._meter.blocked_put_s += time.perf_counter() - started_s
        self._meter.items += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


class Receiver(Generic[T]):
    """The reading end: an asynchronous iterator that ends when the sender has left."""

    def __init__(self, stream: MemoryObjectReceiveStream[T], meter: ChannelMeter) -> None:
        self._stream = stream
        self._meter = meter

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        started_s = time.perf_counter()
        try:
            return await self._stream.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None
        finally:
            self._meter.blocked_get_s += time.perf_counter() - started_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def open_channel(name: str, of: type[T], capacity: int) -> tuple[Sender[T], Receiver[T], ChannelMeter]:
    """A channel that holds at most `capacity` items of type `of`.

    Raises ValueError for a capacity that bounds nothing.
    """
    if not 0 <= capacity < math.inf:
        raise ValueError(f"channel {name}: capacity {capacity} does not bound it")
    meter = ChannelMeter(name, capacity)
    send, receive = anyio.create_memory_object_stream[T](capacity)
    return Sender(send, meter), Receiver(receive, meter), meter
