"""Wraps a CUDA stream that was made elsewhere for CuPy."""

from __future__ import annotations

from typing import Any


class _ExternalStream:
    """An object with CUDA's stream protocol."""

    def __init__(self, stream: int) -> None:
        self._stream = stream

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self._stream  # the protocol's version, and the `cudaStream_t`


def external_stream(cupy: Any, stream: int) -> Any:
    """CuPy's stream object for the `cudaStream_t` `stream`, which must outlive it.

    Enter it only while the stream's own device is current: CuPy does not ask the stream for its device.
    """
    return cupy.cuda.Stream.from_external(_ExternalStream(int(stream)))
