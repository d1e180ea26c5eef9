"""Streams of others: what CuPy 14 asks of the object that it is given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from kernels.cuda.external_stream import external_stream


def test_a_stream_is_handed_over_by_cudas_protocol() -> None:
    def from_external(given: Any) -> Any:
        """As CuPy 14 reads it, which keeps the object."""
        version, stream = given.__cuda_stream__()
        assert type(version) is int and type(stream) is int and version == 0
        return SimpleNamespace(ptr=stream, kept=given)

    cupy = SimpleNamespace(cuda=SimpleNamespace(Stream=SimpleNamespace(from_external=from_external)))
    assert external_stream(cupy, 4242).ptr == 4242
