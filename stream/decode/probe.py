"""Properties of a film, read from its container and its first picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import SupportsFloat, cast

import av
import av.container
import av.stream
import av.video.stream
from av.error import FFmpegError

from kernels.surface import Geometry, Rotation

from ..errors import KeyartError
from ..records import Notice, VideoInfo
from .codec_names import unknown_codec
from .colours import colour_notices, film_colour, is_tagged
from .container import open_container
from .dolby_vision import dolby_notices, dolby_vision, refuse_without_base
from .seeking import SEEK_BACK_OFF_S

_MOST_FPS = 480
_ATTACHED_PICTURE = av.stream.Disposition.attached_pic


def picture_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    """The film's video stream: the one FFmpeg rates best, but no attached cover picture.

    Raises KeyartError when there is none, or no decoder for it.
    """
    streams = [s for s in container.streams.video if not s.disposition & _ATTACHED_PICTURE]
    if not streams:
        what = "has sound and no video stream" if container.streams.audio else "has no video stream"
        raise KeyartError(f"{what}, give a file with pictures")
    best = container.streams.best("video")
    stream = next((s for s in streams if best is not None and s.index == best.index), streams[0])
    if stream.codec_context is None:
        raise _undecodable(container)
    return stream


def rate_of(*claimed: SupportsFloat | None) -> float | None:
    """Pictures a second: the first of the container's rates that is above 0 and at most `_MOST_FPS`; None without one.

    Some joined or copied files claim thousands. With such a rate, limits counted in frame durations would be almost 0.
    """
    return next((float(rate) for rate in claimed if rate is not None and 0 < float(rate) <= _MOST_FPS), None)


def geometry_of(frame: av.VideoFrame, sample_aspect: tuple[int, int]) -> Geometry:
    """Display size and rotation. The width is stretched to square pixels (as players do), before the rotation.

    sample_aspect: (numerator, denominator) of the pixel's width to its height.
    """
    clockwise = cast(Rotation, (round(-frame.rotation / 90) * 90) % 360)
    numerator, denominator = sample_aspect
    width = max(1, round(frame.width * numerator / denominator))
    if clockwise in (90, 270):
        return Geometry(frame.height, width, clockwise)
    return Geometry(width, frame.height, clockwise)


def sample_aspect_of(stream: av.video.stream.VideoStream) -> tuple[int, int]:
    """Pixel aspect as (numerator, denominator); (1, 1) when unknown or implausible (beyond 1:4 or 4:1)."""
    ratio = stream.sample_aspect_ratio
    if not ratio or not 0.25 <= float(ratio) <= 4:
        return (1, 1)
    return (ratio.numerator, ratio.denominator)


def _undecodable(container: av.container.InputContainer) -> KeyartError:
    name = unknown_codec(Path(container.name.removeprefix("file:")))
    said = f" ({name})" if name else ""
    return KeyartError(f"has a video codec that this FFmpeg cannot decode{said}, convert it first")


def video_info(
    path: Path,
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    first: av.VideoFrame,
    first_pts_s: float,
) -> VideoInfo:
    """The `VideoInfo` of a film from its container, its stream and its first decoded picture.

    Raises KeyartError for Dolby Vision whose pictures only Dolby's decoders show.
    """
    sample_aspect, dolby = sample_aspect_of(stream), dolby_vision(path, container.format.name, first)
    refuse_without_base(dolby)
    return VideoInfo(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.name,
        width=first.width,
        height=first.height,
        geometry=geometry_of(first, sample_aspect),
        sample_aspect_ratio=sample_aspect,
        fps=rate_of(stream.average_rate, stream.guessed_rate, stream.base_rate),
        first_pts_s=first_pts_s,
        duration_s=_duration_s(container, stream),
        bit_depth=first.format.components[0].bits,
        pixel_format=first.format.name,
        colour=film_colour(first, dolby),
        matrix_guessed=not is_tagged(first),
        dolby_vision=dolby,
    )


def _duration_s(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration is None:
        return None
    start_s = (stream.start_time or 0) * float(stream.time_base or 0) - (container.start_time or 0) / av.time_base
    return max(0.0, container.duration / av.time_base - max(0.0, start_s))


def notices_of(info: VideoInfo) -> list[Notice]:
    """Notices about what is assumed or left out of the pictures."""
    return [*colour_notices(info.colour), *dolby_notices(info.dolby_vision)]


def key_before(path: Path, pts_s: float) -> float | None:
    """Time of the last key frame at or before `pts_s`, both in seconds on the file's clock.

    None when the file cannot be sought; read it from its beginning then. Raises KeyartError like `open_container`.
    """
    with open_container(path) as container:
        stream = picture_stream(container)
        # In MPEG program streams a seek may end after the given time.
        for start_s in (pts_s, pts_s - SEEK_BACK_OFF_S):
            try:
                container.seek(int(start_s / (stream.time_base or 1)), stream=stream, backward=True)
            except FFmpegError:
                return None
            found = list(takewhile(lambda time_s: time_s <= pts_s, _key_times(container, stream)))
            if found:
                return max(found)
    return None


def _key_times(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Iterator[float]:
    """Presentation times, in seconds, of the key frames from the demuxer's position on."""
    for packet in container.demux(stream):
        if packet.is_keyframe and packet.pts is not None and packet.time_base:
            yield float(packet.pts * packet.time_base)
