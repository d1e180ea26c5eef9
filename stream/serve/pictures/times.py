"""Times of a film's frames, read from its packets without decoding any."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from ...decode.ffmpeg.demux_decode import AvPass
from ...decode.seeking import SAME_TIME_S
from ...errors import KeyartError

_NO_TIMES = "keeps no times of its frames, so that none can be found again, convert it to Matroska first"
_REORDERED = 16
"""Frames that a codec may hold back at most to bring them into order."""
_BACK_OFFS_S = (1.0, 10.0, 60.0)
"""How far before a time is looked for the frames before it: a key frame may be the first of what a seek finds."""
_READ_THROUGH_S = 30.0
"""A span up to this is read from end to end; in a longer one only the surroundings of the wanted times are."""


def times_around(path: Path, time_s: float, count: int, fps: float | None) -> list[float]:
    """Times of `count` frames before `time_s`, of the one there, and of `count` after it, in order; fewer at the film's
    ends, and before `time_s` where the film has gaps of a minute. Raises KeyartError when the film cannot be opened or
    keeps no times."""
    least_s = (count + 1) / (fps or 25.0)
    found: list[float] = []
    with _opened(path) as reading:
        for back_s in (least_s, *_BACK_OFFS_S):
            _seek(reading, max(0.0, time_s - back_s))
            found = sorted(set(_until(reading, time_s + SAME_TIME_S, count + _REORDERED)))
            before = bisect_left(found, time_s - SAME_TIME_S)
            if before >= count or time_s - back_s <= 0:
                break
    first = bisect_left(found, time_s - SAME_TIME_S)
    after = bisect_left(found, time_s + SAME_TIME_S)
    return found[max(0, first - count) : after + count]


def spread_times(path: Path, start_s: float, end_s: float, count: int) -> list[float]:
    """Times of at most `count` frames from `start_s` to before `end_s`, each the nearest to the middle of an equal part
    of the span. Raises KeyartError when the film cannot be opened or keeps no times."""
    step_s = (end_s - start_s) / count
    targets = [start_s + (index + 0.5) * step_s for index in range(count)]
    with _opened(path) as reading:
        if end_s - start_s <= _READ_THROUGH_S:
            _seek(reading, start_s)
            found = _within(_until(reading, end_s, _REORDERED), start_s, end_s)
            return found if len(found) <= count else _nearest(found, targets)
        seen: set[float] = set()
        for target_s in targets:
            _seek(reading, target_s)
            seen.update(_within(_until(reading, target_s, 1 + _REORDERED), start_s, end_s))
    return _nearest(sorted(seen), targets)


@contextmanager
def _opened(path: Path) -> Iterator[AvPass]:
    reading = AvPass(path, 1, "all")
    try:
        yield reading
    finally:
        reading.close()


def _seek(reading: AvPass, time_s: float) -> None:
    try:
        reading.seek(time_s)
    except FFmpegError as error:  # bare streams cannot even be sought to their beginning
        raise KeyartError(_NO_TIMES) from error


def _until(reading: AvPass, last_s: float, beyond: int) -> Iterator[float]:
    """Times of packets from where the demuxer stands until `beyond` of them in a row were after `last_s`."""
    after = 0
    for packet in reading.packets():
        if packet.is_discard:
            continue
        if packet.pts is None or packet.time_base is None:
            raise KeyartError(_NO_TIMES)
        time_s = packet.pts * packet.time_base.numerator / packet.time_base.denominator
        after = after + 1 if time_s > last_s else 0
        yield time_s
        if after >= beyond:
            return


def _within(times_s: Iterator[float], start_s: float, end_s: float) -> list[float]:
    return sorted({time_s for time_s in times_s if start_s - SAME_TIME_S <= time_s < end_s - SAME_TIME_S})


def _nearest(found: list[float], targets: list[float]) -> list[float]:
    """The nearest of `found` to each target, each once, in order."""
    return sorted({min(found, key=lambda time_s: abs(time_s - target_s)) for target_s in targets}) if found else []
