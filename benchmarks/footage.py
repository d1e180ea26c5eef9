"""Decodes a film for the benchmark by PyAV alone, independently of the decoder under test, into small frames with
times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from kernels.surface import Geometry
from stream.decode.arrangement import geometry_of, orientation_of
from stream.decode.container import open_container
from stream.decode.probe import picture_stream, sample_aspect_of
from stream.errors import KeyartError
from stream.records import Arrangement

from .borders import NO_BORDER, Border, border_of
from .matcher import WIDTH_PX, Rgb

_SAME_TIME_S = 1e-3
_BORDER_FRAMES = 48


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame and its presentation time in seconds on the file's clock."""

    pts_s: float
    picture: av.VideoFrame


class Footage:
    """One film. Raises KeyartError when it cannot be opened or has no pictures."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.path = path
        self._threads = threads
        self.undecodable = 0
        """Number of packets that the last pass of `frames` could not decode."""
        with self._opened() as (container, stream):
            first = next(_decoded(container, stream), None)
            if first is None:
                raise KeyartError("has a video stream of which no picture can be decoded")
            picture, turned = first.picture, Arrangement(orientation_of(first.picture)[0])
            self.geometry: Geometry = geometry_of(picture.width, picture.height, sample_aspect_of(stream), turned)
            self.first_pts_s = first.pts_s
            self.end_s, self.frame_count, self.key_frames_s = _extent(container, stream, first.pts_s)
        self.border: Border = NO_BORDER
        """Left out by `small`; set by `find_border`."""

    def frames(self) -> Iterator[Frame]:
        """Every frame that can be decoded, in presentation order. Packets that cannot be decoded are counted in
        `undecodable`."""
        self.undecodable = 0
        with self._opened() as (container, stream):
            yield from _decoded(container, stream, self._count_undecodable)

    def small(self, frame: av.VideoFrame) -> Rgb:
        """(H, 320, 3) uint8: the frame as it is displayed (square pixels, rotated) inside its border, at the matcher's
        width."""
        shown, border = self.geometry, self.border
        width = round(WIDTH_PX / (1 - border.left - border.right))
        height = max(1, round(shown.display_height * width / shown.display_width))
        stored = (height, width) if shown.rotation in (90, 270) else (width, height)
        rgb = frame.to_ndarray(format="rgb24", width=stored[0], height=stored[1], interpolation=Interpolation.AREA)
        whole = np.rot90(rgb, -shown.rotation // 90)
        left = min(round(border.left * width), width - WIDTH_PX)
        inner = whole[round(border.top * height) : height - round(border.bottom * height), left : left + WIDTH_PX]
        return np.ascontiguousarray(inner)

    def find_border(self) -> Border:
        """Finds the border of the film from frames spread over it, and sets it, so that `small` leaves it out."""
        self.border = NO_BORDER
        keys = self.key_frames_s[:: -(-len(self.key_frames_s) // _BORDER_FRAMES)] if self.key_frames_s else []
        if len(keys) < _BORDER_FRAMES // 4:
            keys = [float(t) for t in np.linspace(self.first_pts_s, self.end_s, _BORDER_FRAMES // 2 + 2)[1:-1]]
        self.border = border_of([self.small(frame.picture) for _, frame in self.frames_near(keys)])
        return self.border

    def frames_near(self, times_s: Sequence[float]) -> Iterator[tuple[float, Frame]]:
        """(requested time, nearest frame) for each time in seconds, in the order of time. Seeks where that skips a key
        frame."""
        with self._opened() as (container, stream):
            frames: Iterator[Frame] = iter(())
            before: Frame | None = None
            at: Frame | None = None
            for asked_s in sorted(set(times_s)):
                if at is None or self._key_before(asked_s) > at.pts_s:
                    frames, before = _decoded_from(container, stream, self._key_before(asked_s)), None
                    at = next(frames, None)
                while at is not None and at.pts_s < asked_s - _SAME_TIME_S:
                    before, at = at, next(frames, None)
                yield asked_s, _nearer(before, at, asked_s)

    def _count_undecodable(self) -> None:
        self.undecodable += 1

    def _key_before(self, asked_s: float) -> float:
        """Time of the key frame to decode from; that of the first frame when the file marks no key frames."""
        keys = [key_s for key_s in self.key_frames_s if key_s <= asked_s]
        return keys[-1] if keys else self.first_pts_s

    @contextmanager
    def _opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        with open_container(self.path) as container:
            stream = picture_stream(container)
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = self._threads
            yield container, stream


def _extent(container: InputContainer, stream: VideoStream, first_s: float) -> tuple[float, int, list[float]]:
    """End of the last picture in seconds, number of pictures, and times of key frames; from the packets alone."""
    container.seek(0)
    count, last_s = 0, first_s
    keys_s: list[float] = []
    base = float(stream.time_base or 0)
    for packet in container.demux(stream):
        if packet.size and packet.pts is not None and not packet.is_discard:
            count += 1
            last_s = max(last_s, (packet.pts + (packet.duration or 0)) * base)
            if packet.is_keyframe:
                keys_s.append(packet.pts * base)
    return last_s, count, sorted(keys_s)


def _decoded(
    container: InputContainer, stream: VideoStream, passed_over: Callable[[], None] | None = None
) -> Iterator[Frame]:
    """Frames with a time. Damaged packets are skipped, as players do, and `passed_over` is called for each."""
    base = float(stream.time_base or 0)
    for packet in container.demux(stream):
        try:
            pictures = packet.decode()
        except FFmpegError:
            if passed_over is not None:
                passed_over()
            continue
        for picture in pictures:
            if isinstance(picture, av.VideoFrame) and picture.pts is not None:
                yield Frame(picture.pts * base, picture)


def _decoded_from(container: InputContainer, stream: VideoStream, key_s: float) -> Iterator[Frame]:
    assert stream.time_base is not None  # every demuxed stream has one
    container.seek(int(key_s / stream.time_base), stream=stream, backward=True)
    return _decoded(container, stream)


def _nearer(before: Frame | None, at: Frame | None, asked_s: float) -> Frame:
    if before is not None and (at is None or asked_s - before.pts_s < at.pts_s - asked_s):
        return before
    if at is None:
        raise KeyartError(f"has no picture near {asked_s:.3f} s")
    return at
