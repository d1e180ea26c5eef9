"""Bounded channels between stages: anyio's memory streams with a name and a meter of the time spent waiting."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

T = TypeVar("T")


@dataclass(slots=True)
class ChannelMeter:
    """What passed through a channel, and how long its two sides waited: this tells which stage is the bottleneck."""

    name: str
    capacity: int
    items: int = 0
    blocked_put_s: float = 0.0
    """Seconds that the sender waited for room: the stage after the channel is the slow one."""
    blocked_get_s: float = 0.0
    """Seconds that the receiver waited for items: the stage before the channel is the slow one."""
    count_held: Callable[[], int] = field(default=lambda: 0, repr=False, compare=False)

    @property
    def depth(self) -> int:
        """Items in the channel now. Nothing is counted for it as items pass: the channel is asked."""
        return self.count_held()


class Sender(Generic[T]):
    """The writing end. Leaving its `with` block ends the channel for the receiver."""

    def __init__(self, stream: MemoryObjectSendStream[T], meter: ChannelMeter) -> None:
        self._stream = stream
        self._meter = meter

    async def send(self, item: T) -> None:
        """Put one item into the channel; waits while it is full.

        Raises anyio.BrokenResourceError when the receiver has left.
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
    """Both ends and the meter of a channel that holds at most `capacity` items of type `of`.

    Raises ValueError for a negative or infinite capacity.
    """
    if not 0 <= capacity < math.inf:
        raise ValueError(f"channel {name}: capacity {capacity} does not bound it")
    send, receive = anyio.create_memory_object_stream[T](capacity)
    meter = ChannelMeter(name, capacity, count_held=lambda: receive.statistics().current_buffer_used)
    return Sender(send, meter), Receiver(receive, meter), meter
