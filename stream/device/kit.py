"""Everything that differs between devices, made once for a run. No stage asks which device it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.session import Session
from engines.tools import EngineTools
from kernels.ops import Device, Meter, Ops
from kernels.surface import Geometry

from ..decode.decoder import DecodeOptions, Decoder
from ..output.jpeg import Encoder
from ..records import Notice
from ..settings.model import Settings

OpenDecoder = Callable[[Path, DecodeOptions], Decoder]


@dataclass(frozen=True, slots=True)
class Concurrency:
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
    concurrency: Concurrency
    fallbacks: Callable[[Mapping[str, Session]], Sequence[Notice]] = lambda sessions: ()
    """What was asked for and is done by something else, given the sessions by role."""


MakeKit = Callable[[Settings], Kit]
