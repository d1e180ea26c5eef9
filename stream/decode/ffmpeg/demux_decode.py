"""One pass of FFmpeg's demuxer and decoder over a file, which may be damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from ...dataflow.cancellation import checkpoint
from ...records import VideoInfo
from ..alpha import context_of
from ..checks import check_of
from ..colours import Tags
from ..concealed import is_cut_gif, strict_options
from ..container import MOST_PIXELS, open_container
from ..damage import Damage
from ..decoder import DecodeMode
from ..demuxing import packets_of
from ..encrypted import refuse_encrypted
from ..hidden import is_hidden
from ..numbers import FrameNumbers
from ..probe import believed, picture_stream
from ..shapes import Shape
from ..stamps import FrameStamps, rule_of
from ..times import FALLBACK_FPS
from .pixel_aspect import PixelAspect, container_tells

if TYPE_CHECKING:
    from ..demuxing import VideoPacket


_SKIPS_FOR_GOOD = frozenset({"libdav1d"})
"""Decoders that are told before their first packet what they may leave out, and never again."""
_SQUARE = Fraction(1)


class Step(NamedTuple):
    """One packet (None: the end of the stream), and the frames that the decoder returned for it or its error.
    `aspect`: of the pixels, as the decoder has it then, which may be ahead of the frames."""

    packet: VideoPacket | None
    frames: list[av.VideoFrame]
    error: FFmpegError | None = None
    aspect: Fraction | None = None


class _Aspects:
    """The aspect of the pixels of each frame of a pass. `of_stream`: as the container says, or the decoder did when the
    file was opened.

    Nothing is asked while the decoder says nothing else. A new aspect comes with a key picture, and the decoder has it
    before the first frame that has it. So then key pictures are asked, and all frames while what the decoder has
    differs from what the last one said. Where the container tells, its aspect holds all the same. `own`: what the last
    frame itself said.
    """

    def __init__(self, path: Path, of_stream: Fraction | None) -> None:
        self._path, self._of_stream = path, of_stream or _SQUARE
        self._decoders = self._of_stream
        self._pixels: PixelAspect | None = None
        self._last: Fraction | None = None
        self._told: bool | None = None
        self.own = self._of_stream

    def decoded(self, decoders: Fraction | None) -> None:
        """Take note of the decoder's aspect after a step."""
        self._decoders = decoders or _SQUARE
        if self._told is None and self._decoders != self._of_stream:
            self._told, self._pixels = container_tells(self._path), PixelAspect()

    def of(self, frame: av.VideoFrame, *, alone: bool) -> Fraction:
        """See `AvPass.shape`."""
        if self._pixels is None:
            return self._of_stream
        if alone or frame.key_frame or self._last is None or self._decoders != self._last:
            self._last = self.own = self._pixels.read(frame, self._decoders)
        return self._of_stream if self._told else self._last


