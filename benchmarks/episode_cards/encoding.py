"""Compresses a card's pictures as H.264 and decodes them again, as they come from a film."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from kernels.surface import Colour, Geometry, Surface
from stream.decode.ffmpeg.surface import surface_of

from .footage import STEP_S

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    VideoPacket: TypeAlias = av.Packet[VideoStream]

_RATE = Fraction(1) / Fraction(STEP_S)
_COLOUR = Colour("bt709")


def compressed(pictures: Sequence[np.ndarray], quantiser: int) -> list[tuple[float, Surface]]:
    """The pictures (H, W, 3) uint8 R'G'B' after libx264 at this crf, 0–51, with their times in seconds from 0.

    The card's seconds are encoded with the few pictures that are read, so that each but the first is predicted from one
    half a second before.
    """
    height, width = pictures[0].shape[:2]
    packets = _encoded(pictures, quantiser)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    geometry = Geometry(width, height)
    return [(place * STEP_S, surface_of(frame, _COLOUR, geometry)) for place, frame in enumerate(frames)]


def _encoded(pictures: Sequence[np.ndarray], quantiser: int) -> list[VideoPacket]:
    height, width = pictures[0].shape[:2]
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.thread_count = 1 / _RATE, 1
    encoder.options = {"crf": str(quantiser), "preset": "veryfast"}
    packets: list[VideoPacket] = []
    for place, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.pts = place
        packets += encoder.encode(frame)
    return [*packets, *encoder.encode(None)]
