"""Lines of cards for the tests of patterns, and numbers to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from stream.episode.numbers import EpisodeNumber
from stream.episode.patterns import Line, Patterns, Statement


def stacked(*texts: str) -> list[Line]:
    """Lines one under the other, in the middle of the picture."""
    return [Line(text, 0.08, (0.3, 0.2 + 0.1 * i, 0.4, 0.08)) for i, text in enumerate(texts)]


def read(*texts: str, series: str | None = None) -> list[Statement]:
    """What the shipped patterns read on a card of stacked lines."""
    return Patterns.shipped().read(stacked(*texts), series=series)


def said(statements: Sequence[Statement]) -> list[str]:
    """Kinds and numbers, such as `this S02E05`, the surest first."""
    return [f"{statement.kind} {statement.number}" for statement in statements]


def episode(*numbers: str | int, season: int | None = None) -> EpisodeNumber:
    return EpisodeNumber(tuple(Decimal(number) for number in numbers), season)
