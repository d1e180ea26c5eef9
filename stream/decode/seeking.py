"""What decoders have in common: what a pass over a file came across, and how times are sought."""

from __future__ import annotations

from dataclasses import dataclass

from ..records import Notice, VideoInfo

SAME_TIME_S = 1.5e-3
"""Times this near are one picture's: containers round them to milliseconds."""
SEEK_BACK_OFF_S = 15.0
"""Program streams land behind the asked time; a second try starts this much earlier, a third at the start."""
_END_TOLERANCE_S = 1.0
"""Containers round durations and count the last picture differently; a film that ends earlier than this was cut off."""


@dataclass(slots=True)
class PassSummary:
    """What one pass over the file came across."""

    pictures: int = 0
    last_s: float = 0.0
    adjusted: bool = False
    resized: bool = False
    ended: bool = False

    def notices(self, info: VideoInfo, errors: int, first_error_s: float | None) -> list[Notice]:
        """What was odd. errors: damaged places, the first of them at `first_error_s`."""
        found = []
        if errors:
            message = f"{errors} damaged places did not decode, went on after them"
            found.append(Notice("damaged", message, first_error_s))
        if self.adjusted:
            told = "presentation times ran backwards or were missing, mended"
            message = f"{told}; blinks beside pictures were not looked for"
            found.append(Notice("times_mended", message))
        if self.resized:
            found.append(Notice("size_changed", "the picture size changes within the film, scaled to the first"))
        end_s = info.first_pts_s + (info.duration_s or 0.0)
        if self.ended and end_s - self.last_s > _END_TOLERANCE_S:
            message = f"ends at {self.last_s:.2f} s although its container says {end_s:.2f} s, used what is there"
            found.append(Notice("cut_off", message, self.last_s))
        return found
