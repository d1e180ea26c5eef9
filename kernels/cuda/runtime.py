"""Access to one CUDA device: memory, copies, and launching a kernel by its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import numpy as np

from ..surface import Array
from .external_stream import external_stream
from .plane import DevicePlane
from .sources import KERNELS, OPTIONS, file_of, source
from .toolkit import set_cuda_path

_BYTE = np.dtype(np.uint8)
_here = threading.local()
"""`runtime`: the runtime whose `queue` this thread is in."""
Grid = tuple[int, int, int]


class Runtime(Protocol):
    """One device. Work from all threads runs in the order in which it was queued. Only `download` synchronises."""

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Queues a kernel. Arguments are device arrays (passed as addresses) and ints (32 bits)."""
        ...

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Memory filled with zeros."""
        ...

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Uninitialised memory, for output that a kernel fills completely. Zeroing it would be extra work for the
        device."""
        ...

    def upload(self, array: np.ndarray) -> Array:
        """A copy on the device. The host array may be changed or freed immediately."""
        ...

    def copy(self, into: Array, source: Array) -> None:
        """Queues a copy from device to device. Both arrays have the same shape; either may be strided."""
        ...

    def download(self, array: Array) -> np.ndarray:
        """A copy on the host. Synchronises."""
        ...

    def address(self, array: Array) -> int:
        """Device address of the array's first element."""
        ...

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        """The bytes of an array from offset `begin` on as a strided uint8 plane, which keeps the array alive. The
        result can be passed to kernels and to `download` and has no other operations."""
        ...


class CupyRuntime:
    """A CUDA device with one stream, through CuPy. It may be used by several threads; all work of one object runs in
    its stream, in the order in which it was queued.

    stream: a `cudaStream_t` as an integer that outlives the object; None makes a new stream that waits for no other.
    Arrays come from CuPy's pool, which reuses memory within a stream: freed memory is given only to later work of the
    same stream, so arguments may be dropped as soon as their kernel is queued. An array that *another* stream reads
    must live until that stream was synchronised.

    Raises RuntimeError, which says what is missing, when there is no device.
    """

    def __init__(self, stream: int | None = None, device_id: int = 0) -> None:
        self._cupy = cupy_with_device()
        self.device_id = device_id
        with self._cupy.cuda.Device(device_id):
            cuda = self._cupy.cuda
            self._allocate = self._cupy.get_default_memory_pool().malloc
            self._stream = cuda.Stream(non_blocking=True) if stream is None else external_stream(self._cupy, stream)

    @property
    def stream(self) -> int:
        """The `cudaStream_t` as an integer. It lives as long as this object."""
        return int(self._stream.ptr)

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Within the block CuPy's own operations in this thread use this stream and its memory pool. Blocks may be
        nested."""
        before = getattr(_here, "runtime", None)
        if before is self:  # every launch inside a block enters it again
            yield
            return
        cuda, _here.runtime = self._cupy.cuda, self
        # Importing cuML gives CuPy an allocator without a pool, which synchronises for every small array.
        try:
            with cuda.Device(self.device_id), cuda.using_allocator(self._allocate), self._stream:
                yield
        finally:
            _here.runtime = before

    def prepare(self) -> None:
        """Compiles and loads every kernel, so that the first film does not wait for it. Takes seconds the first time on
        a machine."""
        with self.queue():
            for kernels in KERNELS.values():
                for kernel in kernels:
                    _function(kernel, self.device_id)

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        with self.queue():
            values = tuple(np.int32(a) if isinstance(a, int) else a for a in arguments)
            _function(kernel, self.device_id)(grid, block, values)

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        with self.queue():
            return self._cupy.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        with self.queue():
            return self._cupy.empty(shape, dtype)

    def upload(self, array: np.ndarray) -> Array:
        # CuPy copies into page-locked memory of its own first and keeps that until the device has read it.
        with self.queue():
            return self._cupy.array(array, copy=True)

    def copy(self, into: Array, source: Array) -> None:
        with self.queue():
            into[...] = self._cupy.asarray(source)

    def download(self, array: Array) -> np.ndarray:
        with self.queue():
            host: np.ndarray = self._cupy.asnumpy(self._cupy.asarray(array))
        return host

    def address(self, array: Array) -> int:
        return array.address if type(array) is DevicePlane else int(array.data.ptr)

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        return DevicePlane(self.address(array) + begin, shape, strides, _BYTE, array)

    def synchronise(self) -> None:
        """Waits until the stream has finished all queued work. Synchronises."""
        self._stream.synchronize()


def cupy_with_device() -> Any:
    """The module `cupy`. Raises RuntimeError, which says what is missing, when CuPy or a device is missing."""
    set_cuda_path()
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError(f"CuPy cannot be imported ({error}), install keyart[cuda]") from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise RuntimeError(f"no CUDA device can be used ({error})") from error
    if count == 0:
        raise RuntimeError("no CUDA device found")
    return cupy


@cache
def _function(kernel: str, device_id: int) -> Any:
    """A kernel, loaded on the current device, whose number is `device_id`."""
    return _modules()[file_of(kernel)].get_function(kernel)


@cache
def _modules() -> dict[str, Any]:
    """Every source file as a CuPy module. CuPy compiles it at first use and keeps it on disk; it is loaded once in each
    process."""
    import cupy

    return {file: cupy.RawModule(code=source(file), options=OPTIONS, backend="nvrtc") for file in KERNELS}
