"""The pictures with which a film begins although none of them has a time.

Matroska has no negative times, FFmpeg drops what a writer puts there; streams that were cut may begin without stamps.
Players show such pictures one after the other until the first time is there, so each has its time counted back from
that one, at the rate of the film; those times may be below zero. (ffplay does so, and starts its clock with the first
time that it finds; ffprobe says nothing of these pictures.)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opening:
    """`count`: of the pictures without a time, one at least. `known_s`: the time of the first picture after them, on
    the file's clock. `step_s`: how long each is shown."""

    count: int
    known_s: float
    step_s: float

    def time_s(self, place: int) -> float:
        """The time of the picture at `place` from the beginning, from 0 on; seconds on the file's clock."""
        return self.known_s - (self.count - place) * self.step_s

    @property
    def length_s(self) -> float:
        """How long the pictures without a time are shown, seconds."""
        return self.count * self.step_s

    def message(self) -> str:
        """What the manifest says of it."""
        first = "the first picture has" if self.count == 1 else f"the first {self.count:,} pictures have"
        return f"{first} no presentation time, counted back from {self.known_s:.2f} s by the rate"
