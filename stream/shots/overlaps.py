"""The choice among changes that overlap: of each moment the best explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar


class Change(Protocol):
    """A change between two pictures: row `first` is the last of the old one, row `last` the first of the new one."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...

    @property
    def row(self) -> int:
        """The middle, which counts as the boundary."""
        ...


AnyChange = TypeVar("AnyChange", bound=Change)


def best_of_overlapping(
    found: Sequence[AnyChange], first: int, end: int, rank: Callable[[AnyChange], tuple[Any, ...]]
) -> list[AnyChange]:
    """Those with their middle in rows `first` to `end` (exclusive) that overlap none of a higher rank."""
    here = [change for change in found if first <= change.row < end]
    return [c for c in here if not any(rank(other) > rank(c) for other in found if overlap(other, c))]


def overlap(a: Change, b: Change) -> bool:
    """Whether two changes share a row between their ends; none overlaps itself."""
    return a is not b and a.first < b.last and b.first < a.last
