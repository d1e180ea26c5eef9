"""Decoders that one test body runs on: FFmpeg's, the chip's played by a peer, and FFmpeg's with uploads."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from kernels.cpu import CpuOps
from kernels.surface import Surface
from stream.decode.decoder import DecodeOptions, Decoder
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip

from .host_memory import HostMemory
from .nvdec.fake_nvdec import FakeNvdec

KINDS = ("ffmpeg", "nvdec", "ffmpeg, uploaded")

X265 = {"x265-params": "bframes=4:b-pyramid=1:keyint=20:log-level=none:pools=none:frame-threads=1"}
FILMS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "film.mkv": {},
    "film.ts": {},
    "b_pyramid.mp4": {"options": {"x264-params": "bframes=3:b-pyramid=normal:keyint=20:scenecut=0"}},
    "open_gop.mp4": {"options": {"x264-params": "bframes=3:open-gop=1:keyint=10:scenecut=0"}},
    "hevc.mp4": {"codec": "libx265", "options": X265},
    "hevc_idr.ts": {"codec": "libx265", "options": {"x265-params": X265["x265-params"] + ":open-gop=0"}},
    "hevc.mkv": {"codec": "libx265", "options": X265},
    "ten_bits.mp4": {"codec": "libx265", "options": X265, "layout": "yuv420p10le"},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"bf": "2"}},
    "odd.webm": {"codec": "libvpx-vp9", "size": (97, 65), "options": {"cpu-used": "8", "deadline": "realtime"}},
    "av1.mkv": {"codec": "libsvtav1", "options": {"preset": "12", "svtav1-params": "lp=1"}},
    "uneven.mkv": {"times": [t for t in range(0, 2000, 40) if t % 120]},
    "anamorphic.mp4": {"aspect": Fraction(4, 3)},
    "unaligned.mp4": {"size": (100, 70)},
    "full_range.mp4": {"layout": "yuvj420p"},
}


def write_film(
    path: Path, moving, count: int, codec: str = "libx264", layout: str = "yuv420p", size: tuple[int, int] = (96, 64),
    options: dict[str, str] | None = None, times: list[int] | None = None, aspect: Fraction | None = None,
) -> Path:  # fmt: skip
    pictures = moving(len(times) if times else count, size=size)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, layout
        stream.codec_context.gop_size = 12
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def open_kind(
    kind: str, path: Path, options: DecodeOptions | None = None, fake: FakeNvdec | None = None,
    memory: HostMemory | None = None, name: str | None = None,
) -> Decoder:  # fmt: skip
    """A decoder of that kind. `name`: its own name, where the chip refuses the film."""
    options = options or DecodeOptions(threads=1)
    if kind == "ffmpeg":
        return AvDecoder(path, options)
    if kind == "ffmpeg, uploaded":
        fake = FakeNvdec(refused={"H264", "HEVC", "MPEG2", "VP9"})
    decoder = open_on_chip(path, options, Chip(fake or FakeNvdec()), lambda: memory or HostMemory())
    assert decoder.name == (name or kind), decoder.notices
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
