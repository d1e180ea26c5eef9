"""Readings of pictures, made by hand."""

from __future__ import annotations

from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.records import Evidence, PictureReading


def number(text: str | None) -> EpisodeNumber | None:
    """The number that a text writes; None stays None."""
    return None if text is None else parse_number(text)


def reading(text: str | None, confidence: float = 0.99, time_s: float = 4.0) -> PictureReading:
    """A picture that states the number `text`; None: one in which nothing was read."""
    found = number(text)
    if found is None:
        return PictureReading(None, 0.0, (), "No episode number was read in 40 pictures.")
    seen = Evidence(time_s, (10.0, 20.0, 300.0, 40.0), f"EPISODE {text}", confidence, found, "this")
    return PictureReading(found, confidence, (seen,), f"EPISODE {text} was read in one picture.")
