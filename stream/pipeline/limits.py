"""What a film may ask for, by the settings."""

from __future__ import annotations

from pathlib import Path

from kernels.bars import SEGMENTS

from ..decode import film_end
from ..decode.container import open_container
from ..decode.probe import picture_stream
from ..errors import KeyartError, LimitError
from ..records import VideoInfo
from ..settings.sections import LimitSettings

_ROUNDED = 1.001
"""Times are rounded to units of the container."""
LEAST_SIDE_PX = SEGMENTS
"""Of a film's pictures, stored and displayed: a line along which bars are looked for is cut into so many parts."""


def check_header(path: Path, limits: LimitSettings) -> None:
    """Raise LimitError when the file has more streams, or larger pictures by its header, than is allowed: before a
    picture is decoded, which would take the memory. Raises KeyartError when the file cannot be opened as a film."""
    with open_container(path) as container:
        streams = len(container.streams)
        if limits.streams and streams > limits.streams:
            raise LimitError(f"has {streams} streams, more than limits.streams allows ({limits.streams}), raise it")
        context = picture_stream(container).codec_context
        check_size(context.width, context.height, limits)


def check_size(width: int, height: int, limits: LimitSettings) -> None:
    """Raise LimitError for pictures larger than is allowed."""
    if limits.pixels and width * height > limits.pixels:
        raise LimitError(f"is {width}x{height}, more than limits.pixels allows ({limits.pixels}), raise it")


def check_info(info: VideoInfo, limits: LimitSettings) -> None:
    """Raise LimitError when the first picture is larger, or the film longer, than is allowed, and KeyartError when its
    pictures are smaller than can be judged. A container that promises too long a film is not believed: its packets are
    read."""
    check_size(info.width, info.height, limits)
    _check_least(info)
    if limits.duration_s and (info.duration_s or 0.0) > limits.duration_s:
        length_s = film_end.length_s(info) or 0.0
        if length_s > limits.duration_s:
            raise LimitError(
                f"lasts {length_s:.0f} s, more than limits.duration_s allows ({limits.duration_s:g}), raise it"
            )


def _check_least(info: VideoInfo) -> None:
    shown = info.geometry.display_width, info.geometry.display_height
    for does, size in (("has pictures of", (info.width, info.height)), ("is shown at", shown)):
        if min(size) < LEAST_SIDE_PX:
            least = f"{LEAST_SIDE_PX}x{LEAST_SIDE_PX}"
            raise KeyartError(f"{does} {size[0]}x{size[1]}, at least {least} are needed, give a larger copy")


def check_frames(frames: int, seconds: float, limits: LimitSettings) -> None:
    """Raise LimitError when more frames came than are allowed, in all or a second. seconds: from the first one to the
    last, one step less than there are frames; the rate is not judged before a second's worth of frames has come."""
    if limits.frames and frames > limits.frames:
        raise LimitError(f"has more frames than limits.frames allows ({limits.frames}), raise it or use --end")
    if limits.fps and frames - 1 > limits.fps * max(seconds, 1.0) * _ROUNDED:
        raise LimitError(f"has more frames a second than limits.fps allows ({limits.fps:g}), raise it")
