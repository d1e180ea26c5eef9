"""The parts of the CPU: FFmpeg, NumPy and OpenCV, ONNX Runtime, scikit-learn, libjpeg."""

from __future__ import annotations

from pathlib import Path

from engines.open_session import open_session
from engines.session import Session
from engines.tools import HOST_TOOLS
from kernels.open_ops import open_ops

from ..deciding.decisions import OwnDeciders
from ..decode.ffmpeg.decoder import AvDecoder
from ..output.jpeg import CpuEncoder
from ..settings.model import Settings
from .kit import Concurrency, Kit
from .process import set_mmap_threshold

_SELDOM = {"shots"}
"""Roles that are asked a few times in a film and need much memory meanwhile."""


def host_kit(settings: Settings) -> Kit:
    """The kit of the CPU. Each session uses one thread; as many run at the same time as the settings allow threads."""
    ops = open_ops("cpu")
    set_mmap_threshold()
    return Kit(
        device="cpu",
        ops=ops,
        encoder=CpuEncoder(),
        meter=ops.meter,
        engine_ops=ops,
        tools=HOST_TOOLS,
        open_session=_open_on_host,
        open_decoder=AvDecoder,
        deciders=OwnDeciders("cpu"),
        # One film's decoder and engines already use all cores; a second film would only cost memory. Batches have one
        # picture: larger ones are no faster, and no result can depend on the other pictures of its batch.
        concurrency=Concurrency(max_batch=1, readers=settings.thread_count, in_flight=1),
    )


def _open_on_host(path: Path, role: str) -> Session:
    return open_session(path, "cpu", name=role, threads=1, seldom=role in _SELDOM)
