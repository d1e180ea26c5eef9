"""The times of a film's pictures in a part of it, read from its packets without decoding any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from ..dataflow.cancellation import checkpoint
from .container import open_container
from .probe import picture_stream

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
    with open_container(path) as container:
        stream = picture_stream(container)
        found: dict[float, bool] = {}
        try:
            container.seek(int(max(0.0, start_s) / (stream.time_base or 1)), stream=stream, backward=True)
            after = 0
            for packet in container.demux(stream):
                checkpoint()
                if packet.pts is None or packet.time_base is None or packet.is_discard:
                    continue
                time_s = float(packet.pts * packet.time_base)
                after = after + 1 if time_s >= end_s else 0
                if start_s <= time_s < end_s:
                    found[time_s] = packet.is_keyframe
                if after > _REORDERED:
                    break
        except FFmpegError:
            return PictureTimes.none()
    times_s = sorted(found)
    return PictureTimes(np.array(times_s), np.array([found[time_s] for time_s in times_s], np.bool_))
