"""The choice among dissolves and wipes that overlap: each change is the one that explains it best."""

from __future__ import annotations

from collections.abc import Sequence

from .dissolves import Dissolve
from .overlaps import best_of_overlapping
from .wipes import Wipe

Gradual = Dissolve | Wipe
_DOUBT_POWER = 3
"""Half of the doubt that is allowed takes a sixteenth of the confidence: few true changes are without any. By eye."""


def strongest(found: Sequence[Gradual], first: int, end: int) -> list[Gradual]:
    """Those with their middle in rows `first` to `end` (exclusive) that overlap no better one, nor an equally good
    earlier one. A wipe of which the rows alone do not tell whether it is one is worse than all others."""
    return best_of_overlapping(found, first, end, _rank)


def confidence_at(doubt: float, limit: float) -> float:
    """How sure a change is, 1 where nothing is doubtful, ½ where the doubt is at its limit or above."""
    return 1.0 - 0.5 * min(1.0, max(0.0, doubt) / limit) ** _DOUBT_POWER


def _rank(c: Gradual) -> tuple[bool, float, int, int, bool]:
    sure = isinstance(c, Dissolve) or c.doubt < 1
    return sure, c.score, -c.first, -c.last, isinstance(c, Dissolve)
