"""Presentation times that strictly increase (the file's own where possible), and the frame rate measured from them."""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np

FALLBACK_FPS = 25.0
"""Where neither the container nor the times tell a rate."""
_BLOCK = 32
"""Frame durations from which one rate is measured: times rounded to milliseconds change it by a thousandth."""
_BLOCKS = 8
_AS_CLAIMED = 0.8
"""The container's rate counts as right while measured and claimed rate differ by a smaller factor: frames may be
missing."""


class FrameClock:
    """Corrects the times of one pass over a film.

    A picture without a time, or with a time not after the one before (joined streams), gets the time of the one before
    plus a frame's duration; the times after it are moved by the same amount. `adjusted`: whether that has happened.
    """

    def __init__(self, fps: float | None) -> None:
        self._step_s = 1.0 / (fps or FALLBACK_FPS)
        self._offset_s = 0.0
        self._last_s: float | None = None
        self.adjusted = False

    def time(self, stored_s: float | None) -> float:
        """Time of the next picture in presentation order, seconds. `stored_s`: its time in the file, None if it has
        none."""
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
