"""Which of a packet's two stamps says when its picture is shown, decided once for each film.

Containers such as AVI keep no presentation times. FFmpeg's demuxer makes some up for them, and those count in decoding
order: pictures that are reordered (B-frames) get the times of others. FFmpeg's own rule for that (libavcodec/decode.c,
`guess_correct_pts`) takes, of both stamps, the one that has run backwards less often in the decoder's output. There the
decoding time of a picture is that of the packet that made the decoder give it out. FFmpeg counts anew at every step;
here the beginning of the film decides for all of it, so that a picture has the same time however it is reached. Where
nothing is reordered, both stamps rise alike and the made-up times stay; they may begin one picture late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import KeyartError
from .container import open_container
from .demuxing import packets_of
from .probe import picture_stream

if TYPE_CHECKING:
    from .demuxing import VideoPacket

_KEEPS_NO_TIMES = "avi"
_IN_ORDER = 64
"""Packets whose presentation times rise in decoding order, after which they are looked into."""
_LOOKED_INTO = 256
"""Packets that are decoded at most to decide."""


@dataclass(frozen=True, slots=True)
class StampRule:
    """`by_dts`: pictures are shown by decoding times. `lead`: how much later than the decoding time of the packet in
    its place a picture is shown, in the stream's time base."""

    by_dts: bool = False
    lead: int = 0

    def restamp(self, packet: VideoPacket) -> None:
        """Give the packet the time at which the picture in its place is shown, where its own is made up."""
        if self.by_dts:
            packet.pts = None if packet.dts is None else packet.dts + self.lead

    def seek(self, container: InputContainer, stream: VideoStream, pts_s: float) -> None:
        """Go to the key picture at or before `pts_s` (the file's clock). Raises FFmpegError where the file cannot be
        sought."""
        time_base = stream.time_base
        assert time_base is not None  # every demuxed stream has one
        ticks = int(pts_s * time_base.denominator / time_base.numerator)
        # Some demuxers refuse to seek before the beginning.
        ticks = max(min(ticks, 0), ticks - self.lead)
        container.seek(ticks, stream=stream, backward=True)


class FrameStamps:
    """Stamps the pictures of one pass by a `StampRule`, in presentation order."""

    def __init__(self, rule: StampRule) -> None:
        self._rule = rule
        self._last: int | None = None
        self._step = 1

    def restamp(self, frame: VideoFrame) -> None:
        """Give the picture its time, where its own is made up. The last pictures of a stream come after its last
        packet; they go on by the same steps. A picture without a time among others that have one gets the decoding time
        of the packet that made the decoder give it out, as by FFmpeg's rule."""
        if not self._rule.by_dts:
            if frame.pts is None and frame.dts is not None and self._last is not None and frame.dts > self._last:
                frame.pts = frame.dts
            self._last = frame.pts if frame.pts is not None else self._last
            return
        tick = frame.dts
        if tick is None and self._last is not None:
            tick = self._last + self._step
        elif tick is not None and self._last is not None and tick > self._last:
            self._step = tick - self._last
        frame.pts = tick
        self._last = tick if tick is not None else self._last


def rule_of(path: Path) -> StampRule:
    """The rule of a film. Raises KeyartError like `open_container`."""
    return _rule_of(path, *version_of(path))


def version_of(path: Path) -> tuple[int, int]:
    """What changes when a file is replaced or grows: when it was written (ns), its size. Zeros where there is none any
    more; whoever opens it then says so."""
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=64)
def _rule_of(path: Path, mtime_ns: int, size: int) -> StampRule:
    """`mtime_ns`, `size`: so that a file that was replaced is looked at again."""
    with open_container(path) as container:
        try:
            stream = picture_stream(container)
        except KeyartError:
            return StampRule()
        if not stream.codec_context.has_b_frames:
            return StampRule()
        try:
            return _decided(container, stream)
        except FFmpegError:  # damaged at its beginning: nothing is known against its times
            return StampRule()


def _decided(container: InputContainer, stream: VideoStream) -> StampRule:
    """The rule by the first pictures; packets in presentation order are decoded, others show that times are kept. Not
    in AVI: of a packet that holds two pictures FFmpeg makes up times for both, and those fall."""
    packets: list[VideoPacket] = []
    kept = container.format.name != _KEEPS_NO_TIMES
    for packet in packets_of(container, stream):
        if not packet.size or len(packets) == _LOOKED_INTO:
            break
        if kept and packets and not _rises(packets[-1].pts, packet.pts):
            return StampRule()
        packets.append(packet)
        if len(packets) == _IN_ORDER and all(one.pts == one.dts for one in packets):
            return StampRule()
    frames = list(_decoded(stream, packets))
    if not frames or packets[0].dts is None or frames[0].dts is None:
        return StampRule()
    faults_of_pts, faults_of_dts = _faults([one.pts for one in frames]), _faults([one.dts for one in frames])
    return StampRule(True, _lead(frames, packets)) if faults_of_pts > faults_of_dts else StampRule()


def _lead(frames: list[VideoFrame], packets: list[VideoPacket]) -> int:
    """How much later than the packet in its place a picture is shown, in most places: the first ones may differ."""
    pairs = ((frame.dts, packet.dts) for frame, packet in zip(frames, packets, strict=False))
    return int(median_low([shown - stored for shown, stored in pairs if shown is not None and stored is not None]))


def _decoded(stream: VideoStream, packets: list[VideoPacket]) -> Iterator[VideoFrame]:
    for packet in packets:
        yield from stream.codec_context.decode(packet)


def _rises(before: int | None, after: int | None) -> bool:
    return before is None or after is None or after > before


def _faults(stamps: list[int | None]) -> int:
    """How often the known stamps do not rise."""
    known = [stamp for stamp in stamps if stamp is not None]
    return sum(after <= before for before, after in pairwise(known))
