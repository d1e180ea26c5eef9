"""Films joined of parts of several shapes. Each part shows a white disc on grey, round where it is displayed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np

from kernels.cpu import CpuOps
from kernels.surface import Surface

WIDE = Fraction(64, 45)
"""Aspect of the pixels of 16:9 in 720×576; in this file in a quarter of that."""
NARROW = Fraction(16, 15)


class Part(NamedTuple):
    """`size`: of the stored pictures. `count`: of pictures."""

    size: tuple[int, int]
    aspect: Fraction = Fraction(1)
    count: int = 50


def written(
    path: Path, part: Part, codec: str = "mpeg2video", layout: str = "yuv420p", rate: int = 25, key: int = 12
) -> Path:
    """One part as a film. The disc moves; its diameter is half of the shorter side."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate))
        (stream.width, stream.height), stream.pix_fmt = part.size, layout
        stream.codec_context.sample_aspect_ratio = part.aspect
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = key, 2
        stream.codec_context.bit_rate = 4_000_000
        for number in range(part.count):
            frame = av.VideoFrame.from_ndarray(drawn(part, number), format="rgb24").reformat(format=layout)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def drawn(part: Part, number: int) -> np.ndarray:
    """(h, w, 3) uint8, as it is stored."""
    width, height = part.size
    shown = round(width * part.aspect), height
    picture = np.full((shown[1], shown[0], 3), 90, np.uint8)
    radius = min(shown) // 4
    centre = shown[0] // 2 + number % 5 - 2, shown[1] // 2
    cv2.circle(picture, centre, radius, (235, 235, 235), -1, cv2.LINE_AA)
    return np.asarray(cv2.resize(picture, part.size, interpolation=cv2.INTER_AREA), np.uint8)


def joined(folder: Path, parts: list[Part], name: str = "film.ts", open_group: bool = False, **encoding: Any) -> Path:
    """The parts one after the other in one stream, by their bytes, with times that go on. open_group: later parts begin
    with a key picture after which pictures are coded that are shown before it."""
    folder.mkdir(exist_ok=True)
    film = folder / name
    with av.open(str(film), "w") as target:
        begin, stream = 0, None
        for number, part in enumerate(parts):
            with av.open(str(written(folder / f"part{number}.ts", part, **encoding))) as source:
                template = source.streams.video[0]
                stream = stream or target.add_stream_from_template(template)
                first, keys = None, 0
                begin += 2 * 90_000 // 25 if open_group and number else 0
                for packet in source.demux(template):
                    keys += packet.is_keyframe
                    if packet.pts is None or packet.dts is None or (open_group and number and keys < 2):
                        continue
                    first = packet.pts if first is None else first
                    packet.pts, packet.dts = packet.pts - first + begin, packet.dts - first + begin
                    packet.stream = stream
                    target.mux(packet)
                begin += part.count * 90_000 // encoding.get("rate", 25)
    return film


def disc(surface: Surface) -> tuple[int, int, int, int]:
    """The box of the disc as it is displayed: left, top, width, height."""
    return _box(surface, 165)


def picture(surface: Surface) -> tuple[int, int, int, int]:
    """The box of what is not black, as it is displayed: left, top, width, height."""
    return _box(surface, 45)


def _box(surface: Surface, least: int) -> tuple[int, int, int, int]:
    shown = surface.geometry
    rgb = CpuOps().rgb(surface, None, (shown.display_width, shown.display_height))
    rows, columns = np.nonzero(rgb.mean(axis=2) > least)
    return int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
