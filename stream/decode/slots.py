"""A bounded number of slots in device memory for decoded pictures.

The hardware decoder overwrites its surface at the next call, so every picture is copied into a slot. The planes of a
picture hold a lease of its slot. When the last reference to them is gone, the slot is free again; no code frees it. A
slow stage keeps its slots, so the decoder waits for a free slot and device memory does not fill up.

A free slot is reused at once. So a stage must have finished its work on a picture, on its own stream, before it drops
the last reference.
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
"""How often a thread that waits for a slot looks for a cancellation."""
_ROW_BYTES = 16
"""Rows begin at multiples of this many bytes, because the kernels load 16 bytes at a time."""
_FETCHED_AT_END = 32
"""Pictures that threads fetch at the same time at the end of a film, one each."""


class Place(NamedTuple):
    """Where a plane lies in a slot. `begin` and `strides` in bytes; `shape`: (rows, columns)."""

    begin: int
    shape: tuple[int, int]
    strides: tuple[int, int]
    dtype: np.dtype[Any]


class Rows(NamedTuple):
    """`number` rows of `row_bytes` bytes; the next row begins `pitch_bytes` after the last one."""

    number: int
    row_bytes: int
    pitch_bytes: int


class Memory(Protocol):
    """The memory of one device, and the stream on which pictures are copied there."""

    stream: int
    """Handle of the stream, for the decoder."""

    def reserve(self, nbytes: int) -> None:
        """Reserve room for all blocks of the film together. Blocks while other films leave too little room."""
        ...

    def allocate(self, nbytes: int) -> Any:
        """A block of memory. It is freed when the returned object is."""
        ...

    def bytes_of(self, block: Any, owner: object) -> Array:
        """The block as (nbytes,) uint8. The array and every view of it keep `owner` alive."""
        ...

    def planes(self, slot: Array, places: Sequence[Place]) -> list[Array]:
        """Views of a slot, which keep it alive. Made for every picture, so they are cheap and only kernels and `upload`
        can use them."""
        ...

    def copy_rows(self, slot: Array, rows: Rows, source: int) -> None:
        """Queue a copy within the device: rows that lie without gaps at address `source` go to the beginning of a slot,
        with the pitch of `rows`."""
        ...

    def upload(self, target: Array, host: np.ndarray) -> None:
        """Queue a copy from the host. Both arrays have one shape and dtype; each row of `target` is contiguous."""
        ...

    def finish(self) -> None:
        """Wait for all queued copies. Synchronises."""
        ...

    def close(self) -> None:
        """Give back the stream and the reserved room. Blocks that are still referred to stay valid. Synchronises."""
        ...


@dataclass(frozen=True, slots=True)
class Demand:
    """How many slots a film needs so that its stages never stop for want of a slot.

    A stage that waits for its next item still holds the one before. So these pictures can be held at the same time:

    - three batches: the one the decoder fills, one in measuring, one in splitting;
    - four shots of `unclosed` pictures: the shot not yet closed, and one each in splitter, reader and collector;
    - the picture pool.

    With fewer slots the decoder could wait for a slot that becomes free only after another picture was decoded: a
    deadlock. Pictures that wait in a channel cannot cause one, because the next stage takes them out without the
    decoder's help. Two batches are added for them all the same, so that decoder and kernels work at the same time.

    At the end of the film no stage measures any more. The slots then serve the pool, the pictures around a candidate
    that are decoded again (one span of `beside` pictures at a time), and one fetched picture for each thread.
    """

    batch: int = 32
    """Pictures in a batch."""
    kept_1080p: int = 64
    """Room of the picture pool, counted in pictures of 1920x1080."""
    unclosed: int = 33
    """Most pictures of a shot: the cells of `stream.candidates.probes`, and the picture that is about to join them."""
    beside: int = 128
    """Pictures in a span of about a second. Longer spans take slots beyond the limit (`FramePool.take`)."""

    def least(self, picture_bytes: int) -> int:
        """Slots without which the stages could stop for ever. `picture_bytes`: size of a slot."""
        watching = 3 * self.batch + 4 * self.unclosed
        return self._kept(picture_bytes) + max(watching, self.beside + _FETCHED_AT_END)

    def slots(self, picture_bytes: int) -> int:
        """The least, and two batches that wait in channels, so that decoder and kernels work at the same time."""
        return self.least(picture_bytes) + 2 * self.batch

    def _kept(self, picture_bytes: int) -> int:
        # The pool adds a picture before it drops another one, and keeps one even where none fits.
        return self.kept_1080p * FRAME_1080P_BYTES // picture_bytes + 2


def pitch_of(width: int, itemsize: int) -> int:
    """Bytes from one row of a plane to the next: `width` samples, rounded up to whole 16 bytes."""
    return -(-width * itemsize // _ROW_BYTES) * _ROW_BYTES


def places_of(shapes: Sequence[tuple[int, int]], dtype: np.dtype[Any]) -> list[Place]:
    """The places of planes of these (rows, width), one after the other in a slot, with the pitch of `pitch_of`."""
    places, begin = [], 0
    for rows, width in shapes:
        pitch = pitch_of(width, dtype.itemsize)
        places.append(Place(begin, (rows, width), (pitch, dtype.itemsize), dtype))
        begin += rows * pitch
    return places


def bytes_for(shapes: Sequence[tuple[int, int]], itemsize: int) -> int:
    """Bytes of a slot that holds planes of these (rows, width)."""
    return sum(rows * pitch_of(width, itemsize) for rows, width in shapes)


class _Returned:
    """The free blocks, each with its size. A `SimpleQueue`, because the garbage collector may call its `put` at any
    moment, even while another `put` runs."""

    def __init__(self) -> None:
        self.blocks: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self.closed = False

    def put(self, nbytes: int, block: Any) -> None:
        if not self.closed:
            self.blocks.put((nbytes, block))


class _Lease:
    """Kept alive by the planes of one picture; its `__del__` returns the block. A weak reference with a callback would
    do the same at twenty times the cost for every picture."""

    __slots__ = ("_block", "_nbytes", "_returned")

    def __init__(self, returned: _Returned, nbytes: int, block: Any) -> None:
        self._returned, self._nbytes, self._block = returned, nbytes, block

    def __del__(self) -> None:
        self._returned.put(self._nbytes, self._block)


class FramePool:
    """Up to `limit` slots, allocated when first needed. Safe for several threads.

    `peak`: the most slots that were in use at a time. `waits`: how often `take` had to wait. Raises ValueError for a
    limit below 1.
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
        """How many slots are allocated, used or free."""
        return self._slots

    @property
    def in_use(self) -> int:
        """How many slots are in use."""
        return self._slots - self._returned.blocks.qsize()

    def take(self, nbytes: int, beyond: bool = False) -> Array:
        """A slot as (nbytes,) uint8. It is free again when the last view of it (`Memory.planes`) is gone.

        Blocks while all slots are in use, unless `beyond` allows another one above the limit. A wait on a worker thread
        raises the thread's cancellation.
        """
        block = self._block(nbytes, beyond)
        self.peak = max(self.peak, self.in_use)
        return self._memory.bytes_of(block, _Lease(self._returned, nbytes, block))

    def close(self) -> None:
        """Free all free slots; slots in use are freed as soon as nothing refers to them."""
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
        """A free block of this size, None when there is none. Blocks of another size are freed on the way: the film has
        changed its picture size."""
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
        """A newly allocated block, None at the limit (unless `beyond`)."""
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
