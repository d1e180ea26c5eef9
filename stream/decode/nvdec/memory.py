"""CUDA memory for decoded pictures: blocks from the driver, not from CuPy's pool, and copies on one stream a video."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from kernels.cuda.plane import DevicePlane
from kernels.cuda.toolkit import set_cuda_path
from kernels.surface import Array

from ..slots import Place, Rows
from .memory_budget import DeviceRoom, Share
from .slabs import Block, Slabs, SlabStore

_BYTE = np.dtype(np.uint8)


class CupyMemory:
    """`stream.decode.slots.Memory` on CuPy's current device, with a non-blocking stream.

    CuPy's memory pool is not used: it keeps freed memory for the stream on which it was freed, and each video has its
    own stream. `room`: from which room is reserved (`device_room`). Raises RuntimeError when CuPy or a device is
    missing.
    """

    def __init__(self, room: DeviceRoom) -> None:
        set_cuda_path()
        try:
            import cupy
        except ImportError as error:
            raise RuntimeError(f"CuPy cannot be imported ({error}), install keyart[cuda]") from error
        self._copy = cupy.cuda.runtime.memcpy2DAsync
        self._on_device = cupy.cuda.runtime.memcpyDeviceToDevice
        self._to_device = cupy.cuda.runtime.memcpyHostToDevice
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._blocks, self._lock = Slabs(slab_store().slab), Lock()
        self.stream = int(self._stream.ptr)
        self._room, self._share = room, Share()

    def reserve(self, nbytes: int) -> None:
        self._room.take(self._share, nbytes)

    def allocate(self, nbytes: int) -> Any:
        with self._lock:
            block = self._blocks.next(nbytes)
            self._share.used = self._blocks.made_bytes
            return block

    def bytes_of(self, block: Block, owner: object) -> DevicePlane:
        return DevicePlane(block.address, (block.nbytes,), (1,), _BYTE, (block, owner))

    def planes(self, slot: DevicePlane, places: Sequence[Place]) -> list[Array]:
        begin, owner = slot.address, slot.owner
        return [DevicePlane(begin + p.begin, p.shape, p.strides, p.dtype, owner) for p in places]

    def copy_rows(self, slot: DevicePlane, rows: Rows, source: int) -> None:
        number, row_bytes, pitch = rows
        self._copy(slot.address, pitch, source, row_bytes, row_bytes, number, self._on_device, self.stream)

    def upload(self, target: DevicePlane, host: np.ndarray) -> None:
        # The driver copies pageable memory aside before the call returns, so `plain` may be freed then.
        plain = host if host.strides[1] == host.itemsize and host.strides[0] >= 0 else np.ascontiguousarray(host)
        place, pitch = target.address, target.strides[0]
        row_bytes, rows = plain.shape[1] * plain.itemsize, plain.shape[0]
        self._copy(place, pitch, plain.ctypes.data, plain.strides[0], row_bytes, rows, self._to_device, self.stream)

    def finish(self) -> None:
        self._stream.synchronize()

    def close(self) -> None:
        self._stream.synchronize()
        self._room.give_back(self._share)


@cache
def device_room(share: float = 1.0) -> DeviceRoom:
    """The room of CuPy's current device, one object for the process. share: of the device's memory that the process may
    take, for the pictures of its films and what is spared. Raises RuntimeError when CuPy or a device is missing."""
    set_cuda_path()
    try:
        from cupy.cuda import runtime
    except ImportError as error:
        raise RuntimeError(f"CuPy cannot be imported ({error}), install keyart[cuda]") from error
    most_bytes = int(share * runtime.memGetInfo()[1]) if share < 1 else None
    return DeviceRoom(lambda: int(runtime.memGetInfo()[0]) + slab_store().kept_bytes, most_bytes=most_bytes)


@cache
def slab_store() -> SlabStore:
    """The slabs of CuPy's current device, one object for the process."""
    import cupy

    return SlabStore(cupy.cuda.Memory)
