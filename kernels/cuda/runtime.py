"""What the operations ask of a device: memory, and a kernel by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from ..surface import Array
from .sources import KERNELS, OPTIONS, file_of, source

Grid = tuple[int, int, int]


class Runtime(Protocol):
    """One device. Work is queued in order; only `download` synchronises."""

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Queues a kernel. Arguments are device arrays (passed as addresses) and ints (32 bits)."""
        ...

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array: ...

    def upload(self, array: np.ndarray) -> Array: ...

    def download(self, array: Array) -> np.ndarray:
        """A copy on the host. Synchronises."""
        ...

    def address(self, array: Array) -> int: ...


class CupyRuntime:
    """CuPy's current device and current stream. Raises RuntimeError (what is missing) when there is none."""

    def __init__(self) -> None:
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
        self._cupy = cupy

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        function = _modules()[file_of(kernel)].get_function(kernel)
        function(grid, block, tuple(np.int32(a) if isinstance(a, int) else a for a in arguments))

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return self._cupy.zeros(shape, dtype)

    def upload(self, array: np.ndarray) -> Array:
        return self._cupy.asarray(array)

    def download(self, array: Array) -> np.ndarray:
        host: np.ndarray = self._cupy.asnumpy(array)
        return host

    def address(self, array: Array) -> int:
        return int(array.data.ptr)


@lru_cache(maxsize=1)
def _modules() -> dict[str, Any]:
    """Every source, compiled by CuPy at first use and kept on disk by it; loaded once a process."""
    import cupy

    return {file: cupy.RawModule(code=source(file), options=OPTIONS, backend="nvrtc") for file in KERNELS}
