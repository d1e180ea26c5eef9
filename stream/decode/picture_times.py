"""The times of a film's pictures in a part of it, read from its packets without decoding any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from .. import log
from ..dataflow.cancellation import checkpoint
from .container import open_container
from .demuxing import packets_of
from .hidden import is_hidden
from .probe import picture_stream
from .stamps import rule_of

_REORDERED = 16
"""Pictures that a codec may hold back at most to bring them into order."""


@dataclass(frozen=True, slots=True)
class PictureTimes:
    """`times_s`: (N,) float64, increasing, seconds on the file's clock. `keys`: (N,) bool, whether a picture is decoded
    without others."""

    times_s: np.ndarray
    keys: np.ndarray

    @staticmethod
    def none() -> PictureTimes:
        """Of a part without pictures."""
        return PictureTimes(np.zeros(0), np.zeros(0, np.bool_))


def picture_times(path: Path, start_s: float, end_s: float) -> PictureTimes:
    """The pictures from `start_s` to before `end_s`; none of a film that keeps no times or cannot be sought. Raises
    KeyartError when the film cannot be opened."""
    found: dict[float, bool] = {}
    after = 0
    for time_s, is_key in _packets(path, start_s):
        after = after + 1 if time_s >= end_s else 0
        if start_s <= time_s < end_s:
            found[time_s] = is_key
        if after > _REORDERED:
            break
    times_s = sorted(found)
    return PictureTimes(np.array(times_s), np.array([found[time_s] for time_s in times_s], np.bool_))


def first_key(path: Path, start_s: float, end_s: float) -> PictureTimes:
    """The first key picture from `start_s` to before `end_s` alone, or none. Raises like `picture_times`."""
    for time_s, is_key in _packets(path, start_s):
        if is_key and start_s <= time_s < end_s:
            return PictureTimes(np.array([time_s]), np.ones(1, np.bool_))
        if time_s >= end_s and is_key:
            break
    return PictureTimes.none()


def _packets(path: Path, start_s: float) -> Iterator[tuple[float, bool]]:
    """Times of the packets from the key picture before `start_s` on, and whether each is a key picture."""
    with open_container(path) as container:
        stream = picture_stream(container)
        rule = rule_of(path)
        try:
            rule.seek(container, stream, max(0.0, start_s))
            for packet in packets_of(container, stream):
                checkpoint()
                rule.restamp(packet)
                if packet.pts is None or packet.time_base is None or packet.is_discard:
                    continue
                if not is_hidden(stream.codec_context.name, memoryview(packet)):
                    yield float(packet.pts * packet.time_base), packet.is_keyframe
        except FFmpegError as error:
            log.warning("times of pictures not read to their end", error)
