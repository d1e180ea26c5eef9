"""Everything that differs between devices, made once for a run, so that no stage asks which device it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.session import Session
from engines.tools import EngineTools
from kernels.ops import Device, Meter, Ops
from kernels.surface import Geometry

from ..deciding.decisions import Deciders
from ..decode.decoder import DecodeOptions, Decoder
from ..output.jpeg import Encoder
from ..records import Notice
from ..settings.model import Settings
from .memory import DeviceMemory

OpenDecoder = Callable[[Path, DecodeOptions], Decoder]


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Defaults of a device, used where the settings give no number."""

    max_batch: int
    """Most pictures in a batch for the engines."""
    readers: int
    """Batches that are in work at a time."""
    in_flight: int
    """Films that are in work at a time."""
    max_wait_s: float = 0.005
    """How long a batch waits for more pictures, seconds."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of one device. On a GPU `ops` and `encoder` work in one stream, `engine_ops`, `tools` and the sessions
    in another, and every meter and decoder in its own. So a part must finish a picture before it hands it to another
    part.
    """

    device: Device
    ops: Ops
    encoder: Encoder
    meter: Callable[[Geometry], Meter]
    engine_ops: Ops
    tools: EngineTools
    open_session: Callable[[Path, str], Session]
    """(model file, role) → session."""
    open_decoder: OpenDecoder
    deciders: Deciders
    """Where the ends of films are decided by their numbers."""
    concurrency: Concurrency
    fallbacks: Callable[[Mapping[str, Session]], Sequence[Notice]] = lambda sessions: ()
    """Sessions by role → notices of what was asked for and is done by something else."""
    memory: Callable[[], DeviceMemory | None] = lambda: None
    """The device's own memory now; None where it has none, or does not tell."""


MakeKit = Callable[[Settings], Kit]
