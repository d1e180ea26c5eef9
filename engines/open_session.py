"""Chooses the session class of a model by its device."""

from __future__ import annotations

from pathlib import Path

from kernels.ops import Device

from .convolutions import AS_USUAL, Convolutions
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
    convolutions: Convolutions = AS_USUAL,
    seldom: bool = False,
) -> Session:
    """Opens a session for an ONNX file. `name` defaults to the file's stem, which is the role.

    threads: CPU only; 0 uses one for each core. stream: CUDA only and required there, the caller's `cudaStream_t` as an
    integer, which must outlive the session. engine_cache: folder of TensorRT engines; None does not use TensorRT.
    convolutions: CUDA only. seldom: CPU only, see `OrtSession`.
    Raises ModelError when the file is not a model that can be run, or when with device "cuda" it would run on the CPU.
    """
    if device == "cpu":
        return OrtSession(path, name, threads, seldom)
    from .session_cuda import CudaSession

    return CudaSession(
        path, name, stream=stream, device_id=device_id, engine_cache=engine_cache, convolutions=convolutions
    )
