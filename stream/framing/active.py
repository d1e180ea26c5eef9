"""The active area: the picture without its black bars, of the film and of each shot that has other bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernels.bars import ActiveArea
from kernels.surface import Geometry

from ..records import ActiveRect


@dataclass(frozen=True, slots=True)
class ActiveRects:
    """`film`: where the film's picture is. `by_shot`: index → where the picture of a shot is that has other bars."""

    film: ActiveRect
    by_shot: Mapping[int, ActiveRect] = field(default_factory=dict)

    def of(self, shot: int) -> ActiveRect:
        """Where the picture of this shot is, displayed pixels."""
        return self.by_shot.get(shot, self.film)


def active_rects(
    geometry: Geometry, film: ActiveArea, by_shot: Mapping[int, ActiveArea], margin_px: int
) -> ActiveRects:
    """`active_rect` of the film's area and of those of the shots that have another, by index."""
    own = {index: active_rect(geometry, area, margin_px) for index, area in by_shot.items()}
    return ActiveRects(active_rect(geometry, film, margin_px), own)


def active_rect(geometry: Geometry, area: ActiveArea, margin_px: int) -> ActiveRect:
    """The active area, less `margin_px` at each side that has bars: chroma bleeds from the bars into the picture. Of a
    picture so thin that nothing would be left, less is taken."""

    def inset(one: int, other: int, size: int) -> tuple[int, int]:
        margin = min(margin_px, max(0, (size - one - other - 1) // 2))
        return one + margin if one else 0, other + margin if other else 0

    left, right = inset(area.left, area.right, geometry.display_width)
    top, bottom = inset(area.top, area.bottom, geometry.display_height)
    return ActiveRect(left, top, geometry.display_width - left - right, geometry.display_height - top - bottom)
