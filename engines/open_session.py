"""Which session runs a model is decided here, once; below it there is a single path."""

from __future__ import annotations

from pathlib import Path

from kernels.ops import Device

from .session import OrtSession, Session


def open_session(
    path: Path,
    device: Device = "cpu",
    *,
    name: str | None = None,
    threads: int = 0,
    stream: int = 0,
    device_id: int = 0,
    engine_cache: Path | None = None,
) -> Session:
    """A session for an ONNX file; `name` defaults to the file's stem, which is the role.

    threads: CPU only. stream: CUDA only and then required, the caller's `cudaStream_t` as an integer, which must
    outlive the session. engine_cache: folder for TensorRT engines; None leaves TensorRT out.
    Raises ModelError when the file is no model that can be run, or when device "cuda" would end on the CPU.
    """
    if device == "cpu":
        return OrtSession(path, name, threads)
    from .session_cuda import CudaSession

    return CudaSession(path, name, stream=stream, device_id=device_id, engine_cache=engine_cache)
