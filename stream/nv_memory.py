"""CUDA memory for decoded pictures: blocks straight from the driver, copies on a stream of the video's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.surface import Array


class CupyMemory:
    """`stream.frame_pool.Memory` on CuPy's current device, with a non-blocking stream.

    Blocks bypass CuPy's pool, which keeps what was freed for the stream it was freed on: here streams come and go with
    the videos. Raises RuntimeError when CuPy or a device is missing.
    """

    def __init__(self) -> None:
        try:
            import cupy
        except ImportError as error:
            raise RuntimeError(f"CuPy cannot be imported ({error}), install keyart[cuda]") from error
        self._cupy = cupy
        self._copy = cupy.cuda.runtime.memcpy2DAsync
        self._on_device = cupy.cuda.runtime.memcpyDeviceToDevice
        self._to_device = cupy.cuda.runtime.memcpyHostToDevice
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self.stream = int(self._stream.ptr)

    def allocate(self, nbytes: int) -> Any:
        return self._cupy.cuda.Memory(nbytes)

    def bytes_of(self, block: Any, owner: object) -> Array:
        cuda = self._cupy.cuda
        memory = cuda.UnownedMemory(block.ptr, block.size, (block, owner), block.device_id)
        return self._cupy.ndarray((block.size,), np.uint8, cuda.MemoryPointer(memory, 0))

    def copy_rows(self, target: Array, source: int, pitch_bytes: int) -> None:
        place, pitch = target.data.ptr, target.strides[0]
        rows, row_bytes = target.shape[0], target.shape[1] * target.itemsize
        self._copy(place, pitch, source, pitch_bytes, row_bytes, rows, self._on_device, self.stream)

    def upload(self, target: Array, host: np.ndarray) -> None:
        # Pageable memory is staged before the call returns, so `plain` need not outlive it.
        plain = host if host.strides[1] == host.itemsize and host.strides[0] >= 0 else np.ascontiguousarray(host)
        place, pitch = target.data.ptr, target.strides[0]
        row_bytes, rows = plain.shape[1] * plain.itemsize, plain.shape[0]
        self._copy(place, pitch, plain.ctypes.data, plain.strides[0], row_bytes, rows, self._to_device, self.stream)

    def finish(self) -> None:
        self._stream.synchronize()

    def close(self) -> None:
        self._stream.synchronize()
