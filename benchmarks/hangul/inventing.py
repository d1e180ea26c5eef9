"""Counts the numbers that a reader makes of lines that state none: dates, ages, prices, words, letters."""

from __future__ import annotations

from collections.abc import Sequence

from stream.episode.patterns import Line as TextLine
from stream.episode.patterns import Patterns

from .lines import Line
from .measure import Read

_PLACE = (0.1, 0.4, 0.8, 0.1)
"""Of every line; nothing stands beside it."""


def invented(lines: Sequence[Line], reads: Sequence[Read]) -> list[int]:
    """Indices of the lines in which the patterns find a number of this episode that what was written does not give."""
    pairs = enumerate(zip(lines, reads, strict=True))
    return [at for at, (line, read) in pairs if _numbers(read.text) - _numbers(line.text)]


def _numbers(text: str) -> set[str]:
    """The numbers that a card with this line alone would state for its episode."""
    said = Patterns.shipped().read([TextLine(text, _PLACE[3], _PLACE)])
    return {str(one.number) for one in said if one.kind in {"this", "bare"}}
