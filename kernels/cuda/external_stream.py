"""A stream that somebody else keeps, as CuPy takes it."""

from __future__ import annotations

from typing import Any


class _ExternalStream:
    """What CUDA's stream protocol asks for."""

    def __init__(self, stream: int) -> None:
        self._stream = stream

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self._stream  # the protocol's version, and the `cudaStream_t`


def external_stream(cupy: Any, stream: int) -> Any:
    """CuPy's object for a `cudaStream_t`, which must outlive it. It belongs to the device that is current when it is
    entered: CuPy does not ask the stream for its own."""
    return cupy.cuda.Stream.from_external(_ExternalStream(int(stream)))
