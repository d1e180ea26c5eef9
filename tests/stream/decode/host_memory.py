"""The device's memory played by the host's."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from stream.decode.nvdec.memory_budget import DeviceRoom, Share
from stream.decode.slots import Place, Rows

STREAM = 4242


class HostMemory:
    """`stream.decode.slots.Memory` on NumPy. Counts blocks that are alive and copies that were not yet waited for.

    room: of the device, without bounds by default.
    """

    def __init__(self, room: DeviceRoom | None = None) -> None:
        self._room, self.share = room, Share()
        self.stream = STREAM
        self.alive = 0
        self.queued = 0
        self.closed = False

    def reserve(self, nbytes: int) -> None:
        if self._room is not None:
            self._room.take(self.share, nbytes)

    def allocate(self, nbytes: int) -> Any:
        self.share.used += nbytes
        return _Block(self, nbytes)

    def bytes_of(self, block: Any, owner: object) -> np.ndarray:
        return np.asarray(_Exposed(block, owner))

    def planes(self, slot: np.ndarray, places: Sequence[Place]) -> list[np.ndarray]:
        return [np.ndarray(p.shape, p.dtype, slot, p.begin, p.strides) for p in places]

    def copy_rows(self, slot: np.ndarray, rows: Rows, source: int) -> None:
        self.queued += 1
        raw = (ctypes.c_ubyte * (rows.number * rows.row_bytes)).from_address(source)
        target = np.ndarray((rows.number, rows.row_bytes), np.uint8, slot, 0, (rows.pitch_bytes, 1))
        target[...] = np.frombuffer(raw, np.uint8).reshape(target.shape)

    def upload(self, target: np.ndarray, host: np.ndarray) -> None:
        assert target.shape == host.shape and target.dtype == host.dtype
        self.queued += 1
        target[...] = host

    def finish(self) -> None:
        self.queued = 0

    def close(self) -> None:
        self.closed = True
        if self._room is not None:
            self._room.give_back(self.share)


class _Block:
    def __init__(self, memory: HostMemory, nbytes: int) -> None:
        self.memory = memory
        self.data = np.full(nbytes, 0xCD, np.uint8)
        memory.alive += 1

    def __del__(self) -> None:
        self.memory.alive -= 1


class _Exposed:
    """NumPy keeps this alive under every view, and with it the owner."""

    def __init__(self, block: _Block, owner: object) -> None:
        self.kept = block, owner
        self.__array_interface__ = block.data.__array_interface__
