"""Properties of a film, read from its container and its first picture."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.stream
import av.video.stream

from ..errors import KeyartError
from ..records import Arrangement, Notice, VideoInfo
from .alpha import alpha_notices, decoder_with_alpha, is_transparent
from .arrangement import arrangement_of, crop_of, geometry_of, notices_of_arrangement, shape_uncropped
from .codec_names import unknown_codec
from .colours import Tags, colour_notices, film_colour, is_tagged, is_told_beside, refuse_not_converted
from .dolby_vision import dolby_notices, dolby_vision, refuse_without_base
from .encrypted import refuse_encrypted_track
from .kinds import ATTACHED_PICTURE
from .main_stream import main_stream

_MOST_FPS = 480


def picture_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    """The film's video stream (`main_stream`), no attached cover picture.

    Raises KeyartError when there is none, or no decoder for it, or when it is encrypted.
    """
    streams = [s for s in container.streams.video if not s.disposition & ATTACHED_PICTURE]
    if not streams:
        what = "has sound and no video stream" if container.streams.audio else "has no video stream"
        raise KeyartError(f"{what}, give a file with pictures")
    best = container.streams.best("video")
    lengths_s = {one.index: length_s for one in streams if (length_s := _length_s(one)) is not None}
    stream = main_stream(streams, best.index if best is not None else None, lengths_s, _displayed_pixels)
    if stream.codec_context is None:
        raise _undecodable(container)
    refuse_encrypted_track(stream)
    return stream


_WITHOUT_CONTAINER = {"h264", "hevc", "vvc", "mpegvideo", "m4v", "cavsvideo", "vc1", "dirac", "h263", "h261"}
"""FFmpeg's names for files that hold packets of a video stream and nothing else."""


def rate_of(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float | None:
    """Pictures a second: the first of the rates that container and stream claim that is above 0 and at most
    `_MOST_FPS`; None without one. Of a stream without a container the average is FFmpeg's default, 25, whatever it is.

    Some joined or copied files claim thousands. With such a rate, limits counted in frame durations would be almost 0.
    """
    claimed = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if container.format.name in _WITHOUT_CONTAINER:
        claimed = [stream.guessed_rate, *claimed]
    return next((float(rate) for rate in claimed if rate is not None and 0 < float(rate) <= _MOST_FPS), None)


def sample_aspect_of(stream: av.video.stream.VideoStream) -> tuple[int, int]:
    """`believed` pixel aspect of a stream, as far as it is known before pictures are decoded."""
    return believed(stream.sample_aspect_ratio)


def believed(ratio: Fraction | None) -> tuple[int, int]:
    """Pixel aspect as (numerator, denominator); (1, 1) when unknown or implausible (beyond 1:4 or 4:1)."""
    if not ratio or not 0.25 <= float(ratio) <= 4:
        return (1, 1)
    return (ratio.numerator, ratio.denominator)


def _displayed_pixels(stream: av.video.stream.VideoStream) -> float:
    across, down = sample_aspect_of(stream)
    return stream.codec_context.width * stream.codec_context.height * across / down


def _length_s(stream: av.video.stream.VideoStream) -> float | None:
    """How long the stream is by its container, seconds; 0 where it has one picture, None where nothing is said."""
    if stream.frames == 1:
        return 0.0
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    return track_end_s(stream)


_TRACK_END = re.compile(r"(\d{1,3}):(\d{2}):(\d{2}(?:\.\d+)?)$")


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
    tags: Tags,
    aspect: tuple[int, int] | None = None,
) -> VideoInfo:
    """The `VideoInfo` of a film from its container, its stream and its first decoded picture. tags: of the stream,
    before anything was decoded. aspect: of the picture's pixels; None: as the stream says.

    Raises KeyartError for Dolby Vision whose pictures only Dolby's decoders show, and for colours that are not
    converted.
    """
    videos = [one.index for one in container.streams.video]
    dolby = dolby_vision(path, container.format.name, first, stream.index, videos.index(stream.index))
    refuse_without_base(dolby)
    refuse_not_converted(first)
    sample_aspect, arrangement = shape_of(path, container, stream, first, aspect)
    colour = film_colour(first, dolby, tags)
    others = [one.index for one in container.streams.video if not one.disposition & ATTACHED_PICTURE]
    return VideoInfo(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.name,
        width=first.width,
        height=first.height,
        geometry=geometry_of(first.width, first.height, sample_aspect, arrangement),
        sample_aspect_ratio=sample_aspect,
        fps=rate_of(container, stream),
        first_pts_s=first_pts_s,
        duration_s=_duration_s(container, stream),
        bit_depth=first.format.components[0].bits,
        pixel_format=first.format.name,
        colour=colour,
        matrix_guessed=not is_tagged(first),
        is_rgb=first.format.is_rgb,
        alpha_left_out=is_transparent(stream) and decoder_with_alpha(stream) is None,
        dolby_vision=dolby,
        arrangement=arrangement,
        stream=stream.index,
        other_streams=tuple(index for index in others if index != stream.index),
        hdr_told_beside=is_told_beside(first, colour),
    )


def shape_of(
    path: Path,
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    first: av.VideoFrame,
    aspect: tuple[int, int] | None = None,
) -> tuple[tuple[int, int], Arrangement]:
    """The pixels' aspect (see `sample_aspect_of`) and how pictures lie. `first`, `aspect`: see `video_info`."""
    sample_aspect = aspect or sample_aspect_of(stream)
    place = [one.index for one in container.streams.video].index(stream.index)
    cropped = crop_of(path, container.format.name, place)
    if cropped is None:
        return sample_aspect, arrangement_of(first)
    track, crop = cropped
    return shape_uncropped(sample_aspect, track), arrangement_of(first, crop)


def track_end_s(stream: av.video.stream.VideoStream) -> float | None:
    """When Matroska says that the track itself ends (its tag `DURATION`, from zero), seconds; None where it does not.
    The file's own duration is that of its longest track."""
    found = _TRACK_END.match(stream.metadata.get("DURATION", ""))
    return None if found is None else int(found[1]) * 3600.0 + int(found[2]) * 60.0 + float(found[3])


def _duration_s(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration is None:
        return None
    start_s = (stream.start_time or 0) * float(stream.time_base or 0) - (container.start_time or 0) / av.time_base
    return max(0.0, container.duration / av.time_base - max(0.0, start_s))


def notices_of(info: VideoInfo) -> list[Notice]:
    """Notices about what is assumed or left out of the pictures, about stereo films and several video streams."""
    notices = [*notices_of_arrangement(info), *colour_notices(info.colour), *dolby_notices(info.dolby_vision)]
    notices += alpha_notices(info.alpha_left_out)
    if info.other_streams:
        others = ", ".join(map(str, info.other_streams))
        message = f"has {1 + len(info.other_streams)} video streams, used number {info.stream} and not {others}"
        notices.append(Notice("several_videos", message))
    return notices
