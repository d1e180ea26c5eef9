"""Streams that were made elsewhere, and what CuPy 14 needs of the object that wraps them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from kernels.cuda.external_stream import external_stream


def test_a_stream_is_passed_by_cudas_protocol() -> None:
    def from_external(given: Any) -> Any:
        """Reads the object as CuPy 14 does, and keeps it."""
        version, stream = given.__cuda_stream__()
        assert type(version) is int and type(stream) is int and version == 0
        return SimpleNamespace(ptr=stream, kept=given)

    cupy = SimpleNamespace(cuda=SimpleNamespace(Stream=SimpleNamespace(from_external=from_external)))
    assert external_stream(cupy, 4242).ptr == 4242
