"""Device memory in large pieces, which films hand on to each other.

Each allocation and release by the driver stops the device for all films. So blocks are cut from slabs, and those of a
finished film are kept for the next one with pictures of the same size.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

from kernels.cuda.errors import out_of_memory

_ALIGNED = 512
"""Bytes to whose multiples block addresses are aligned, like CUDA's own allocations."""
_BLOCKS_A_SLAB = 8


class Slab:
    """A piece of device memory of `nbytes` from the address `ptr` on. Nothing refers to it when its film is finished;
    then its memory goes back to where it came from."""

    __slots__ = ("__weakref__", "nbytes", "ptr")

    def __init__(self, ptr: int, nbytes: int) -> None:
        self.ptr, self.nbytes = ptr, nbytes


class Block(NamedTuple):
    """A part of a slab. The slab goes back with the last of its blocks."""

    slab: Any
    address: int
    nbytes: int


class SlabStore:
    """Makes slabs and takes them back. Safe for several threads.

    allocate: bytes → an object that owns so much memory at the address `ptr`, and frees it when nothing refers to it.
    Slabs in use and kept ones together are never more than were in use at one time: where a slab of another size is
    needed, kept ones are freed for it.
    """

    def __init__(self, allocate: Callable[[int], Any]) -> None:
        self._allocate = allocate
        self._lock = Lock()
        self._returned: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._kept: deque[tuple[int, Any]] = deque()
        self._used_bytes = self._most_used_bytes = 0

    @property
    def kept_bytes(self) -> int:
        """What is kept for films to come, and free for any use."""
        with self._lock:
            self._take_back()
            return sum(nbytes for nbytes, _ in self._kept)

    def slab(self, nbytes: int) -> Slab:
        """A kept slab of this size, the one that has waited longest, else a new one. Raises the allocator's error when
        the device has no room although nothing is kept any more."""
        with self._lock:
            self._take_back()
            memory = self._memory(nbytes)
            self._used_bytes += nbytes
            self._most_used_bytes = max(self._most_used_bytes, self._used_bytes)
        slab = Slab(memory.ptr, nbytes)
        # The garbage collector may run this anywhere, also while the lock is held.
        weakref.finalize(slab, self._returned.put, (nbytes, memory)).atexit = False
        return slab

    def _memory(self, nbytes: int) -> Any:
        # No name may refer to what is kept: it would not be freed below.
        place = next((place for place, (size, _) in enumerate(self._kept) if size == nbytes), None)
        if place is not None:
            self._kept.rotate(-place)
            return self._kept.popleft()[1]
        used_bytes = self._used_bytes + nbytes
        while self._kept and used_bytes + sum(size for size, _ in self._kept) > self._most_used_bytes:
            self._kept.popleft()
        try:
            return self._allocate(nbytes)
        except Exception as error:
            if not self._kept or not out_of_memory(error):
                raise
        self._kept.clear()
        return self._allocate(nbytes)

    def _take_back(self) -> None:
        while True:
            try:
                nbytes, memory = self._returned.get_nowait()
            except Empty:
                return
            self._used_bytes -= nbytes
            self._kept.append((nbytes, memory))


class Slabs:
    """Cuts the blocks of one film from slabs, hundreds of times.

    `make`: bytes → a slab of that size. `made_bytes`: taken so far.
    """

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self.made_bytes = 0
        self._slab: Any = None
        self._begin = self._end = 0

    def next(self, nbytes: int) -> Block:
        """A new block of `nbytes`. Not safe for several threads."""
        step = -(-nbytes // _ALIGNED) * _ALIGNED
        if self._slab is None or self._begin + step > self._end:
            self._slab = self._make(step * _BLOCKS_A_SLAB)
            self.made_bytes += step * _BLOCKS_A_SLAB
            self._begin, self._end = 0, step * _BLOCKS_A_SLAB
        block = Block(self._slab, self._slab.ptr + self._begin, nbytes)
        self._begin += step
        return block
