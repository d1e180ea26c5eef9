"""Presentation times in seconds, strictly increasing, and the file's own wherever the file makes sense."""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np

_FALLBACK_FPS = 25.0
_BLOCK = 32
"""Pictures of which one rate is taken: times that are rounded to milliseconds blur it by a thousandth."""
_BLOCKS = 8
_AS_CLAIMED = 0.8
"""A measure that is off by less does not count against the container: some frames may be missing in any stretch."""


class FrameClock:
    """Times of one pass. A picture without a time, or with one that runs backwards (joined streams), follows the one
    before it by a frame's duration, and all after it keep their distance; `adjusted` then says so."""

    def __init__(self, fps: float | None) -> None:
        self._step_s = 1.0 / (fps or _FALLBACK_FPS)
        self._offset_s = 0.0
        self._last_s: float | None = None
        self.adjusted = False

    def time(self, stored_s: float | None) -> float:
        """Seconds of the next picture, whose time the file gives as `stored_s`; pictures come in presentation order."""
        time_s = None if stored_s is None else stored_s + self._offset_s
        if self._last_s is None:
            time_s = 0.0 if time_s is None else time_s
        elif time_s is None or time_s <= self._last_s:
            follows_s = self._last_s + self._step_s
            self._offset_s += 0.0 if time_s is None else follows_s - time_s
            self.adjusted = True
            time_s = follows_s
        self._last_s = time_s
        return time_s


class MeasuredRate:
    """How many pictures a second there really are, by the times of the last few hundred. What a container claims stands
    as long as the times do not clearly contradict it, as they do where pictures are left out or the claim is wrong.

    The middle of several blocks counts, so a gap, or one wrong time, changes nothing. The same pictures give the same
    rate, however they come in batches.
    """

    def __init__(self, claimed_fps: float | None) -> None:
        self._claimed_fps = claimed_fps
        self._rates: deque[float] = deque(maxlen=_BLOCKS)
        self._open_s = np.empty(0)

    @property
    def fps(self) -> float:
        """Pictures a second, above 0."""
        return (self._claimed_fps if self.is_as_claimed else self._measured()) or _FALLBACK_FPS

    @property
    def is_as_claimed(self) -> bool:
        """Whether pictures come about as the container claims, as far as is known."""
        measured, claimed = self._measured(), self._claimed_fps or 0.0
        return measured is None or _AS_CLAIMED * claimed <= measured <= claimed / _AS_CLAIMED

    def add(self, pts_s: np.ndarray) -> None:
        """The next pictures' times, (N,) float64 seconds, increasing."""
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
