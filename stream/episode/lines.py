"""What goes into the patterns and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .numbers import EpisodeNumber

StatementKind = Literal["this", "next", "previous", "total", "bare"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a picture. `height`: of its letters, a share of the picture's height. `box`: x, y of the upper
    left corner, width, height, in shares of the picture's width and height. `confidence`: of the reader, 0 to 1."""

    text: str
    height: float
    box: tuple[float, float, float, float]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Statement:
    """A number that a card states.

    `text`: what matched, as it was read. `strength`: from 0 to 1, how surely such words are this file's number (chosen
    by eye: `제 7 화` 1, a bare `7` little). `kind`: whose number it is: this episode's, the next one's, a previous
    one's, how many there are (`total`), or a number without a word (`bare`). `lines`: indices of the lines it is on.
    """

    number: EpisodeNumber
    text: str
    strength: float
    kind: StatementKind
    lines: tuple[int, ...]
