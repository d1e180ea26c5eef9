"""What the operations ask of a device: memory, and a kernel by its name."""

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
"""`runtime`: whose `queue` this thread is in."""
Grid = tuple[int, int, int]


class Runtime(Protocol):
    """One device. Work is queued in the order it is asked for, by whatever thread; only `download` synchronises."""

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Queues a kernel. Arguments are device arrays (passed as addresses) and ints (32 bits)."""
        ...

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array: ...

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """For what a kernel fills wholly: zeros would be one more piece of work for the device."""
        ...

    def upload(self, array: np.ndarray) -> Array:
        """A copy on the device; the host's array may be changed or dropped at once."""
        ...

    def copy(self, into: Array, source: Array) -> None:
        """Queues a copy from device to device; the shapes are equal, either may be strided."""
        ...

    def download(self, array: Array) -> np.ndarray:
        """A copy on the host. Synchronises."""
        ...

    def address(self, array: Array) -> int: ...

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        """The bytes of an array from `begin` on as a plane of uint8 that keeps the array alive: for kernels and
        `download`, nothing else can be asked of it."""
        ...


class CupyRuntime:
    """A CUDA device with a stream, through CuPy. Safe for several threads: whatever thread asks, all work of one
    object runs in its stream, in the order it was asked for.

    stream: a `cudaStream_t` as an integer that outlives the object; None makes a new one that waits for no other.
    Arrays come from CuPy's pool, which keeps memory by stream: what is dropped is given only to later work of the
    stream it was made in, so arguments may be dropped as soon as the kernel that reads them is queued. An array that
    *another* stream reads must live until that stream was synchronised.

    Raises RuntimeError (what is missing) when there is no device.
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
        """The `cudaStream_t`, alive as long as this object."""
        return int(self._stream.ptr)

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Within the block CuPy's own operations in this thread join the stream and take their memory from its pool."""
        before = getattr(_here, "runtime", None)
        if before is self:  # a block in a block: every launch inside one is
            yield
            return
        cuda, _here.runtime = self._cupy.cuda, self
        # Importing cuML gives CuPy an allocator without a pool, with which every small array stops the device.
        try:
            with cuda.Device(self.device_id), cuda.using_allocator(self._allocate), self._stream:
                yield
        finally:
            _here.runtime = before

    def prepare(self) -> None:
        """Compiles and loads every kernel, so that no film pays for it. Takes seconds the first time on a machine."""
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
        # CuPy copies to page-locked memory of its own first, and keeps that until the device has read it.
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
        """Returns when the stream has done all that was asked. Synchronises."""
        self._stream.synchronize()


def cupy_with_device() -> Any:
    """The module, on a machine that has a device. Raises RuntimeError (what is missing) elsewhere."""
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
    """Every source, compiled by CuPy at first use and kept on disk by it; loaded once a process."""
    import cupy

    return {file: cupy.RawModule(code=source(file), options=OPTIONS, backend="nvrtc") for file in KERNELS}
