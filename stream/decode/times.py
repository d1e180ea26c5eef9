"""Presentation times that strictly increase (the file's own where possible), and the frame rate measured from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import median
from typing import TypeVar

import numpy as np

from .opening import Opening

T = TypeVar("T")
FALLBACK_FPS = 25.0
"""Where neither the container nor the times tell a rate."""
_LOOK_AHEAD = 4
"""Pictures that are looked at before a doubtful time is judged."""
_NEAR = 4
"""A time that is later than the one before by at most this many times the last step is not doubted."""
_MOST_MENDED = 4096
"""Single times that are remembered. A film with more counts as one whose times are all wrong."""
_BLOCK = 32
"""Frame durations from which one rate is measured: times rounded to milliseconds change it by a thousandth."""
_BLOCKS = 8
_AS_CLAIMED = 0.8
"""The container's rate counts as right while measured and claimed rate differ by a smaller factor: frames may be
missing."""


class FrameClock:
    """Corrects the times of one pass over a film.

    What is wrong with a time is told by those of the next few pictures (`_LOOK_AHEAD`). If they go on where the ones
    before it ended, this one alone is wrong: it gets a time evenly between its neighbours, and `mended` keeps it:
    stored time → time. If they do not (joined streams), the picture follows the one before by a frame's duration and
    all later ones are moved by as much; `adjusted` is then true, and for pictures without a time, because neither is
    found again by seeking. The pictures of the film's `opening`, for a pass that begins with them, get the times that
    it gives them.
    """

    def __init__(self, fps: float | None, opening: Opening | None = None) -> None:
        self._opening, self._opened = opening, 0
        self._step_s = 1.0 / (fps or FALLBACK_FPS)
        self._usual_s = self._step_s
        self._offset_s = 0.0
        self._last_s: float | None = None
        self.adjusted = False
        self.mended: dict[float, float] = {}

    def timed(
        self, pictures: Iterable[T], stored_s: Callable[[T], float | None], hold: Callable[[T], T] | None = None
    ) -> Iterator[tuple[T, float]]:
        """The pictures, which come in presentation order, each with its time in seconds. `stored_s`: a picture's time
        in the file, None if it has none. `hold`: what is kept of a picture while later ones are looked at."""
        held: deque[T] = deque()
        stamps: deque[float | None] = deque()
        for picture in pictures:
            held.append(picture)
            stamps.append(stored_s(picture))
            del picture
            while held and (time_s := self._next(stamps, ended=False)) is not None:
                yield held.popleft(), time_s
            if held and hold is not None:
                held.append(hold(held.pop()))
        while held:
            time_s = self._next(stamps, ended=True)
            assert time_s is not None  # nothing is waited for at the end
            yield held.popleft(), time_s

    def _next(self, stamps: deque[float | None], *, ended: bool) -> float | None:
        """The time of the first of the pictures with these stamps, which it takes away; None: more must be known."""
        waits = not ended and len(stamps) <= _LOOK_AHEAD
        if stamps[0] is None and self._opening is not None and self._opened < self._opening.count:
            stamps.popleft()
            self._last_s = self._opening.time_s(self._opened)
            self._opened += 1
            return self._last_s
        time_s = self._first(stamps, waits) if self._last_s is None else self._after(self._last_s, stamps, waits)
        if time_s is not None:
            stamps.popleft()
            self._usual_s = self._step_s if self._last_s is None else time_s - self._last_s
            self._last_s = time_s
        return time_s

    def _first(self, stamps: deque[float | None], waits: bool) -> float | None:
        first_s = stamps[0]
        if first_s is None:
            return 0.0
        if len(stamps) > 1 and self._is_near(stamps[1], first_s):
            return first_s
        if waits:
            return None
        later = [(place, stamp_s) for place, stamp_s in enumerate(stamps) if place and stamp_s is not None]
        if not later or any(stamp_s >= first_s for _, stamp_s in later):
            return first_s
        place, later_s = later[0]
        return self._mended(first_s, later_s - place * self._step_s)

    def _after(self, last_s: float, stamps: deque[float | None], waits: bool) -> float | None:
        moved = [None if stamp is None else stamp + self._offset_s for stamp in stamps]
        now_s = moved[0]
        if self._is_near(now_s, last_s):
            return now_s
        ahead = now_s is not None and now_s > last_s
        below_s = now_s if ahead and now_s is not None else float("inf")
        for place, later_s in enumerate(moved):
            if later_s is not None and last_s < later_s < below_s:
                return self._mended(stamps[0], last_s + (later_s - last_s) / (place + 1))
        if waits:
            return None
        if ahead:
            return now_s
        self.adjusted = True
        follows_s = last_s + self._step_s
        self._offset_s += 0.0 if now_s is None else follows_s - now_s
        return follows_s

    def _is_near(self, stamp_s: float | None, last_s: float) -> bool:
        """Whether a picture may be shown at `stamp_s` after one at `last_s` without a look at later ones."""
        return stamp_s is not None and last_s < stamp_s <= last_s + _NEAR * self._usual_s

    def _mended(self, stored_s: float | None, time_s: float) -> float:
        if stored_s is None or len(self.mended) == _MOST_MENDED:
            self.adjusted = True
        else:
            self.mended[stored_s] = time_s
        return time_s


def found_time(mended: Mapping[float, float], stored_s: float, before_s: float | None) -> float:
    """The time of a picture that is reached by seeking. `mended`: of the `FrameClock` of the whole pass. `before_s`:
    time of the picture before it. A stored time that was wrong once may be right for another picture."""
    time_s = mended.get(stored_s)
    if time_s is None or before_s is None or time_s <= before_s:
        return stored_s
    return time_s if stored_s <= before_s or time_s < stored_s else stored_s


class MeasuredRate:
    """The frame rate, measured from the times of the last few hundred pictures. The container's rate is used as long as
    the measured one is near it. They differ where pictures are left out or the container is wrong.

    The rate is the median of several blocks, so a gap or one wrong time has no effect. It does not depend on how the
    pictures are divided into batches.
    """

    def __init__(self, claimed_fps: float | None) -> None:
        self._claimed_fps = claimed_fps
        self._rates: deque[float] = deque(maxlen=_BLOCKS)
        self._open_s = np.empty(0)

    @property
    def fps(self) -> float:
        """Pictures a second, above 0."""
        return (self._claimed_fps if self.is_as_claimed else self._measured()) or FALLBACK_FPS

    @property
    def is_as_claimed(self) -> bool:
        """Whether the measured rate is near the container's; True as long as nothing is measured."""
        measured, claimed = self._measured(), self._claimed_fps or 0.0
        return measured is None or _AS_CLAIMED * claimed <= measured <= claimed / _AS_CLAIMED

    def add(self, pts_s: np.ndarray) -> None:
        """Add the times of the next pictures: (N,) float64, seconds, increasing."""
        self._open_s = np.concatenate([self._open_s, pts_s])
        while len(self._open_s) > _BLOCK:
            self._rates.append(_rate(self._open_s[: _BLOCK + 1]))
            self._open_s = self._open_s[_BLOCK:]

    def _measured(self) -> float | None:
        if self._rates:
            return median(self._rates)
        return _rate(self._open_s) if len(self._open_s) > 1 else None


def _rate(pts_s: np.ndarray) -> float:
    return float((len(pts_s) - 1) / (pts_s[-1] - pts_s[0]))
