"""Runtimes that pass every call on and count bytes to the host, or measure the time of each kernel."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from kernels.cuda.runtime import Grid, Runtime
from kernels.surface import Array


class CountingRuntime:
    """A `Runtime` that passes all calls on to another one and counts the bytes that it copies to the host.

    It may be used by several threads if the other one may. Attributes of the other one that are not in the Protocol can
    be used through it.
    """

    def __init__(self, inner: Runtime) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.to_host_bytes = 0

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Passes the call on."""
        self._inner.launch(kernel, grid, block, arguments)

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Passes the call on."""
        return self._inner.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Passes the call on."""
        return self._inner.empty(shape, dtype)

    def upload(self, array: np.ndarray) -> Array:
        """Passes the call on."""
        return self._inner.upload(array)

    def copy(self, into: Array, source: Array) -> None:
        """Passes the call on. Nothing leaves the device."""
        self._inner.copy(into, source)

    def download(self, array: Array) -> np.ndarray:
        """Passes the call on and counts the bytes. Synchronises."""
        host = self._inner.download(array)
        with self._lock:
            self.to_host_bytes += host.nbytes
        return host

    def address(self, array: Array) -> int:
        """Passes the call on."""
        return self._inner.address(array)

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        """Passes the call on. Nothing is copied."""
        return self._inner.plane(array, begin, shape, strides)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


BUSY = """
extern "C" __global__ void keep_busy(long long ticks) {
    for (long long begin = clock64(); clock64() - begin < ticks;) {}
}
"""
_BUSY_TICKS = 1_000_000
"""Ticks of the device's clock, half a millisecond at 2 GHz: longer than the host needs to queue a launch."""


class TimingRuntime(CountingRuntime):
    """Also measures the device time of every launch by CUDA events, in the stream of a `CupyRuntime`.

    Before each the device is kept busy until the launch and both events are queued. Else it would wait between the
    events for the host to launch the kernel, and that time would count.
    """

    def __init__(self, inner: Any) -> None:
        import cupy

        super().__init__(inner)
        self._events: list[tuple[str, int, Any, Any]] = []
        self._keep_busy = cupy.RawKernel(BUSY, "keep_busy")

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        """Launches the kernel between two events. The arrays that are passed to the kernel count as its bytes."""
        import cupy

        with self._inner.queue():  # type: ignore[attr-defined]
            begin, end = cupy.cuda.Event(), cupy.cuda.Event()
            self._keep_busy((1,), (1,), (np.int64(_BUSY_TICKS),))
            begin.record()
            super().launch(kernel, grid, block, arguments)
            end.record()
        given = sum(argument.nbytes for argument in arguments if not isinstance(argument, int))
        self._events.append((kernel, given, begin, end))

    def take_timings(self) -> list[tuple[str, int, float]]:
        """(kernel, bytes of its arrays, seconds) of each launch since the last call. Synchronises."""
        events, self._events = self._events, []
        if events:
            events[-1][3].synchronize()
        import cupy

        return [(name, given, cupy.cuda.get_elapsed_time(begin, end) / 1e3) for name, given, begin, end in events]


def traced_bytes(trace: dict[str, Any]) -> Counter[str]:
    """Bytes copied in an exported trace of PyTorch's profiler, by kind of copy: "DtoH", "HtoD", "DtoD".

    CUPTI records every copy of the process, so this checks what the counting runtime may miss.
    """
    found: Counter[str] = Counter()
    for event in trace.get("traceEvents", []):
        name = str(event.get("name", ""))
        if name.startswith("Memcpy "):
            found[name.split()[1]] += int(event.get("args", {}).get("bytes", 0))
    return found
