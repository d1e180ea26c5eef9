"""The records of the room: what was read in a film's picture of its episode number, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kernels.surface import Rect

from .numbers import EpisodeNumber
from .seasons import OpenSeason

Kind = Literal["this", "next", "previous", "total", "bare"]
"""What a number is said of: this file, the next or the previous episode, how many there are; "bare" without any word
that says so."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reading of words with a number in one picture. `time_s`: presentation time of the picture, seconds; `box`: x,
    y, width, height of the words in displayed pixels; `text`: what was read; `confidence`: of the reader in its
    characters, 0–1, which alone proves little."""

    time_s: float
    box: Rect
    text: str
    confidence: float
    number: EpisodeNumber
    kind: Kind


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What a film's picture says of its episode number.

    `number`: None where none was read. `confidence`: that `number` is right, 0–1, by `stream.episode.confidence`; 0
    without a number. `evidence`: the readings it rests on and those that contradict it, by time. `why`: one sentence
    for people. `unread_season`: what stands beside a number without a season and may be one that was not read.
    """

    number: EpisodeNumber | None
    confidence: float
    evidence: tuple[Evidence, ...]
    why: str
    unread_season: OpenSeason | None = None
