"""Everything that differs between devices, made once for a run. No stage asks which device it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engines.session import Session, open_session
from engines.tools import HOST, EngineTools
from kernels.ops import Device, Meter, Ops, open_ops
from kernels.surface import Geometry

from .allocator import return_pictures
from .decode import DecodeOptions, Decoder, open_decoder
from .devices import choose_device
from .encode import CpuEncoder, Encoder
from .records import Notice
from .settings import Settings

OpenDecoder = Callable[[Path, DecodeOptions], Decoder]


@dataclass(frozen=True, slots=True)
class Pace:
    """What suits a device where the settings leave it open."""

    max_batch: int
    """Pictures that the engines look at together."""
    readers: int
    """Batches in work at a time."""
    in_flight: int
    """Films at a time."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of one device. `ops` and `encoder` are one order of work, `engine_ops`, `tools` and the sessions
    another, and every meter and decoder has its own: what passes between them is finished before it is handed over."""

    device: Device
    ops: Ops
    encoder: Encoder
    meter: Callable[[Geometry], Meter]
    engine_ops: Ops
    tools: EngineTools
    open_session: Callable[[Path, str], Session]
    """File and role."""
    open_decoder: OpenDecoder
    clustering: Device
    pace: Pace
    fallbacks: Callable[[Mapping[str, Session]], Sequence[Notice]] = lambda sessions: ()
    """What was asked for and is done by something else, given the sessions by role."""


MakeKit = Callable[[Settings], Kit]


def open_kit(settings: Settings) -> Kit:
    """The kit of the device that the settings ask for. Takes seconds on a GPU.

    Raises KeyartError when that device cannot be used, with what is missing.
    """
    if choose_device(settings.device) == "cpu":
        return host_kit(settings)
    from .kit_cuda import cuda_kit

    return cuda_kit(settings)


def host_kit(settings: Settings) -> Kit:
    """FFmpeg, NumPy and OpenCV, sessions of one thread each: as many run side by side as there are threads."""
    ops = open_ops("cpu")
    return_pictures()
    return Kit(
        device="cpu",
        ops=ops,
        encoder=CpuEncoder(),
        meter=ops.meter,
        engine_ops=ops,
        tools=HOST,
        open_session=_open_on_host,
        open_decoder=partial(_open_decoder, "cpu"),
        clustering="cpu",
        # One film's decoder and engines already use all cores; a second film would only cost memory. And pictures are
        # looked at one by one: more together is no faster, and no answer can depend on its neighbours.
        pace=Pace(max_batch=1, readers=settings.thread_count, in_flight=1),
    )


def _open_on_host(path: Path, role: str) -> Session:
    return open_session(path, "cpu", name=role, threads=1)


def _open_decoder(device: Device, path: Path, options: DecodeOptions) -> Decoder:
    return open_decoder(path, device, options)
