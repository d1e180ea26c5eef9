"""Moves a crop so that captions, logos and the like stay out of it, while the people stay in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot

import numpy as np

from kernels.surface import Rect

from ..records import ActiveRect

_SLACK_PX = 2.0
"""By so much an obstacle may reach into a crop: boxes of text are wider than the letters. Chosen by eye."""
_SHRINKS = np.linspace(1.0, 0.0, 9)
"""The heights that are tried, as shares of the way from the tightest crop to the one that was planned."""
_SHRINK_COST = 0.5
"""What a crop that is half as high costs, in widths of the crop that it is moved. Chosen by eye."""


def is_clear(source: Rect, obstacles: Sequence[Rect]) -> bool:
    """Whether no obstacle is inside the crop, not even in part. All in displayed pixels: x, y, width, height."""
    return not any(_overlaps(source, obstacle) for obstacle in obstacles)


def avoiding(
    source: Rect, obstacles: Sequence[Rect], active: ActiveRect, least_height: float, needed: Rect | None
) -> Rect:
    """The rectangle of the same shape nearest to `source` that is clear of the obstacles; `source` where none is.

    All rectangles in displayed pixels. `least_height`: how far it may shrink. `needed`: what must stay inside as far as
    it is inside `source`; None for nothing.
    """
    if is_clear(source, obstacles):
        return source
    kept = None if needed is None else _common(source, needed)
    found = [
        one
        for one in _tried(source, obstacles, active, least_height, kept)
        if is_clear(one, obstacles) and (kept is None or _inside(kept, one))
    ]
    return min(found, key=lambda one: (round(_cost(source, one), 4), one), default=source)


def _tried(
    source: Rect, obstacles: Sequence[Rect], active: ActiveRect, least_height: float, kept: Rect | None
) -> Iterator[Rect]:
    """Rectangles that touch the edge of an obstacle, or stay where the planned one is, at several heights."""
    x, y, width, height = source
    ratio = width / height
    for shrink in _SHRINKS:
        tall = min(height, least_height) + float(shrink) * max(0.0, height - least_height)
        wide = tall * ratio
        middle = x + (width - wide) / 2, y + (height - tall) / 2
        across, down = {middle[0], x, x + width - wide}, {middle[1], y, y + height - tall}
        for left, top, over, under in obstacles:
            across |= {left - wide, left + over}
            down |= {top - tall, top + under}
        if kept is not None:
            across |= {kept[0], kept[0] + kept[2] - wide}
            down |= {kept[1], kept[1] + kept[3] - tall}
        for at_x in sorted(across):
            for at_y in sorted(down):
                one = (at_x, at_y, wide, tall)
                if _inside(one, (active.x, active.y, active.width, active.height)):
                    yield one


def _cost(source: Rect, one: Rect) -> float:
    """How far a rectangle lies from the planned one: the way of its centre in widths of it, and how much it shrank."""
    across, down = (one[i] + one[i + 2] / 2 - source[i] - source[i + 2] / 2 for i in (0, 1))
    way = hypot(across, down) / max(source[2], 1e-9)
    return way + 2 * _SHRINK_COST * (1 - one[3] / max(source[3], 1e-9))


def _overlaps(a: Rect, b: Rect) -> bool:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return across > _SLACK_PX and down > _SLACK_PX


def _common(a: Rect, b: Rect) -> Rect | None:
    left, top = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _inside(inner: Rect, outer: Rect) -> bool:
    return (
        inner[0] >= outer[0] - 1e-6
        and inner[1] >= outer[1] - 1e-6
        and inner[0] + inner[2] <= outer[0] + outer[2] + 1e-6
        and inner[1] + inner[3] <= outer[1] + outer[3] + 1e-6
    )
