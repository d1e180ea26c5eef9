"""What happens, told to whoever listens: one bounded queue a listener, so that a slow one holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from anyio import WouldBlock, create_memory_object_stream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

EventKind = Literal["job", "progress", "counts", "review", "trouble", "paused", "lost"]
_WAITING = 256
"""Events that wait for a listener; one that is further behind is told that it lost some, and may ask anew."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; number: rises with every event of the process."""

    number: int
    kind: EventKind
    data: dict[str, Any]


@dataclass(slots=True)
class _Listener:
    send: MemoryObjectSendStream[Event]
    behind: bool = False


@dataclass(slots=True)
class Events:
    """To be used on the event loop."""

    _listeners: list[_Listener] = field(default_factory=list)
    _number: int = 0

    def publish(self, kind: EventKind, data: dict[str, Any]) -> None:
        """Tell everybody who listens; never waits."""
        self._number += 1
        event = Event(self._number, kind, data)
        for listener in self._listeners:
            try:
                if listener.behind:
                    listener.send.send_nowait(Event(self._number, "lost", {}))
                    listener.behind = False
                listener.send.send_nowait(event)
            except WouldBlock:
                listener.behind = True

    @contextmanager
    def listening(self) -> Iterator[MemoryObjectReceiveStream[Event]]:
        """What is published within the block."""
        send, receive = create_memory_object_stream[Event](_WAITING)
        listener = _Listener(send)
        self._listeners.append(listener)
        with send, receive:
            try:
                yield receive
            finally:
                if listener in self._listeners:
                    self._listeners.remove(listener)

    def close(self) -> None:
        """Nothing more will happen: what listeners wait for ends."""
        while self._listeners:
            self._listeners.pop().send.close()

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)
