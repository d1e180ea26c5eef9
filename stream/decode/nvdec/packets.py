"""Packets for the chip's decoder: FFmpeg's demuxer and its Annex B filter, the same times as the CPU's decoder.

PyNvVideoCodec has a demuxer of its own. It gives neither the flags of a packet (damaged, to be decoded and not shown by
an edit list) nor a choice of stream, knows fewer containers and seeks by its own idea of frames. PyAV demuxes and
filters a packet in 8 to 14 µs and without the interpreter's lock for the reading, 45,000 to 90,000 packets a second on
one core, ten times what the fastest chip decodes; so times, numbers, edit lists and damage are those of the CPU's path.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError
from av.video.stream import VideoStream

from ..container import open_container
from ..nal_units import NonReference, parameter_sets
from ..numbers import FrameNumbers
from ..probe import picture_stream

if TYPE_CHECKING:
    VideoPacket: TypeAlias = av.Packet[VideoStream]

_TO_ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}


class Packet(NamedTuple):
    """A packet as the chip wants it; `pts` in the stream's units."""

    pts: int | None
    key: bool
    shown: bool
    """False for a picture that others need and an edit list hides."""
    droppable: bool
    """No other picture needs it."""
    address: int
    nbytes: int
    owner: object
    """Keeps the bytes alive."""


class PacketReader:
    """The packets of a file's picture stream in decoding order, counted.

    `errors` counts damaged packets (and the demuxer's end); `first_error_s` is the time of the first. `find_droppable`
    looks for packets that no other needs, which costs 2 µs each. Raises KeyartError like `open_container`.
    """

    def __init__(self, path: Path) -> None:
        self._container = open_container(path)
        try:
            self.stream = picture_stream(self._container)
            self.codec = self.stream.codec_context.name
            self._filter = self._annex_b_filter()
        except BaseException:
            self._container.close()
            raise
        time_base = self.stream.time_base or Fraction(1)
        self._unit = time_base.numerator, time_base.denominator
        header = self.stream.codec_context.extradata
        self.headers = parameter_sets(self.codec, header) if self.codec in _TO_ANNEX_B else b""
        self._rule = NonReference(self.codec, header)
        self._numbers = FrameNumbers()
        self.find_droppable = False
        self.errors = 0
        self.first_error_s: float | None = None
        self._damaged_from_s: float | None = None

    def close(self) -> None:
        self._container.close()

    def seek(self, pts_s: float) -> None:
        """Go to the key frame at or before `pts_s` (file clock); numbers are unknowable from then on."""
        self._numbers.demuxed(None)
        time_base = self.stream.time_base
        assert time_base is not None  # every demuxed stream has one
        try:
            self._container.seek(int(pts_s / time_base), stream=self.stream, backward=True)
        except FFmpegError:
            # Streams without an index refuse to seek; reading them from the start is slower and as exact.
            self._container.seek(0)

    def packets(self) -> Iterator[Packet]:
        """Packets to the end of the file, or to where it is torn."""
        try:
            for packet in self._container.demux(self.stream):
                if packet.size:
                    yield from self._filtered(packet)
        except FFmpegError:
            self.note_damage(None)

    def number(self, pts: int | None) -> int:
        """Number of the picture shown at `pts` in the stream from 0, -1 when unknowable."""
        return self._numbers.number(pts)

    def time_s(self, pts: int | None) -> float | None:
        """Presentation time on the file's clock, seconds; None when the file gives none."""
        # The same as by fractions, to the last bit, and ten times as fast: integers divide correctly rounded.
        return None if pts is None else pts * self._unit[0] / self._unit[1]

    def note_damage(self, time_s: float | None) -> None:
        """Something at `time_s` could not be read: pictures are damaged from there to the next key frame."""
        self.errors += 1
        if time_s is not None:
            self.first_error_s = time_s if self.first_error_s is None else min(self.first_error_s, time_s)
            self._damaged_from_s = time_s if self._damaged_from_s is None else min(self._damaged_from_s, time_s)

    def is_damaged(self, time_s: float, key: bool) -> bool:
        """Whether the picture, or one it is predicted from, was damaged: until the next clean key frame. What the chip
        conceals without saying so stays unknown."""
        if key and self._damaged_from_s is not None and time_s > self._damaged_from_s:
            self._damaged_from_s = None
        return self._damaged_from_s is not None and time_s >= self._damaged_from_s

    def _filtered(self, packet: VideoPacket) -> Iterator[Packet]:
        # Read first: the filter takes the packet's contents away.
        pts, key, shown = packet.pts, packet.is_keyframe, not packet.is_discard
        if shown:
            self._numbers.demuxed(pts)
        if packet.is_corrupt:
            self.note_damage(self.time_s(pts))
        droppable = self.find_droppable and not key and self._rule.holds(memoryview(packet))
        try:
            parts = [packet] if self._filter is None else self._filter.filter(packet)
        except FFmpegError:
            self.note_damage(self.time_s(pts))
            return
        for part in parts:
            yield Packet(pts, key, shown, droppable, part.buffer_ptr, part.buffer_size, part)

    def _annex_b_filter(self) -> BitStreamFilterContext | None:
        name = _TO_ANNEX_B.get(self.codec)
        return None if name is None else BitStreamFilterContext(name, self.stream)


def with_headers(packet: Packet, headers: bytes) -> Packet:
    """The packet behind the stream's parameter sets, for a decoder that begins here: the filter puts them only before
    some kinds of key frames."""
    if not headers:
        return packet
    joined = np.frombuffer(headers + content(packet), np.uint8)
    return packet._replace(address=joined.ctypes.data, nbytes=joined.size, owner=joined)


def content(packet: Packet) -> bytes:
    """A copy of the packet's bytes."""
    return ctypes.string_at(packet.address, packet.nbytes)