class AvPass:
    """Decodes the frames of the film's video stream in presentation order. Numbers them and knows which are damaged.

    threads: of the decoder; 0: FFmpeg chooses. rough: skip the filter that smooths the edges between coding blocks;
    that takes a quarter less time and changes luma by about one step, which is good enough to analyse a face but not
    for a poster. checked: look also at the checksums that the file keeps, which takes its whole beginning. `damage`:
    what is known of it, of the frames that were asked for (`is_damaged`). `reached`: the place in the file of the last
    packet, bytes; `stream_id`: the number of the stream there. `context`: what decodes the stream. `tags`: what the
    container says of colours. Raises KeyartError when the file cannot be opened or has no video stream.
    """

    def __init__(
        self, path: Path, threads: int, mode: DecodeMode, *, rough: bool = False, checked: bool = False
    ) -> None:
        self._path, self._threads, self._mode, self._rough = path, threads, mode, rough
        self.rule = rule_of(path)
        self._open()
        self._stamps = FrameStamps(self.rule)
        self.damage = Damage()
        self.reached, self.stream_id = 0, self.stream.id  # which a closed container has no more
        self._check = check_of(path, self.container.format.name, self._codec) if checked else None
        self._numbers = FrameNumbers()
        self._keys = set[int | None]()
        self._aspects = _Aspects(path, self.stream.sample_aspect_ratio)

    def _open(self) -> None:
        self.container = open_container(self._path)
        try:
            self.stream = picture_stream(self.container)
        except BaseException:
            self.container.close()
            raise
        self.context = context_of(self.stream)
        self.context.thread_type = "AUTO"
        self.context.thread_count = self._threads
        self._codec = self.stream.codec_context.name
        self.tags = Tags.of(self.stream.codec_context)
        if self._mode == "reference" and not self.rule.by_dts:
            self.context.skip_frame = "NONREF"
        self.context.options = {"max_pixels": str(MOST_PIXELS)} | strict_options(self._path, self._codec)
        if self._rough:
            self.context.options |= {"skip_loop_filter": "all"}
        time_base = self.stream.time_base
        assert time_base is not None  # every demuxed stream has one
        # Kept as integers: needed for every picture, and the property makes a new Fraction each time.
        self._time_base = time_base.numerator, time_base.denominator

    def close(self) -> None:
        """Close the demuxer. Frames that were returned stay valid."""
        self.container.close()
        if self._check is not None:
            self._check.close()

    def seek(self, pts_s: float) -> None:
        """Go to the key frame at or before `pts_s` (file clock, seconds), before anything is read. After that, frame
        numbers are unknown. Raises KeyartError like opening the file."""
        self._numbers.demuxed(None)
        try:
            self.rule.seek(self.container, self.stream, pts_s)
            if self._is_substitute:
                self.context.flush_buffers()
        except FFmpegError:
            # Streams without an index cannot seek, damaged ones not even to their start. Reading from there is slower
            # but gives the same pictures.
            self.container.close()
            self._open()

    def frames(
        self, from_key_s: float | None = None, wanted: Callable[[float], bool] | None = None
    ) -> Iterator[av.VideoFrame]:
        """Decoded frames in presentation order.

        from_key_s: packets before the key frame at this time are counted, but not decoded. wanted: whether the frame at
        a time is; those that are not, and that no other frame needs, are not decoded. Both in seconds on the file's
        clock. Where pictures are shown by decoding times, all are decoded: the next packet tells the time of a picture.
        """
        for packet in self.packets(from_key_s):
            if wanted is not None and not self.rule.by_dts and self._codec not in _SKIPS_FOR_GOOD:
                self.context.skip_frame = "DEFAULT" if wanted(_time_s(packet)) else "NONREF"
            yield from self.decoded(decode(self.context, packet))
        yield from self.decoded(decode(self.context, None))

    def packets(self, from_key_s: float | None = None) -> Iterator[VideoPacket]:
        """Packets in decoding order, from the key frame at `from_key_s` on; earlier ones are only counted. The caller
        must decode each packet and give the step to `decoded`."""
        for packet in self._demuxed():
            if from_key_s is not None:
                if not packet.is_keyframe or packet.pts is None or _time_s(packet) < from_key_s:
                    checkpoint()
                    self._note(packet)
                    continue
                from_key_s = None
            yield packet

    def decoded(self, step: Step) -> list[av.VideoFrame]:
        """The frames of a step, in order. Counts its packet for the frame numbers and notes damage."""
        if step.packet is not None:
            self._note(step.packet)
        if step.error is not None:
            self.damage.note(_time_s(step.packet) if step.packet is not None else None, step.error)
        if step.frames:
            self._aspects.decoded(step.aspect)
        for frame in step.frames:
            self._stamps.restamp(frame)
        return step.frames

    def shape(self, frame: av.VideoFrame, *, alone: bool = False) -> Shape:
        """The stored size of a frame and the aspect of its pixels. To be called in presentation order for every frame;
        `alone`: frames in between were passed over.
        """
        return Shape(frame.width, frame.height, believed(self._aspects.of(frame, alone=alone)))

    @property
    def own_aspect(self) -> tuple[int, int]:
        """What the frame that `shape` was last asked of says itself, which does not hold where the container tells."""
        return believed(self._aspects.own)

    def number(self, frame: av.VideoFrame, shown_s: float, mended: Mapping[float, float]) -> int:
        """The number in the stream, from 0, of a frame that is shown at `shown_s`; -1 when unknown. `mended`: see
        `FrameClock`."""
        pts = frame.pts
        if mended and pts is not None and mended.get(self.time_s(frame) or 0.0) == shown_s:
            pts = self._numbers.mended(pts, round(shown_s * self._time_base[1] / self._time_base[0]))
        return self._numbers.number(pts)

    def is_damaged(self, frame: av.VideoFrame) -> bool:
        """Whether the frame may be damaged: it, or one since the last clean key frame, failed to decode."""
        return self.damage.holds(self.time_s(frame) or 0.0, key=self.is_key(frame), corrupt=frame.is_corrupt)

    def is_key(self, frame: av.VideoFrame) -> bool:
        """Whether decoding can begin with the frame."""
        return frame.key_frame or frame.pts in self._keys

    def _demuxed(self) -> Iterator[VideoPacket]:
        try:
            for packet in packets_of(self.container, self.stream):
                if packet.size and self._codec == "gif" and is_cut_gif(memoryview(packet)):
                    self.damage.note(_time_s(packet))
                elif packet.size:
                    refuse_encrypted(packet)
                    self.rule.restamp(packet)
                    self._look_at(packet)
                    yield packet
                elif packet.is_corrupt:
                    self.damage.note(_time_s(packet))
        except FFmpegError as error:
            self.damage.note(None, error)
        if self._check is not None and not self._check.rest_holds():
            self._failed(None)

    def _look_at(self, packet: VideoPacket) -> None:
        self.reached = max(self.reached, packet.pos or 0)
        if self._check is not None and not self._check.holds(packet):
            self._failed(_time_s(packet))

    def _failed(self, time_s: float | None) -> None:
        """Note that the check failed; of what FFmpeg leaves out, as an error."""
        assert self._check is not None  # it failed
        if self._check.left_out:
            self.damage.note(time_s)
            return
        self.damage.failed = self._check.failed
        if time_s is not None:
            self.damage.doubt(time_s)

    def _note(self, packet: VideoPacket) -> None:
        if not packet.is_discard and not is_hidden(self._codec, memoryview(packet)):
            self._numbers.demuxed(packet.pts)
        if self._is_substitute and packet.is_keyframe:
            self._keys.add(packet.pts)
        if packet.is_corrupt:
            self.damage.note(_time_s(packet))

    @property
    def _is_substitute(self) -> bool:
        """Whether not the stream's own decoder decodes. PyAV knows nothing of such a one when it seeks, and libvpx does
        not say which frames are key frames."""
        return self.context is not self.stream.codec_context

    def time_s(self, frame: av.VideoFrame) -> float | None:
        """Presentation time on the file's clock, seconds; None when the file gives none."""
        # As exact as multiplying with a Fraction, which takes ten times as long.
        return None if frame.pts is None else frame.pts * self._time_base[0] / self._time_base[1]

    def length_from(self, first_s: float, info: VideoInfo) -> float | None:
        """The container's duration from the first picture, which is shown at `first_s`, on: what comes before it in a
        stream that begins inside a group of pictures cannot be decoded, and what has no time is not counted by it."""
        begin = self.stream.start_time
        if info.duration_s is not None and first_s < 0 and "matroska" in info.container:
            return info.duration_s - first_s  # counted from zero
        if info.duration_s is not None and info.untimed:
            known_s = begin * self._time_base[0] / self._time_base[1] if begin is not None else 0.0
            return info.duration_s + known_s - first_s
        if info.duration_s is None or begin is None or self.rule.by_dts:
            return info.duration_s
        late_s = first_s - begin * self._time_base[0] / self._time_base[1]
        return max(0.0, info.duration_s - late_s) if late_s > 1.5 / (info.fps or FALLBACK_FPS) else info.duration_s


def decode(context: VideoCodecContext, packet: VideoPacket | None) -> Step:
    """Decode one packet; None at the end of the stream gives the remaining frames. Errors are in the step."""
    try:
        return Step(packet, list(context.decode(packet)), aspect=context.sample_aspect_ratio)
    except FFmpegError as error:
        return Step(packet, [], error)


def _time_s(packet: VideoPacket) -> float:
    return float(packet.pts * packet.time_base) if packet.pts is not None and packet.time_base else 0.0
