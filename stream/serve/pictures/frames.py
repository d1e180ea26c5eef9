"""Frames of one film: near the last ones asked for they are at hand, elsewhere they are decoded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Sequence
from math import inf
from pathlib import Path

from kernels.surface import Surface

from ...decode.decoder import DecodeOptions, picture_bytes
from ...decode.ffmpeg.decoder import AvDecoder
from ...decode.seeking import SAME_TIME_S
from ...errors import KeyartError
from .times import spread_times, times_around

_KEPT_BYTES = 48 << 20
"""Of decoded frames around the last one asked for, and again of those that were spread over a shot."""
_MOST_EACH_SIDE = 12
_SAME_PASS_S = 10.0
"""Wanted frames further apart are sought each by itself; nearer ones are decoded in one pass."""

Timed = tuple[float, Surface]


class FilmFrames:
    """Always decodes on the CPU, also where the result came from a GPU: one frame is sooner there than a GPU's decoder
    is open. Raises KeyartError, and OSError when the file is gone. For one thread."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        # A decoder that looks for single frames takes half of its threads.
        self._decoder = AvDecoder(path, DecodeOptions(threads=2 * threads))
        self.geometry = self._decoder.info.geometry
        kept = _KEPT_BYTES // picture_bytes(self._decoder.info)
        self._most_of_spread = max(1, kept)
        self._each_side = max(1, min(_MOST_EACH_SIDE, (kept - 1) // 2))
        self._window: list[Timed] = []
        self._spread: list[float] = []
        self._met: dict[float, Surface] = {}
        self._pass: Generator[Timed] | None = None
        self._passed_s = -inf

    def close(self) -> None:
        """Give everything back."""
        self._end_pass()
        self._window, self._met = [], {}

    def shown(self, time_s: float) -> Surface:
        """The frame at `time_s`, to be looked at. Keeps the frames beside it, which will be asked for next."""
        found = self._at_hand(time_s)
        if found is None and (place := _place(self._spread, time_s)) is not None:
            found = self._of_spread(place)
        if found is None:
            _must_have(time_s, self._look_around(time_s))
            found = self._at_hand(time_s)
        return self._decoder.frame_at(time_s) if found is None else found

    def exact(self, time_s: float) -> Surface:
        """The frame at `time_s`, as it is cut for a result."""
        found = self._at_hand(time_s)
        if found is None:
            _must_have(time_s, times_around(self._path, time_s, 1, self._decoder.info.fps))
            found = self._decoder.frame_at(time_s)
        return found

    def neighbours(self, time_s: float) -> tuple[float | None, float | None]:
        """The times of the frames before and after `time_s`. Keeps these frames."""
        found = self._beside(time_s)
        if None not in found:
            return found
        times_s = self._look_around(time_s)
        decoded = self._beside(time_s)
        # Packets that do not decode have times too; then that is what there is to go on with.
        stored = _beside(times_s, time_s)
        return decoded[0] if decoded[0] is not None else stored[0], decoded[1] if decoded[1] is not None else stored[1]

    def spread(self, start_s: float, end_s: float, count: int) -> list[float]:
        """Times of up to `count` frames, evenly spread from `start_s` to before `end_s`. They are asked for next."""
        self._end_pass()
        self._met = {}
        self._spread = spread_times(self._path, start_s, end_s, count)
        return list(self._spread)

    def _at_hand(self, time_s: float) -> Surface | None:
        place = _place([one[0] for one in self._window], time_s)
        return None if place is None else self._window[place][1]

    def _look_around(self, time_s: float) -> list[float]:
        """Fill the window with what lies around `time_s`; the times that the film names there."""
        self._window = []  # before the next one is made, so that there are never two
        times_s = times_around(self._path, time_s, self._each_side, self._decoder.info.fps)
        if times_s:
            first_s, last_s = min(times_s[0], time_s) - SAME_TIME_S, times_s[-1] + SAME_TIME_S
            self._window = self._decoder.between(first_s, last_s, fine=True)
        return times_s

    def _beside(self, time_s: float) -> tuple[float | None, float | None]:
        times_s = [one[0] for one in self._window]
        if not times_s or not times_s[0] - SAME_TIME_S <= time_s <= times_s[-1] + SAME_TIME_S:
            return None, None
        return _beside(times_s, time_s)

    def _of_spread(self, place: int) -> Surface | None:
        """A frame of the spread. Those that are met on the way are kept, so that the order of requests matters little;
        None where it does not decode."""
        time_s = self._spread[place]
        if time_s in self._met:
            return self._met[time_s]
        if self._pass is None or time_s <= self._passed_s:
            self._begin_pass(place)
        assert self._pass is not None
        for found_s, surface in self._pass:
            self._passed_s = found_s
            met = _place(self._spread, found_s)
            assert met is not None
            self._keep(self._spread[met], surface)
            if met >= place:
                return self._met.get(time_s)
        self._end_pass()
        return None

    def _keep(self, time_s: float, surface: Surface) -> None:
        while len(self._met) >= self._most_of_spread:
            del self._met[next(iter(self._met))]
        self._met[time_s] = surface

    def _begin_pass(self, place: int) -> None:
        """Begin a pass that comes by the frame at a place of the spread: from the first one shortly before that is not
        kept, as long as the next is near enough."""
        self._end_pass()
        near = [t for t in self._spread[:place] if self._spread[place] - t <= _SAME_PASS_S and t not in self._met]
        times_s = [*near, self._spread[place]]
        for later_s in self._spread[place + 1 :]:
            if later_s - times_s[-1] > _SAME_PASS_S:
                break
            times_s.append(later_s)
        self._pass = self._decoder.pictures_at(times_s)

    def _end_pass(self) -> None:
        if self._pass is not None:
            self._pass.close()
        self._pass, self._passed_s = None, -inf


def _place(times_s: Sequence[float], time_s: float) -> int | None:
    """Where a time stands among increasing ones; None where it is none of them."""
    place = bisect_left(times_s, time_s - SAME_TIME_S)
    return place if place < len(times_s) and times_s[place] <= time_s + SAME_TIME_S else None


def _must_have(time_s: float, times_s: Sequence[float]) -> None:
    if _place(times_s, time_s) is None:
        raise KeyartError(f"has no frame at {time_s:.3f} s; the times of its frames come from …/frames")


def _beside(times_s: Sequence[float], time_s: float) -> tuple[float | None, float | None]:
    before = [one for one in times_s if one < time_s - SAME_TIME_S]
    after = [one for one in times_s if one > time_s + SAME_TIME_S]
    return before[-1] if before else None, after[0] if after else None
