"""Lines that belong together on a card: a counter over its number, a word beside what it is said of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from .lines import Line

NEAR = 1.5
"""Farthest that lines of one statement may be apart, in heights of the taller one. By eye, of title cards."""
BEHIND = 1.0
"""Farthest that a line goes on behind the part that was found, in its height. By eye."""
TOUCHING = 0.05
"""Farthest that the parts of one word are apart, in heights of the taller one. By eye: the boxes of parts overlap."""
ALIKE = 0.7
"""Height of a line, of that of a higher one, from which on both may be of one size: boxes end where letters do. By
eye."""
MOST_FRAGMENTS = 8
"""Most short lines that are tried together: the tallest."""


def near(one: Line, other: Line) -> bool:
    """Whether two lines stand beside each other on one row, or one close under the other."""
    across, down = _gap(one, other, 0), _gap(one, other, 1)
    reach = NEAR * max(one.box[3], other.box[3])
    return (down <= 0 and across <= reach) or (across <= 0 and down <= reach)


def follows(one: Line, other: Line) -> bool:
    """Whether `other` stands right behind `one` on its row."""
    behind = one.box[0] < other.box[0] and _gap(one, other, 0) <= BEHIND * max(one.box[3], other.box[3])
    return behind and is_level(one, other)


def touches(one: Line, other: Line) -> bool:
    """Whether `other` begins where `one` ends on its row, or before that: they may be parts of one word or number."""
    behind = one.box[0] < other.box[0] and _gap(one, other, 0) <= TOUCHING * max(one.box[3], other.box[3])
    return behind and is_level(one, other)


def is_level(one: Line, other: Line) -> bool:
    """Whether two lines stand on one row."""
    return _gap(one, other, 1) < -0.3 * max(one.box[3], other.box[3])


def alike_in_size(one: Line, other: Line) -> bool:
    """Whether the letters of two lines may be of one size."""
    return min(one.box[3], other.box[3]) >= ALIKE * max(one.box[3], other.box[3])


def distance(one: Line, other: Line) -> float:
    """The space between two lines, in shares of the picture."""
    return max(_gap(one, other, 0), 0.0) + max(_gap(one, other, 1), 0.0)


def groups(lines: Sequence[Line], fragments: Sequence[int]) -> list[tuple[int, ...]]:
    """The pairs, then the threes of short lines that may be one statement, each in an order to read them in.

    `fragments`: the indices of the short lines. As they are read (from the top, from the left) comes first.
    """
    tallest = sorted(sorted(fragments, key=lambda i: -lines[i].box[3])[:MOST_FRAGMENTS], key=lambda i: _place(lines[i]))
    pairs = [(i, j) for i, j in permutations(tallest, 2) if near(lines[i], lines[j])]
    pairs.sort(key=lambda pair: _place(lines[pair[0]]) > _place(lines[pair[1]]))
    known = set(pairs)
    order = {i: rank for rank, i in enumerate(tallest)}
    threes = [
        (i, j, k) for i, j in pairs for k in tallest if order[i] < order[j] < order[k] and (j, k) in known
    ]
    return [*threes, *pairs]


def _gap(one: Line, other: Line, axis: int) -> float:
    """The space between two lines along an axis (0 across, 1 down); negative where they overlap."""
    first, second = sorted((one.box, other.box), key=lambda box: box[axis])
    return second[axis] - (first[axis] + first[axis + 2])


def _place(line: Line) -> tuple[float, float]:
    """From the top, then from the left; lines of one row count as equally high."""
    return round(line.box[1] + line.box[3] / 2, 1), line.box[0]
