"""Gaps in a film's times, as joined streams have them: nothing is on screen there, or one picture much too long."""

from __future__ import annotations

import numpy as np

_LEAST_S, _TIMES_USUAL = 5.0, 20.0
"""Seconds from which on, and times the usual step, a step from one row to the next is a gap. By eye: films of slides
show one picture for so long at their own usual step."""


class TimeGaps:
    """The gaps of one film. Rows are counted from 0."""

    def __init__(self) -> None:
        self._rows = 0
        self._last_s: float | None = None
        self._found: list[tuple[int, float]] = []

    def add(self, pts_s: np.ndarray, fps: float) -> None:
        """Take the times of the next rows (N,), seconds, which rise. fps: rows a second, as they usually come."""
        before = pts_s[:1] if self._last_s is None else np.array([self._last_s])
        steps = np.diff(np.concatenate([before, pts_s]))
        for place in np.flatnonzero(steps > max(_LEAST_S, _TIMES_USUAL / fps)).tolist():
            self._found.append((self._rows + place - 1, float(steps[place]) - 1.0 / fps))
        self._rows += len(pts_s)
        self._last_s = float(pts_s[-1]) if len(pts_s) else self._last_s

    def within_s(self, first_row: int, end_row: int) -> float:
        """Seconds of gaps behind the rows of a shot, what its pictures usually take left out."""
        return sum(gap_s for row, gap_s in self._found if first_row <= row < end_row)
