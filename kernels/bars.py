"""Black bars: what a frame shows along the borders of the picture. Which bars the film has follows from all its shots
(`kernels.active_areas`).

A dark scene is not a bar. A bar is proved by its *edge*: a straight line across the whole picture, black outside and
lit just inside, at the same place in shot after shot. A shot that is lit right up to the border disproves it. Shots
that show neither (dark scenes, vignettes, titles on black) do not vote. kernels/README.md gives the reasons for the
rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DARKNESS_STRIDE = 8
"""Rows and columns are measured on every 8th frame, on every device."""

SEGMENTS = 16
"""Each row (or column) is cut into this many equal parts whose means are kept apart, so that a subtitle inside a bar is
not taken for picture."""

BLACK, LIT = 8.0, 24.0
"""Luma above the picture's black level, 0–255 full-range units: up to BLACK a part is black, from LIT on it is lit,
between it is neither."""

PEDESTAL_MAX = 20.0
"""Highest luma, 0–255 full-range units, that is accepted as the picture's black level: a limited-range film that is
marked full-range has its bars at 16."""

QUORUM = 0.75
"""Share of a line's parts that must agree before the line is called dark or bright."""

MAX_BAR_SHARE = 0.36
"""Largest share of the picture's side that a bar may take: 16:9 shown on a 9:16 screen, the narrowest in use, leaves
0.342."""

NEITHER, DARK, BRIGHT = 0, 1, 2
"""Classes of a line (a row or a column), see `kernels.cpu_borders.classify_lines`."""

LEAST_LIVE = 4
"""With fewer live parts than this all lines are NEITHER."""

SIDES = ("top", "bottom", "left", "right")
"""The order of the sides of the displayed picture in `BORDERS`."""

BORDERS = np.dtype(
    [
        ("place", "<i4"),  # index of the frame in its batch
        ("bright", "<i4", (4,)),  # lines outside the outermost BRIGHT one; all lines of that side when none is
        ("dark", "<i4", (4,)),  # how many lines from the border on are DARK; all when no line is DARK or BRIGHT
        ("lit", "?"),  # whether the mean luma of any part of a row reached LIT
    ]
)
"""What one frame shows along its borders, for each of `SIDES`. Frames are joined by taking the least of each number."""


@dataclass(frozen=True, slots=True)
class ActiveArea:
    """Pixels to cut off each side of the displayed picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def border_edge(bright: int, dark: int, lines: int) -> int | None:
    """Width in lines of the bar that one shot proves at a border; None when it proves nothing.

    bright, dark: as in `BORDERS`, the least of all frames of the shot. lines: how many lines that side has. The width
    is 0 when the outermost line is BRIGHT, and at most `MAX_BAR_SHARE` of the lines.
    """
    if bright > int(MAX_BAR_SHARE * lines):
        return None
    # The step from black to lit may take a few lines, because coding bleeds and enlarged material is soft.
    return bright if bright == 0 or dark >= max(1, bright - max(3, lines // 180)) else None
