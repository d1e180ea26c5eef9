"""Slots on the device for decoded pictures: a fixed number, given back by themselves when nobody looks any more.

A decoder's surface is gone at its next call, so every picture is copied into a slot. The planes that are handed out
keep the slot's lease alive; when the last view of them is gone, the slot returns. Nothing is freed by hand, and a stage
that is slow holds its slots, which holds the decoder back instead of filling the device.

A slot is used again at once, so whoever reads a surface has finished on its own stream before it lets go of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, NamedTuple, Protocol

import numpy as np

from kernels.surface import Array

from ..dataflow.cancellation import checkpoint
from ..records import FRAME_1080P_BYTES

_CANCEL_POLL_S = 0.05
_ROW_BYTES = 16
"""Rows begin at multiples of this, for the kernels' 16-byte loads."""


class Place(NamedTuple):
    """Where a plane lies in a slot. `begin` and `strides` in bytes."""

    begin: int
    shape: tuple[int, int]
    strides: tuple[int, int]
    dtype: np.dtype[Any]


class Rows(NamedTuple):
    """So many rows of so many bytes each, that begin every `pitch_bytes`."""

    number: int
    row_bytes: int
    pitch_bytes: int


class Memory(Protocol):
    """One device's memory and the stream on which pictures are copied."""

    stream: int
    """Handle of the stream, for the decoder."""

    def reserve(self, nbytes: int) -> None:
        """Says how much the film may take in all. Blocks while the device has no room for it beside other films."""
        ...

    def allocate(self, nbytes: int) -> Any:
        """A block; it is freed when the object is."""
        ...

    def bytes_of(self, block: Any, owner: object) -> Array:
        """The block as (nbytes,) uint8; `owner` lives as long as any view of it."""
        ...

    def planes(self, slot: Array, places: Sequence[Place]) -> list[Array]:
        """Views of a slot, which they keep; made of every picture, so they are for kernels and `upload` alone."""
        ...

    def copy_rows(self, slot: Array, rows: Rows, source: int) -> None:
        """Queue a copy within the device to the beginning of a slot, of rows that lie at `source` one behind the
        other."""
        ...

    def upload(self, target: Array, host: np.ndarray) -> None:
        """Queue a copy from the host: two arrays of one shape and dtype, the target's rows contiguous."""
        ...

    def finish(self) -> None:
        """Wait for everything queued. Synchronises."""
        ...

    def close(self) -> None:
        """Give the stream back. Blocks live on until nobody needs them."""
        ...


@dataclass(frozen=True, slots=True)
class Demand:
    """How many pictures the graph can hold at most without asking the decoder for another one.

    Left of the pictures' way to the pool a stage that waits for its next item still holds the one before, so the
    splitter, the reader and the collector may each hold a whole shot; measuring and splitting a batch each; the
    decoder the batch it is filling. All of that together with the unclosed shot and the pool must fit beside one
    another, or the decoder would wait for a slot that only another picture could set free. What waits in channels
    needs no room: it moves on without the decoder's help and is counted only so that the stages overlap.
    At the film's end nobody measures any more: the same slots serve the pool and, where what lies beside a picture was
    not kept, one stretch of `beside` pictures at a time, and a picture of each thread that asks for one.
    """

    batch: int = 32
    kept_1080p: int = 64
    """Room of the picture pool, counted in pictures of 1920x1080."""
    unclosed: int = 33
    """Cells of an unclosed shot, and the picture that is about to join them."""
    beside: int = 128
    """Pictures of a stretch of a second or so; a longer one gets what it needs beyond the limit."""

    def least(self, picture_bytes: int) -> int:
        """Slots without which the graph could come to a halt."""
        watching = 3 * self.batch + 4 * self.unclosed
        return self._kept(picture_bytes) + max(watching, self.beside + 32)

    def slots(self, picture_bytes: int) -> int:
        """The least, and two batches in the channels so that decoder and kernels work at the same time."""
        return self.least(picture_bytes) + 2 * self.batch

    def _kept(self, picture_bytes: int) -> int:
        # One more than fits: the pool takes a picture in before it puts another one out.
        return self.kept_1080p * FRAME_1080P_BYTES // picture_bytes + 2


