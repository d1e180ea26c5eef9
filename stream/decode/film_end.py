"""How long a film is, by its packets where its container is wrong.

A header may say anything: of a film that was cut, whose length nobody knew when it was written, or that was mended
badly. So what is left out at the end is counted from there only when packets bear it out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path

from av.error import FFmpegError

from .. import log
from ..dataflow.cancellation import checkpoint
from ..records import VideoInfo
from .container import open_container
from .demuxing import packets_of
from .probe import picture_stream
from .stamps import rule_of, version_of

AGREES_S = 1.0
"""A container and its packets agree when they differ by less: containers round durations."""
_TAIL = 64
"""The last packets, among which the last picture is looked for."""
_WILD = 10
"""A time that is later than all others by this many times their largest distance is no picture's."""
_JOINED_BY_BYTES = frozenset({"mpegts", "mpeg"})
"""Formats whose files can be joined by their bytes."""
_RESTART_S = 2.0
"""A decoding time that is earlier than the latest by more belongs to a clock that was set anew."""
_AT_THE_END_S = float(1 << 24)
_BACK_S = 2.0


def length_s(info: VideoInfo) -> float | None:
    """Seconds from the film's first picture to the end of its last: by the packets near the end, where the container
    agrees with them; else all packets are read, without decoding any. What the container says where packets have no
    times; None when neither knows. Raises KeyartError when the file cannot be opened any more."""
    version = version_of(info.path)
    end_s = _end_s(info.path, info.first_pts_s, info.duration_s, *version)
    found_s = info.duration_s if end_s is None else max(0.0, end_s - info.first_pts_s)
    if info.container in _JOINED_BY_BYTES and found_s is not None:
        return found_s + _restarted_s(info.path, *version)
    return found_s


def is_restarted(info: VideoInfo) -> bool:
    """Whether the clock is set back within the file, so that a time says nothing of where it lies in it. Reads all
    packets of formats that can be joined by their bytes. Raises KeyartError when the file cannot be opened any more."""
    return info.container in _JOINED_BY_BYTES and _restarted_s(info.path, *version_of(info.path)) > 0


@lru_cache(maxsize=64)
def _restarted_s(path: Path, mtime_ns: int, size: int) -> float:
    """By how much the clock was set back within the file, seconds: streams were joined by their bytes, and players show
    one after the other. Reads all packets. `mtime_ns`, `size`: see `_end_s`."""
    return set_back_s(_decoding_times(path))


def set_back_s(times_s: Iterable[float]) -> float:
    """By how much a clock of these decoding times was set back, in all. A single time that is wrong, between two that
    agree, sets none."""
    back_s, latest_s = 0.0, None
    before_s: float | None = None
    for time_s, after_s in pairwise(chain(times_s, [None])):
        assert time_s is not None  # the last one alone is
        is_wild = (
            before_s is not None
            and after_s is not None
            and abs(after_s - before_s) < _RESTART_S < min(abs(time_s - before_s), abs(after_s - time_s))
        )
        if is_wild:
            continue
        if latest_s is not None and time_s < latest_s - _RESTART_S:
            back_s, latest_s = back_s + latest_s - time_s, time_s
        latest_s, before_s = time_s if latest_s is None else max(latest_s, time_s), time_s
    return back_s


def _decoding_times(path: Path) -> Iterator[float]:
    with open_container(path) as container:
        try:
            for packet in packets_of(container, picture_stream(container)):
                checkpoint()
                if packet.size and packet.dts is not None and packet.time_base is not None:
                    yield float(packet.dts * packet.time_base)
        except FFmpegError as error:
            log.info("clock of the film not followed to its end", error=str(error))


@lru_cache(maxsize=64)
def _end_s(path: Path, first_s: float, claimed_s: float | None, mtime_ns: int, size: int) -> float | None:
    """The end of the last picture on the file's clock; None where packets have no times.
    `mtime_ns`, `size`: so that a file that has grown is looked at again."""
    near_s = _last(path, _AT_THE_END_S)
    if near_s is not None:
        # In MPEG program and transport streams a seek to the end finds a single packet, not always the last picture.
        near_s = max(near_s, _last(path, near_s - _BACK_S) or near_s)
    if near_s is not None and claimed_s is not None and abs(near_s - first_s - claimed_s) < AGREES_S:
        return near_s
    return _last(path, None)


def _last(path: Path, from_s: float | None) -> float | None:
    """The latest end of a picture from the key picture before `from_s` on (None: the beginning); None without any."""
    tail: deque[tuple[float, float]] = deque(maxlen=_TAIL)
    tail.extend(_spans(path, from_s))
    times = sorted(tail)
    gaps = [after - before for (before, _), (after, _) in pairwise(times)]
    while len(gaps) > 1 and gaps[-1] > _WILD * max(gaps[:-1]):
        del times[-1], gaps[-1]
    if not times:
        return None
    last_s, shown_s = times[-1]
    return last_s + (shown_s or (gaps[-1] if gaps else 0.0))


def _spans(path: Path, from_s: float | None) -> Iterator[tuple[float, float]]:
    """When each packet's picture is shown, and for how long."""
    with open_container(path) as container:
        stream, rule = picture_stream(container), rule_of(path)
        try:
            if from_s is not None:
                rule.seek(container, stream, from_s)
            for packet in packets_of(container, stream):
                checkpoint()
                rule.restamp(packet)
                if packet.size and packet.pts is not None and packet.time_base is not None and not packet.is_discard:
                    yield float(packet.pts * packet.time_base), float((packet.duration or 0) * packet.time_base)
        except FFmpegError as error:
            log.info("end of the film not reached", error=str(error))
