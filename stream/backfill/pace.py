"""How fast a run has gone lately, and how long what is left will take."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW = 360
"""Looks that are kept: half an hour of one every five seconds. Long enough for a few films to end, short enough to
forget a night in which the run was paused."""
_SHORT = 12
"""Looks that the rate of frames is over: a minute."""


@dataclass(frozen=True, slots=True)
class Look:
    """At `at_s`: bytes of the files that are done, films in work by their share, and frames that were watched."""

    at_s: float
    done_bytes: float
    frames: int


@dataclass(slots=True)
class Pace:
    """The last looks at a run."""

    _looks: deque[Look] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, look: Look) -> None:
        """One more look. Those before anything was done are forgotten but for the last: models are loaded meanwhile."""
        if look.done_bytes <= 0:
            self._looks.clear()
        self._looks.append(look)

    def left_s(self, left_bytes: float) -> float | None:
        """Seconds for so many bytes of files; None where nothing was done between the first and the last look."""
        if len(self._looks) < 2:
            return None
        first, last = self._looks[0], self._looks[-1]
        done, took_s = last.done_bytes - first.done_bytes, last.at_s - first.at_s
        return left_bytes * took_s / done if done > 0 and took_s > 0 else None

    def frames_per_s(self) -> float | None:
        """Frames a second over the last minute; None before the second look."""
        if len(self._looks) < 2:
            return None
        first, last = self._looks[-min(len(self._looks), _SHORT + 1)], self._looks[-1]
        took_s = last.at_s - first.at_s
        return max(0, last.frames - first.frames) / took_s if took_s > 0 else None
