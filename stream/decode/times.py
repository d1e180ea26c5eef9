"""Presentation times in seconds, strictly increasing, and the file's own wherever the file makes sense."""

from __future__ import annotations

_FALLBACK_FPS = 25.0


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
