"""Where in a file decoding can begin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from .container import open_container
from .demuxing import packets_of
from .probe import picture_stream
from .seeking import SEEK_BACK_OFF_S
from .stamps import StampRule, rule_of


def key_before(path: Path, pts_s: float) -> float | None:
    """Time of the last key frame at or before `pts_s`, both in seconds on the file's clock.

    None when the file cannot be sought; read it from its beginning then. Raises KeyartError like `open_container`.
    """
    rule = rule_of(path)
    with open_container(path) as container:
        stream = picture_stream(container)
        # In MPEG program streams a seek may end after the given time.
        for start_s in (pts_s, pts_s - SEEK_BACK_OFF_S):
            try:
                rule.seek(container, stream, start_s)
            except FFmpegError:
                return None
            found = list(takewhile(lambda time_s: time_s <= pts_s, _key_times(container, stream, rule)))
            if found:
                return max(found)
    return None


def _key_times(container: InputContainer, stream: VideoStream, rule: StampRule) -> Iterator[float]:
    """Presentation times, in seconds, of the key frames from the demuxer's position on."""
    for packet in packets_of(container, stream):
        rule.restamp(packet)
        if packet.is_keyframe and packet.pts is not None and packet.time_base:
            yield float(packet.pts * packet.time_base)
