"""Packets for NVDEC from FFmpeg's demuxer and Annex B filter, so that times are the same as on the CPU.

PyNvVideoCodec's own demuxer is not used. It gives no packet flags (damaged; decoded but hidden by an edit list) and no
choice of stream, knows fewer containers, and seeks by frame counts of its own. PyAV demuxes and filters a packet in 8
to 14 µs and releases the interpreter lock while it reads: 45,000 to 90,000 packets a second on one core, ten times what
the fastest NVDEC decodes. So times, frame numbers, edit lists and damage are the same as on the CPU.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError
from av.video.stream import VideoStream

from ..checks import check_of
from ..container import open_container
from ..damage import Damage
from ..demuxing import packets_of
from ..encrypted import refuse_encrypted
from ..hidden import is_hidden
from ..nal_units import NonReference, parameter_sets
from ..numbers import FrameNumbers
from ..probe import picture_stream

if TYPE_CHECKING:
    VideoPacket: TypeAlias = av.Packet[VideoStream]

_TO_ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}


class Packet(NamedTuple):
    """A packet as NVDEC takes it. `pts`: in the stream's time base."""

    pts: int | None
    key: bool
    shown: bool
    """False for a picture that an edit list hides; it is decoded because others refer to it."""
    droppable: bool
    """No other picture refers to it."""
    address: int
    nbytes: int
    owner: object
    """Keeps the bytes at `address` alive."""


class PacketReader:
    """The packets of a file's picture stream in decoding order.

    checked: look also at the checksums that the file keeps. `damage`: what is known of it. `reached`: the place in the
    file of the last packet, bytes; `stream_id`: the number of the stream there. Set `find_droppable` to look for
    packets whose picture no other refers to, which costs 2 µs each. Raises KeyartError like `open_container`.
    """

    def __init__(self, path: Path, *, checked: bool = False) -> None:
        self._path = path
        self._open()
        time_base = self.stream.time_base or Fraction(1)
        self._unit = time_base.numerator, time_base.denominator
        header = self.stream.codec_context.extradata
        self.headers = parameter_sets(self.codec, header) if self.codec in _TO_ANNEX_B else b""
        self._rule = NonReference(self.codec, header)
        self._numbers = FrameNumbers()
        self.find_droppable = False
        self.damage = Damage()
        self.reached, self.stream_id = 0, self.stream.id  # which a closed container has no more
        self._check = check_of(path, self._container.format.name, self.codec) if checked else None

    def _open(self) -> None:
        self._container = open_container(self._path)
        try:
            self.stream = picture_stream(self._container)
            self.codec = self.stream.codec_context.name
            self._filter = self._annex_b_filter()
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        self._container.close()
        if self._check is not None:
            self._check.close()

    def seek(self, pts_s: float) -> None:
        """Go to the key frame at or before `pts_s` (the file's clock), before anything is read. Frame numbers are
        unknowable from then on."""
        self._numbers.demuxed(None)
        time_base = self.stream.time_base
        assert time_base is not None  # every demuxed stream has one
        try:
            self._container.seek(int(pts_s / time_base), stream=self.stream, backward=True)
        except FFmpegError:
            # Streams without an index refuse to seek, damaged ones even to their start. Reading from there is slower
            # and just as exact.
            self._container.close()
            self._open()

    def packets(self) -> Iterator[Packet]:
        """The packets up to the end of the file, or to the place where it breaks off."""
        try:
            for packet in packets_of(self._container, self.stream):
                if packet.size:
                    refuse_encrypted(packet)
                    self._look_at(packet)
                    yield from self._filtered(packet)
        except FFmpegError as error:
            self.damage.note(None, error)
        if self._check is not None and not self._check.rest_holds():
            self.damage.failed = self._check.failed

    def number(self, pts: int | None, shown_s: float, mended: Mapping[float, float]) -> int:
        """Number from 0 of the picture with the time `pts` (the stream's time base), which is shown at `shown_s`; -1
        when unknowable. `mended`: see `FrameClock`."""
        if mended and pts is not None and mended.get(self.time_s(pts) or 0.0) == shown_s:
            pts = self._numbers.mended(pts, round(shown_s * self._unit[1] / self._unit[0]))
        return self._numbers.number(pts)

    def time_s(self, pts: int | None) -> float | None:
        """Presentation time on the file's clock, seconds; None when the file gives none."""
        # Bit for bit what fractions give, ten times as fast: Python rounds the quotient of two integers correctly.
        return None if pts is None else pts * self._unit[0] / self._unit[1]

    def _look_at(self, packet: VideoPacket) -> None:
        self.reached = max(self.reached, packet.pos or 0)
        if self._check is not None and not self._check.holds(packet):
            self.damage.failed = self._check.failed
            time_s = self.time_s(packet.pts)
            if time_s is not None:
                self.damage.doubt(time_s)

    def _filtered(self, packet: VideoPacket) -> Iterator[Packet]:
        # Read before filtering: the filter empties the packet.
        pts, key, shown = packet.pts, packet.is_keyframe, not packet.is_discard
        if shown and not is_hidden(self.codec, memoryview(packet)):
            self._numbers.demuxed(pts)
        if packet.is_corrupt:
            self.damage.note(self.time_s(pts))
        droppable = self.find_droppable and not key and self._rule.holds(memoryview(packet))
        try:
            parts = [packet] if self._filter is None else self._filter.filter(packet)
        except FFmpegError as error:
            self.damage.note(self.time_s(pts), error)
            return
        for part in parts:
            yield Packet(pts, key, shown, droppable, part.buffer_ptr, part.buffer_size, part)

    def _annex_b_filter(self) -> BitStreamFilterContext | None:
        name = _TO_ANNEX_B.get(self.codec)
        return None if name is None else BitStreamFilterContext(name, self.stream)


def with_headers(packet: Packet, headers: bytes) -> Packet:
    """The packet with the stream's parameter sets before it, for a session that begins here: the filter puts them only
    before some kinds of key frames."""
    if not headers:
        return packet
    joined = np.frombuffer(headers + content(packet), np.uint8)
    return packet._replace(address=joined.ctypes.data, nbytes=joined.size, owner=joined)


def content(packet: Packet) -> bytes:
    """A copy of the packet's bytes."""
    return ctypes.string_at(packet.address, packet.nbytes)
