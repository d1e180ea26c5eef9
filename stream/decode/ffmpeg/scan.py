"""Looks at a few pictures in several places of a film before it is watched: whether it is interlaced, which shape its
pictures have, and which colours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.error import FFmpegError

from kernels.surface import Colour, Geometry

from ... import log
from ...dataflow.cancellation import checkpoint
from ...errors import KeyartError
from ...records import Scan, VideoInfo
from ..colour_parts import colours_seen
from ..colours import colour_of
from ..fields import Pair, judge, look_at
from ..shapes import Shape, main_place
from .demux_decode import AvPass
from .key_shapes import SHORT_S, key_shapes
from .surface import surface_of

_APART_S = 30.0
_LEAST_PLACES, _MOST_PLACES = 4, 24
_LEAST_APART_S = 3.0
_MOST_LINES = 1152
"""Interlaced video has no more, so larger pictures are not looked at."""
_PAIRS, _PAIRS_IF_WOVEN = 5, 15
"""Pairs of pictures at one place: among five some are woven in any cadence; fifteen show the cadence."""
_PAIRS_FROM_START = 120
"""Pairs from the beginning on that are looked at where nothing moves in the places."""
_ENOUGH_PAIRS = 3
_ANY = Geometry(1, 1)
"""Luma alone is looked at, as it is stored."""


class Looked(NamedTuple):
    """`scan`: how the film's pictures were taken. `shapes`: the places looked at, each by the time that was
    sought (of a short film: that of its key picture), and the shape of the first picture found there; `colours`: as the
    first pictures say. Neither where pictures are too large to be looked at."""

    scan: Scan
    shapes: tuple[tuple[float, Shape], ...] = ()
    colours: tuple[Colour, ...] = ()

    def main(self) -> tuple[float, Shape] | None:
        """A place with the film's own shape (`main_place`), if any was looked at."""
        return self.shapes[main_place([shape for _, shape in self.shapes])] if self.shapes else None

    def scan_or(self, seen: Scan | None) -> Scan:
        """How the pictures were taken as it was `seen` while watching, if it was; what the looks cost stays."""
        cost = self.scan
        if seen is None:
            return cost
        return replace(seen, pictures=cost.pictures, busy_s=cost.busy_s, cpu_s=cost.cpu_s)

    @property
    def variety(self) -> int:
        """How many shapes were seen, 1 at least."""
        return max(1, len({shape for _, shape in self.shapes}))


def looked_at(info: VideoInfo) -> Looked:
    """How the film's pictures were taken (`judge`), what it cost to find out, and their shapes. Remembered for the file
    as long as it does not change.

    Looks at the key pictures about every half minute, four to 24 (one every three seconds in short films), and at the
    five or fifteen pictures after each. Where nothing moves there, at the first 120 pictures; not at all where pictures
    have more than 1,152 lines. Raises KeyartError when the file cannot be opened any more.
    """
    if info.height > _MOST_LINES:
        return Looked(Scan())
    try:
        status = info.path.stat()
    except OSError as error:
        raise KeyartError(f"cannot be read ({error.strerror or error}), was it moved while it was opened?") from error
    return _looked_at(info.path, status.st_size, status.st_mtime_ns, info.first_pts_s, info.duration_s or 0.0)


@lru_cache(maxsize=64)
def _looked_at(path: Path, size: int, changed_ns: int, first_s: float, duration_s: float) -> Looked:
    began_s, cpu_s = time.perf_counter(), time.thread_time()
    # One thread: after every seek several would each have to be given a picture before the first comes out.
    with closing(AvPass(path, 1, "all")) as reading:
        looks = _Looks(reading)
        try:
            looks.take(_times(first_s, duration_s))
        except FFmpegError as error:
            log.warning("looks for interlaced pictures ended early", error)
        scan = judge(looks.places, looks.flagged / max(1, looks.pictures), looks.field_order)
    shapes = (key_shapes(path, first_s, duration_s) if 0 < duration_s <= SHORT_S else []) or looks.shapes
    spent_s, cpu_s = time.perf_counter() - began_s, time.thread_time() - cpu_s
    scan = replace(scan, pictures=looks.pictures, busy_s=spent_s, cpu_s=cpu_s)
    return Looked(scan, tuple(shapes), tuple(looks.colours))


def _times(first_s: float, duration_s: float) -> list[float]:
    most = max(1, int(min(_MOST_PLACES, duration_s / _LEAST_APART_S)))
    count = min(most, max(_LEAST_PLACES, round(duration_s / _APART_S)))
    return [first_s + duration_s * place / count for place in range(count)]


def colours_of_large(info: VideoInfo) -> tuple[Colour, ...]:
    """The colours of a film whose pictures are too large to be looked at (`looked_at`): of the key pictures alone, in
    the same places. Raises KeyartError when the file cannot be opened any more."""
    colours = []
    with closing(AvPass(info.path, 1, "all")) as reading:
        for time_s in _times(info.first_pts_s, info.duration_s or 0.0):
            checkpoint()
            try:
                reading.seek(time_s)
            except FFmpegError as error:
                log.warning("looks for colours ended early", error)
                break
            colours += [colour_of(frame) for frame in islice(reading.frames(), 1)]
    return colours_seen(colours)


class _Looks:
    """What the pairs of each place say. `pictures`: how many were decoded; `flagged`: of these as interlaced."""

    def __init__(self, reading: AvPass) -> None:
        self.places: list[list[Pair]] = []
        self.shapes: list[tuple[float, Shape]] = []
        self.colours: list[Colour] = []
        self.pictures = self.flagged = 0
        self._reading = reading

    @property
    def field_order(self) -> int:
        return int(self._reading.stream.codec_context.field_order)

    def take(self, times_s: Sequence[float]) -> None:
        """Look at the key pictures before these times and, where they say nothing, at the beginning."""
        until_s = float("-inf")
        for number, time_s in enumerate(times_s):
            if number:  # the pass begins at the first one, and a seek there may end later
                self._reading.seek(time_s)
            frames = self._reading.frames()
            first = next(frames, None)
            if first is None or (self._reading.time_s(first) or 0.0) <= until_s:
                continue  # the key picture of the place before
            until_s = self._reading.time_s(first) or 0.0
            self.shapes.append((time_s, self._reading.shape(first, alone=True)))
            self.colours.append(colour_of(first))
            pairs = self._pairs(chain([first], frames))
            place = list(islice(pairs, _PAIRS))
            if {"T", "B", "?"} & set(place):
                place += islice(pairs, _PAIRS_IF_WOVEN - _PAIRS)
            self.places.append(place)
        if sum(pair in "TBP" for place in self.places for pair in place) < _ENOUGH_PAIRS:
            self._reading.seek(times_s[0])
            self.places.append(list(islice(self._pairs(self._reading.frames()), _PAIRS_FROM_START)))

    def _pairs(self, frames: Iterator[av.VideoFrame]) -> Iterator[Pair]:
        before: np.ndarray | None = None
        for frame in frames:
            checkpoint()
            self.pictures += 1
            self.flagged += bool(frame.interlaced_frame)
            surface = surface_of(frame, colour_of(frame), _ANY)
            if before is not None:
                yield "-" if frame.is_corrupt else look_at(before, surface.y, surface.bit_depth).says
            before = surface.y
