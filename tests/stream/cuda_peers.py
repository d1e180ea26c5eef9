"""The kit of a CUDA run with peers of what a machine without a GPU lacks.

The kernels are the real sources, compiled for the host; arrays refuse what those of CuPy refuse; sessions run in
batches on the CPU provider; the decoder is the real one around FFmpeg, which plays the chip and spoils its pictures as
the chip does.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.fixed_shapes import FixedShapeSession
from engines.open_session import open_session
from engines.session import Session
from engines.tools import HOST_TOOLS
from engines.tools_cuda import engine_input, grey_input, picture_numbers
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.surface import Geometry, Surface
from stream.deciding.decisions import OwnDeciders
from stream.decode.decoder import DecodeOptions, Decoder
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.device.kit import Concurrency, Kit
from stream.output.jpeg import CpuEncoder
from stream.records import FrameBatch
from stream.settings.model import Settings

from ..kernels.device_array import DeviceArray, DeviceRuntime
from .decode.host_memory import HostMemory
from .decode.nvdec.fake_nvdec import FakeNvdec


class EmulatedTools:
    """`engines.tools.EngineTools` by the kernels; suppression as on the host."""

    few_shapes = True

    def __init__(self, runtime: DeviceRuntime) -> None:
        self._runtime, self._ops = runtime, CudaOps(runtime)

    def scope(self) -> AbstractContextManager[object]:
        return nullcontext()

    def engine_input(
        self, pictures: Any, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Any:
        return engine_input(self._ops, pictures, size, divisor, subtract)

    def grey_input(self, chips: Any) -> Any:
        return grey_input(self._ops, chips)

    def qualities(self, chips: Any, side: int) -> Any:
        return self._ops.chip_quality(chips, side)

    def picture_numbers(self, features: Any, pictures: Any) -> Any:
        return picture_numbers(self._ops, features, pictures)

    def suppress(self, boxes: Any, scores: Any, pictures: Any, overlap: float) -> Any:
        self._runtime.asked["suppress"] += 1
        return DeviceArray(HOST_TOOLS.suppress(boxes.values, scores.values, pictures.values, overlap))


class EmulatedSession:
    """`engines.session.Session`: arrays of the device in and out, as I/O binding gives them."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner
        self.name, self.provider, self.metadata = inner.name, inner.provider, inner.metadata

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        answers = self._inner.run({name: array.values for name, array in inputs.items()})
        return {name: DeviceArray(values) for name, values in answers.items()}

    def close(self) -> None:
        self._inner.close()


class EmulatedEncoder:
    """`stream.output.jpeg.Encoder` for pictures on the device, and for those of the host that nVJPEG would be given."""

    def jpeg(self, rgb: Any, quality: int) -> bytes:
        return CpuEncoder().jpeg(rgb if isinstance(rgb, np.ndarray) else rgb.values, quality)


class EmulatedDecoder:
    """`stream.decode.decoder.Decoder`: the planes of another, as arrays of the device that keep its slots."""

    def __init__(self, inner: Decoder) -> None:
        self._inner = inner
        self.name, self.info, self.notices = inner.name, inner.info, inner.notices

    def batches(self) -> Generator[FrameBatch]:
        with closing(self._inner.batches()) as batches:
            for batch in batches:
                yield replace(batch, surfaces=[_on_device(surface) for surface in batch.surfaces])
                del batch

    def frame_at(self, pts_s: float) -> Surface:
        return _on_device(self._inner.frame_at(pts_s))

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        return [(pts_s, _on_device(surface)) for pts_s, surface in self._inner.between(first_s, last_s, fine=fine)]

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        return [(pts_s, _on_device(surface)) for pts_s, surface in self._inner.at(times_s)]

    def close(self) -> None:
        self._inner.close()


def _on_device(surface: Surface) -> Surface:
    y, u, v = (None if p is None else DeviceArray(p) for p in (surface.y, surface.u, surface.v))
    return replace(surface, y=y, u=u, v=v)


def emulated_kit(settings: Settings, runtime: DeviceRuntime | None = None) -> Kit:
    """`stream.device.kit.MakeKit`: a device "cuda" on which the whole graph runs."""
    device = runtime or DeviceRuntime()
    ops = CudaOps(device)

    def meter(geometry: Geometry) -> CudaMeter:
        return CudaMeter(geometry, device)

    def session(path: Path, role: str) -> Session:
        def open_one() -> Session:
            return EmulatedSession(open_session(path, "cpu", name=role, threads=1))

        # More sizes than on a chip, for which filling up costs nothing.
        return FixedShapeSession(open_one(), open_one, (1, 2, 4, 8, 16, 32))

    def decoder(path: Path, options: DecodeOptions) -> Decoder:
        return EmulatedDecoder(open_on_chip(path, replace(options, threads=1), Chip(FakeNvdec()), HostMemory))

    return Kit(
        device="cuda",
        ops=ops,
        encoder=EmulatedEncoder(),
        meter=meter,
        engine_ops=ops,
        tools=EmulatedTools(device),
        open_session=session,
        open_decoder=decoder,
        deciders=OwnDeciders("cpu"),
        concurrency=Concurrency(max_batch=32, readers=2, in_flight=2),
    )
