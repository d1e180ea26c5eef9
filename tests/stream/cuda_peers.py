"""The kit of a CUDA run with peers of what a machine without a GPU lacks.

The kernels are the real sources, compiled for the host; sessions run in batches on the CPU provider; the decoder is
FFmpeg, whose planes are laid out as NVDEC lays them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.session import Session, open_session
from engines.tools import HostTools
from engines.tools_cuda import engine_input
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.surface import Geometry, Surface, split_semi_planar
from stream.av_decode import AvDecoder
from stream.decode import DecodeOptions
from stream.encode import CpuEncoder
from stream.kit import Kit, Pace
from stream.records import FrameBatch
from stream.settings import Settings

from ..kernels.emulated import EmulatedRuntime


class SemiPlanarDecoder:
    """`stream.decode.Decoder`: FFmpeg's pictures as NV12, each in an array of its own."""

    name = "ffmpeg, as NV12"

    def __init__(self, path: Path, options: DecodeOptions) -> None:
        self._inner = AvDecoder(path, options)
        self.info, self.notices = self._inner.info, self._inner.notices

    def batches(self) -> Iterator[FrameBatch]:
        for batch in self._inner.batches():
            yield replace(batch, surfaces=[semi_planar(surface) for surface in batch.surfaces])

    def frame_at(self, pts_s: float) -> Surface:
        return semi_planar(self._inner.frame_at(pts_s))

    def between(self, first_s: float, last_s: float) -> list[tuple[float, Surface]]:
        return [(pts_s, semi_planar(surface)) for pts_s, surface in self._inner.between(first_s, last_s)]

    def close(self) -> None:
        self._inner.close()


def semi_planar(surface: Surface) -> Surface:
    """The same picture with its chroma interleaved below its luma."""
    assert surface.u is not None and surface.v is not None and surface.bit_depth == 8
    height, width = surface.y.shape
    buffer = np.empty((height * 3 // 2, width), np.uint8)
    y, u, v = split_semi_planar(buffer, height)
    y[:], u[:], v[:] = surface.y, surface.u, surface.v
    return replace(surface, y=y, u=u, v=v)


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

    return Kit(
        device="cuda",
        ops=ops,
        encoder=CpuEncoder(),
        meter=meter,
        engine_ops=ops,
        tools=EmulatedTools(ops),
        open_session=session,
        open_decoder=SemiPlanarDecoder,
        clustering="cpu",
        pace=Pace(max_batch=32, readers=2, in_flight=2),
    )
