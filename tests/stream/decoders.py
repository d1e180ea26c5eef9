"""Decoders that one test body runs on: FFmpeg's, the chip's played by a peer, and FFmpeg's with uploads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kernels.cpu import CpuOps
from kernels.surface import Surface
from stream.av_decode import AvDecoder
from stream.decode import DecodeOptions, Decoder
from stream.nv_open import open_on_chip
from stream.nv_session import Chip

from .fake_nvdec import FakeNvdec
from .host_memory import HostMemory

KINDS = ("ffmpeg", "nvdec", "ffmpeg, uploaded")


def open_kind(
    kind: str, path: Path, options: DecodeOptions | None = None, fake: FakeNvdec | None = None,
    memory: HostMemory | None = None,
) -> Decoder:  # fmt: skip
    """A decoder of that name."""
    options = options or DecodeOptions(threads=1)
    if kind == "ffmpeg":
        return AvDecoder(path, options)
    if kind == "ffmpeg, uploaded":
        fake = FakeNvdec(refused={"H264", "HEVC", "MPEG2", "VP9"})
    decoder = open_on_chip(path, options, Chip(fake or FakeNvdec()), lambda: memory or HostMemory())
    assert decoder.name == kind, decoder.notices
    return decoder


def watched(decoder: Decoder) -> tuple[list[float], list[int], list[bool], list[np.ndarray]]:
    """Times, numbers, damage and pictures (RGB) of a whole pass."""
    pts_s: list[float] = []
    frames: list[int] = []
    damaged: list[bool] = []
    pictures: list[np.ndarray] = []
    for batch in decoder.batches():
        pts_s += batch.pts_s.tolist()
        frames += batch.frames.tolist()
        damaged += batch.damaged.tolist()
        pictures += [shown(surface) for surface in batch.surfaces]
    return pts_s, frames, damaged, pictures


def shown(surface: Surface) -> np.ndarray:
    """The picture as the kernels convert it."""
    rgb: np.ndarray = CpuOps().rgb(surface)
    return rgb


def assert_same_picture(a: np.ndarray, b: np.ndarray) -> None:
    """A step of rounding: P016 has 16 bits where FFmpeg's planes have ten."""
    assert a.shape == b.shape
    assert np.abs(a.astype(int) - b).max() <= 1
