"""Finds out how many pictures a film begins with that have no time (`stream.decode.opening`)."""

from __future__ import annotations

from contextlib import closing
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np

from ...dataflow.cancellation import checkpoint
from ..opening import Opening
from ..probe import rate_of
from ..stamps import version_of
from ..times import FrameClock, MeasuredRate
from .demux_decode import AvPass

_MEASURED = 65
"""Pictures with times whose rate is measured."""


def opening_of(path: Path) -> Opening | None:
    """The pictures without a time at the film's beginning; None where its first picture has one, or none has. Decodes
    them; where no packet has a time, all packets are read and none is decoded. Remembered for the file as long as it
    does not change. Raises KeyartError like `AvPass`."""
    return _opening_of(path, *version_of(path))


@lru_cache(maxsize=64)
def _opening_of(path: Path, mtime_ns: int, size: int) -> Opening | None:
    """`mtime_ns`, `size`: so that a file that was replaced is looked at again."""
    if not _has_times(path):
        return None
    with closing(AvPass(path, 1, "all")) as reading:
        frames, count = reading.frames(), 0
        for frame in frames:
            checkpoint()
            if reading.time_s(frame) is not None:
                break
            count += 1
        else:
            return None
        if not count:
            return None
        claimed = rate_of(reading.container, reading.stream)
        timed = islice(FrameClock(claimed).timed(chain([frame], frames), reading.time_s), _MEASURED)
        times_s = np.array([time_s for _, time_s in timed])
    rate = MeasuredRate(claimed)
    rate.add(times_s)
    return Opening(count, float(times_s[0]), 1.0 / rate.fps)


def _has_times(path: Path) -> bool:
    with closing(AvPass(path, 1, "all")) as reading:
        for packet in reading.packets():
            checkpoint()
            if packet.pts is not None:
                return True
    return False
