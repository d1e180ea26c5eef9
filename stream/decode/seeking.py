"""Shared by the decoders: tolerances of seeking, and the notices about a pass over a file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Notice, VideoInfo

SAME_TIME_S = 1.5e-3
"""Times that differ by less belong to the same picture: containers round them to milliseconds."""
SEEK_BACK_OFF_S = 15.0
"""In MPEG program streams a seek may end after the given time. The second try seeks this much earlier."""
_END_TOLERANCE_S = 1.0
"""A film that ends earlier than its container says, by more than this, was cut off. Containers round durations."""


@dataclass(slots=True)
class PassSummary:
    """What one pass over the file found. `pictures`: count; `last_s`: time of the last picture; `adjusted`: times were
    corrected; `resized`: the picture size changed; `ended`: the end of the file was reached."""

    pictures: int = 0
    last_s: float = 0.0
    adjusted: bool = False
    resized: bool = False
    ended: bool = False

    def notices(self, info: VideoInfo, errors: int, first_error_s: float | None) -> list[Notice]:
        """Notices about damage, corrected times, changed size and a missing end.

        errors: count of damaged places. first_error_s: time of the first one, seconds; None: unknown.
        """
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


def is_among(times_s: Sequence[float], time_s: float) -> bool:
    """Whether one of the increasing times is that of a picture at `time_s`."""
    place = bisect_left(times_s, time_s - SAME_TIME_S)
    return place < len(times_s) and times_s[place] <= time_s + SAME_TIME_S
