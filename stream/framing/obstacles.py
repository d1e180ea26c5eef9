"""Moves a crop so that captions, logos and the like stay out of it or are not cut, while the people stay in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import hypot

import numpy as np

from kernels.surface import Rect

from ..records import ActiveRect

_SLACK_PX = 2.0
"""By so much an obstacle may reach into a crop: boxes of text are wider than the letters. Chosen by eye."""
_SHRINKS = np.linspace(1.0, 0.0, 9)
"""The heights that are tried, as shares of the way from the tightest crop to the one that was planned."""
_LEAST_WORTH = 0.8
"""Share of the worth of the planned rectangle that must be left; a caption across the middle is not left out by showing
half of the picture. Chosen by eye."""
_PLACES = 12
"""Places that are tried along each side, where what is worth most is sought."""
Worth = Callable[[Rect], float]
"""What a rectangle (displayed pixels) is worth, 0–1."""
Ideal = Callable[[float], Rect]
"""The best rectangle (displayed pixels) so many pixels high, whatever it cuts."""
_SHRINK_COST = 0.5
"""What a crop that is half as high costs, in widths of the crop that it is moved. Chosen by eye."""


def is_clear(source: Rect, obstacles: Sequence[Rect]) -> bool:
    """Whether no obstacle is inside the crop, not even in part. All in displayed pixels: x, y, width, height."""
    return not any(_overlaps(source, obstacle) for obstacle in obstacles)


def avoiding(
    source: Rect,
    obstacles: Sequence[Rect],
    active: ActiveRect,
    least_height: float,
    needed: Rect | None,
    worth: Worth | None = None,
) -> Rect:
    """The rectangle of the same shape nearest to `source` that is clear of the obstacles; `source` where none is.

    All rectangles in displayed pixels. `least_height`: how far it may shrink. `needed`: what must stay inside as far as
    it is inside `source`; None for nothing. `worth`: where given, not the nearest rectangle is taken but the one that
    is worth most, large ones first.
    """
    if is_clear(source, obstacles):
        return source
    kept = None if needed is None else _common(source, needed)
    found = [
        one
        for one in _tried(source, obstacles, active, least_height, kept)
        if is_clear(one, obstacles) and (kept is None or _inside(kept, one))
    ]
    if worth is None:
        return min(found, key=lambda one: (round(_cost(source, one), 4), one), default=source)
    least = _LEAST_WORTH * worth(source)
    found += [one for one in _everywhere(source, active, least_height) if is_clear(one, obstacles)]
    found = [one for one in found if worth(one) >= least]
    return min(found, key=lambda one: (round(_SHRINK_COST * _shrunk(source, one) - worth(one), 4), one), default=source)


def is_cut(source: Rect, mark: Rect) -> bool:
    """Whether an edge of the crop runs through the mark. All in displayed pixels: x, y, width, height."""
    return not _inside(mark, source) and not is_clear(source, [mark])


def sparing(
    source: Rect,
    marks: Sequence[Rect],
    captions: Sequence[Rect],
    active: ActiveRect,
    least_height: float,
    needed: Rect | None,
    ideal: Ideal | None = None,
    worth: Worth | None = None,
) -> Rect:
    """The rectangle of the same shape that cuts fewest of the marks: each is out of it or whole in it, out where both
    are possible. `source` where no other cuts fewer.

    All rectangles in displayed pixels; `captions`, `least_height` and `needed` as for `avoiding`. Of several the one
    nearest to `source` is taken. `ideal` and `worth`: of a picture without people; there it is the largest, the nearest
    to the ideal one of its height, and worth little less than that one. So less of the surroundings may be shown than
    in `source`, but no other part of the picture.
    """
    kept = None if needed is None else _common(source, needed)
    found = [
        (_cuts(one, marks), sum(not is_clear(one, [mark]) for mark in marks), one)
        for one in _tried(source, [*marks, *captions], active, least_height, kept, marks, ideal)
        if is_clear(one, captions) and (kept is None or _inside(kept, one))
    ]
    found = [one for one in found if one[0] < _cuts(source, marks)]
    if ideal is None or worth is None:
        nearest = min(found, key=lambda one: (*one[:2], round(_cost(source, one[2]), 4), one[2]), default=None)
        return source if nearest is None else nearest[2]

    def order(one: tuple[int, int, Rect]) -> tuple[float | Rect, ...]:
        return *one[:2], -one[2][3], round(_way(ideal(one[2][3]), one[2]), 4), one[2]

    def is_worth_it(one: Rect) -> bool:
        return worth(one) >= _LEAST_WORTH * worth(ideal(one[3]))

    return next((one for *_, one in sorted(found, key=order) if is_worth_it(one)), source)


def _cuts(source: Rect, marks: Sequence[Rect]) -> int:
    return sum(is_cut(source, mark) for mark in marks)


def _everywhere(source: Rect, active: ActiveRect, least_height: float) -> Iterator[Rect]:
    """Rectangles of the same shape all over the active area, at several heights."""
    ratio = source[2] / source[3]
    for shrink in _SHRINKS:
        tall = min(source[3], least_height) + float(shrink) * max(0.0, source[3] - least_height)
        for across in np.linspace(0.0, max(0.0, active.width - tall * ratio), _PLACES):
            for down in np.linspace(0.0, max(0.0, active.height - tall), _PLACES):
                yield active.x + float(across), active.y + float(down), tall * ratio, tall


def _tried(
    source: Rect,
    obstacles: Sequence[Rect],
    active: ActiveRect,
    least_height: float,
    kept: Rect | None,
    marks: Sequence[Rect] = (),
    ideal: Ideal | None = None,
) -> Iterator[Rect]:
    """Rectangles that touch the edge of an obstacle, or stay where the planned one is, at several heights.

    `marks`: what may be inside too, with an edge of the rectangle along one of its own. Then heights that reach from an
    edge of the picture to a mark are tried as well. `ideal`: where a rectangle of each height is tried as well.
    """
    x, y, width, height = source
    ratio = width / height
    for tall in _heights(height, least_height, active, marks):
        wide = tall * ratio
        middle = x + (width - wide) / 2, y + (height - tall) / 2
        across, down = {middle[0], x, x + width - wide}, {middle[1], y, y + height - tall}
        for left, top, over, under in obstacles:
            across |= {left - wide, left + over}
            down |= {top - tall, top + under}
        for left, top, over, under in marks:
            across |= {left, left + over - wide}
            down |= {top, top + under - tall}
        if ideal is not None:
            across.add(ideal(tall)[0])
            down.add(ideal(tall)[1])
        if kept is not None:
            across |= {kept[0], kept[0] + kept[2] - wide}
            down |= {kept[1], kept[1] + kept[3] - tall}
        for at_x in sorted(across):
            for at_y in sorted(down):
                one = (at_x, at_y, wide, tall)
                if _inside(one, (active.x, active.y, active.width, active.height)):
                    yield one


def _heights(height: float, least: float, active: ActiveRect, marks: Sequence[Rect]) -> list[float]:
    """Heights (pixels) to try: several from `height` down to `least`, and all
    there is above and below each mark."""
    steps = [min(height, least) + float(shrink) * max(0.0, height - least) for shrink in _SHRINKS]
    beside = [tall for _, top, _, under in marks for tall in (top - active.y, active.y + active.height - top - under)]
    return [*steps, *(tall for tall in beside if least <= tall < height)]


def _cost(source: Rect, one: Rect) -> float:
    """How far a rectangle lies from the planned one: the way of its centre in widths of it, and how much it shrank."""
    return _way(source, one) + 2 * _SHRINK_COST * _shrunk(source, one)


def _way(source: Rect, one: Rect) -> float:
    """The way from the centre of a rectangle to that of another, in widths of the first."""
    across, down = (one[i] + one[i + 2] / 2 - source[i] - source[i + 2] / 2 for i in (0, 1))
    return hypot(across, down) / max(source[2], 1e-9)


def _shrunk(source: Rect, one: Rect) -> float:
    """By which share of its height a rectangle is smaller than the planned one."""
    return 1 - one[3] / max(source[3], 1e-9)


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
