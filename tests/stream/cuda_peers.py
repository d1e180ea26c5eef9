"""The kit of a CUDA run with peers of what a machine without a GPU lacks.

The kernels are the real sources, compiled for the host; sessions run in batches on the CPU provider; the decoder is the
real one around FFmpeg, which plays the chip and spoils its pictures as the chip does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engines.session import Session, open_session
from engines.tools import HostTools
from engines.tools_cuda import engine_input
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.surface import Geometry
from stream.decode import DecodeOptions, Decoder
from stream.encode import CpuEncoder
from stream.kit import Kit, Pace
from stream.nv_open import open_on_chip
from stream.nv_session import Chip
from stream.settings import Settings

from ..kernels.emulated import EmulatedRuntime
from .fake_nvdec import FakeNvdec
from .host_memory import HostMemory


class EmulatedTools(HostTools):
    """Letterboxing by the kernel; suppression as on the host."""

    def __init__(self, ops: CudaOps) -> None:
        self._ops = ops

    def engine_input(
        self, pictures: Any, size: tuple[int, int] | None = None, divisor: float = 1.0, less: float = 0.0
    ) -> Any:
        return engine_input(self._ops, pictures, size, divisor, less)


def emulated_kit(settings: Settings) -> Kit:
    """`stream.kit.MakeKit`: a device "cuda" on which the whole graph runs."""
    runtime = EmulatedRuntime()
    ops = CudaOps(runtime)

    def meter(geometry: Geometry) -> CudaMeter:
        return CudaMeter(geometry, runtime)

    def session(path: Path, role: str) -> Session:
        return open_session(path, "cpu", name=role, threads=1)

    def decoder(path: Path, options: DecodeOptions) -> Decoder:
        return open_on_chip(path, replace(options, threads=1), Chip(FakeNvdec()), HostMemory)

    return Kit(
        device="cuda",
        ops=ops,
        encoder=CpuEncoder(),
        meter=meter,
        engine_ops=ops,
        tools=EmulatedTools(ops),
        open_session=session,
        open_decoder=decoder,
        clustering="cpu",
        pace=Pace(max_batch=32, readers=2, in_flight=2),
    )
