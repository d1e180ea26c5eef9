"""Made films whose pictures are woven of two fields, and how much of combing is left in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags
from av.filter import Graph

SIZE = 160, 96


def sliding(count: int, step: float = 5.0, still: int = 0) -> list[np.ndarray]:
    """(96, 160) uint8 pictures of a soft texture that slides by `step` pixels a picture, the first `still` not."""
    noise = np.random.default_rng(2).uniform(40, 210, (SIZE[1] // 8 + 2, 400))
    wide = np.kron(noise, np.ones((8, 8)))
    soft = sum(np.roll(wide, (k, k), (0, 1)) for k in range(-3, 4)) / 7.0
    begins = [max(0, i - still) * step for i in range(count)]
    return [soft[: SIZE[1], int(x) : int(x) + SIZE[0]].astype(np.uint8) for x in begins]


def woven(fields: Sequence[np.ndarray], even_first: bool = True) -> list[np.ndarray]:
    """Pictures of two fields each: the first of its lines of one kind, the second of the other."""
    pictures = [picture.copy() for picture in fields[0::2]]
    for picture, later in zip(pictures, fields[1::2], strict=False):
        picture[int(even_first) :: 2] = later[int(even_first) :: 2]
    return pictures


def pulled_down(film: Sequence[np.ndarray], fields_each: Sequence[int] = (2, 3, 2, 3)) -> list[np.ndarray]:
    """Four pictures become five: each gives so many fields in turn."""
    fields = [picture for k, picture in enumerate(film) for _ in range(fields_each[k % len(fields_each)])]
    return woven(fields[: len(fields) // 2 * 2])


def write_woven(
    path: Path, pictures: Sequence[np.ndarray], flag: str = "prog", codec: str = "libx264", b_frames: int = 0
) -> Path:
    """Write luma pictures as a film of 25 pictures a second. `flag`: prog, tff or bff, of each picture."""
    height, width = pictures[0].shape
    graph = Graph()
    form = av.VideoFormat("yuv420p", width, height)
    source = graph.add_buffer(width=width, height=height, format=form, time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add("setfield", flag), graph.add("buffersink")).configure()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.gop_size, context.bit_rate, context.max_b_frames = 12, 4_000_000, b_frames
        if flag != "prog":
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        for number, picture in enumerate(pictures):
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = picture
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            graph.vpush(frame)
            container.mux(stream.encode(graph.vpull()))
        container.mux(stream.encode(None))
    return path


def line_energy(luma: np.ndarray, scale: float = 1.0) -> float:
    """Mean energy at the frequency at which one field differs from the other, of windows of eight lines of the film.

    luma: (h, w). scale: lines of it for one line of the film.
    """
    lines = round(8 * scale)
    at = np.arange(lines)
    wave = np.hanning(lines + 2)[1:-1] * np.exp(1j * np.pi * at / scale)
    rows = luma[: len(luma) // lines * lines].astype(np.float64).reshape(-1, lines, luma.shape[1])
    rows = rows - rows.mean(axis=1, keepdims=True)
    return float((np.abs(np.einsum("nrc,r->nc", rows, wave) / np.abs(wave).sum()) ** 2).mean())