def pitch_of(width: int, itemsize: int) -> int:
    """Bytes from one row of a plane to the next: rows begin at whole 16 bytes."""
    return -(-width * itemsize // _ROW_BYTES) * _ROW_BYTES


def places_of(shapes: Sequence[tuple[int, int]], dtype: np.dtype[Any]) -> list[Place]:
    """Planes of (rows, width) one behind the other in a slot, each with its rows at whole 16 bytes."""
    places, begin = [], 0
    for rows, width in shapes:
        pitch = pitch_of(width, dtype.itemsize)
        places.append(Place(begin, (rows, width), (pitch, dtype.itemsize), dtype))
        begin += rows * pitch
    return places


def bytes_for(shapes: Sequence[tuple[int, int]], itemsize: int) -> int:
    """Bytes of a slot for those planes."""
    return sum(rows * pitch_of(width, itemsize) for rows, width in shapes)


class _Returned:
    """Blocks whose pictures are gone. A simple queue, because collectors may call at any moment, even from within."""

    def __init__(self) -> None:
        self.blocks: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self.closed = False

    def put(self, nbytes: int, block: Any) -> None:
        if not self.closed:
            self.blocks.put((nbytes, block))


class _Lease:
    """What the planes of one picture keep alive; its end gives the block back. A weak reference with a callback would
    do the same at twenty times the cost, at every picture."""

    __slots__ = ("_block", "_nbytes", "_returned")

    def __init__(self, returned: _Returned, nbytes: int, block: Any) -> None:
        self._returned, self._nbytes, self._block = returned, nbytes, block

    def __del__(self) -> None:
        self._returned.put(self._nbytes, self._block)


class FramePool:
    """Up to `limit` slots, made when first needed. Safe for several threads.

    `peak` is the most that were in use at a time, `waits` how often somebody had to wait for one.
    """

    def __init__(self, memory: Memory, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a pool of {limit} slots holds no picture")
        self._memory = memory
        self._limit = limit
        self._returned = _Returned()
        self._lock = Lock()
        self._slots = 0
        self.peak = 0
        self.waits = 0

    @property
    def slots(self) -> int:
        """Slots there are, used or free."""
        return self._slots

    @property
    def in_use(self) -> int:
        return self._slots - self._returned.blocks.qsize()

    def take(self, nbytes: int, beyond: bool = False) -> Array:
        """(nbytes,) uint8, a slot that returns with the last view of it (`Memory.planes`). Blocks while all are in use,
        unless `beyond` allows one more than the limit; in a worker thread it hears cancellation."""
        block = self._block(nbytes, beyond)
        self.peak = max(self.peak, self.in_use)
        return self._memory.bytes_of(block, _Lease(self._returned, nbytes, block))

    def close(self) -> None:
        """Free what is free; slots that are still looked at are freed when they return."""
        self._returned.closed = True
        with self._lock:
            while not self._returned.blocks.empty():
                self._returned.blocks.get()
                self._slots -= 1

    def _block(self, nbytes: int, beyond: bool) -> Any:
        block = self._free(nbytes) or self._grown(nbytes, beyond)
        self.waits += block is None
        while block is None:
            checkpoint()
            block = self._free(nbytes, _CANCEL_POLL_S) or self._grown(nbytes, beyond)
        return block

    def _free(self, nbytes: int, wait_s: float = 0.0) -> Any:
        """A returned block of this size; others (a film that changed its size) are freed, None when there is none."""
        while True:
            try:
                size, block = self._returned.blocks.get(block=wait_s > 0, timeout=wait_s or None)
            except Empty:
                return None
            with self._lock:
                if size == nbytes and self._slots <= self._limit:
                    return block
                self._slots -= 1

    def _grown(self, nbytes: int, beyond: bool) -> Any:
        with self._lock:
            if self._slots >= self._limit and not beyond:
                return None
            self._slots += 1
        try:
            return self._memory.allocate(nbytes)
        except BaseException:
            with self._lock:
                self._slots -= 1
            raise
