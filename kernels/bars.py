"""Black bars: what each shot shows along the borders of the picture, and the active area that follows from all shots.

A dark scene is not a bar. A bar is proved by its *edge*: a straight line across the whole picture, black outside and
lit just inside, at the same place in shot after shot. A shot that is lit right up to the border disproves it. Shots
that show neither (dark scenes, vignettes, titles on black) do not vote. kernels/README.md gives the reasons for the
rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surface import Geometry

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

SHARE_VOTED, SHARE_LIT = 0.15, 0.03
"""A bar width is accepted when it has at least this share of the frames of shots that voted, and of the frames of shots
that were lit anywhere."""

MAX_BAR_SHARE = 0.36
"""Largest share of the picture's side that a bar may take: 16:9 shown on a 9:16 screen, the narrowest in use, leaves
0.342."""

SLACK_PX = 2
"""Edges that are at most this many pixels apart count as the same edge: chroma and coding bleed over it."""


NEITHER, DARK, BRIGHT = 0, 1, 2
"""Classes of a line (a row or a column), see `classify_lines`."""

LEAST_LIVE = 4
"""With fewer live parts than this all lines are NEITHER."""


@dataclass(frozen=True, slots=True)
class Darkness:
    """Classes of the rows and columns of the displayed picture over some frames (a shot).

    `rows` (displayed height,) and `columns` (displayed width,) are uint8: NEITHER, DARK or BRIGHT.
    """

    frames: int
    """Number of frames that were measured. When it is 0 all lines are NEITHER."""
    rows: np.ndarray
    columns: np.ndarray
    lit: bool
    """Whether the mean luma of any part of a row reached `LIT`."""


@dataclass(frozen=True, slots=True)
class ActiveArea:
    """Pixels to cut off each side of the displayed picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


class BarsEvidence:
    """Collects what the shots of one video show along the borders. Its memory depends on the picture's size, not on the
    film's length."""

    def __init__(self, geometry: Geometry) -> None:
        lines = {"top": geometry.display_height, "bottom": geometry.display_height}
        lines |= {"left": geometry.display_width, "right": geometry.display_width}
        self._votes = {side: np.zeros(int(MAX_BAR_SHARE * count) + 1, np.int64) for side, count in lines.items()}
        self._lit_frames = 0

    def add(self, darkness: Darkness) -> None:
        """Adds one shot."""
        if darkness.frames == 0:
            return
        for sides, lines in ((("top", "bottom"), darkness.rows), (("left", "right"), darkness.columns)):
            for side, inwards in zip(sides, (lines, lines[::-1]), strict=True):
                edge = border_edge(inwards)
                if edge is not None:
                    self._votes[side][edge] += darkness.frames
        if darkness.lit:
            self._lit_frames += darkness.frames

    @property
    def changed(self) -> bool:
        """Whether the width of a bar changes within the file. The active area is then the smallest common one."""
        return any(len(states) > 1 for states in self._states().values())

    def active_area(self) -> ActiveArea:
        """The pixels to cut off each side: the widest accepted bar of that side, 0 where no bar was proved."""
        return ActiveArea(**{side: max(states, default=0) for side, states in self._states().items()})

    def _states(self) -> dict[str, list[int]]:
        """Accepted bar widths of each side, pixels.

        When the aspect ratio really changes it changes on both sides; a second width on one side alone is a line in the
        picture and is dropped.
        """
        states = {side: self._widths(votes) for side, votes in self._votes.items()}
        for side, other in (("top", "bottom"), ("bottom", "top"), ("left", "right"), ("right", "left")):
            if len(states[side]) > 1 and max(states[other], default=0) == 0:
                states[side] = [min(states[side])]
        return states

    def _widths(self, votes: np.ndarray) -> list[int]:
        left, widths = votes.copy(), list[int]()
        needed = max(1.0, SHARE_VOTED * float(votes.sum()), SHARE_LIT * self._lit_frames)
        while True:
            near = np.convolve(left, np.ones(2 * SLACK_PX + 1, np.int64), "same")
            near[left == 0] = 0
            peak = int(near.argmax())
            if near[peak] < needed:
                return widths
            around = slice(max(0, peak - SLACK_PX), peak + SLACK_PX + 1)
            widths.append(around.start + int(left[around].argmax()))
            left[around] = 0


def border_edge(lines: np.ndarray) -> int | None:
    """Width in lines of the bar that one shot proves at the border where `lines` (n,) uint8 begin; None when it proves
    nothing.

    The width is 0 when the outermost line is BRIGHT, and at most `MAX_BAR_SHARE` of the lines.
    """
    near = lines[: int(MAX_BAR_SHARE * len(lines)) + 1]
    bright = near == BRIGHT
    if not bright.any():
        return None
    edge = int(bright.argmax())
    # The step from black to lit may take a few lines, because coding bleeds and enlarged material is soft.
    black_lines = max(1, edge - max(3, len(lines) // 180))
    return edge if edge == 0 or bool((near[:black_lines] == DARK).all()) else None


def classify_lines(profile: np.ndarray) -> np.ndarray:
    """The class of each line, (n,) uint8: NEITHER, DARK or BRIGHT.

    profile: (n, SEGMENTS) float32, the highest mean luma (0–255 full-range units) that each part of each line reached.
    A part is live when it is lit in any line; parts that bars at right angles (or a night scene) keep dark are not
    live. A line is BRIGHT when a quorum of its live parts is lit, and a quorum of the outer live parts as well, which
    subtitles do not reach. A line is DARK when a quorum of its outer live parts is black.
    """
    pedestal = min(PEDESTAL_MAX, float(np.median(profile[0])), float(np.median(profile[-1])))
    lit = profile >= pedestal + LIT
    live, lines = np.flatnonzero(lit.any(axis=0)), np.full(len(profile), NEITHER, np.uint8)
    if len(live) < LEAST_LIVE:
        return lines
    ends = max(1, len(live) // 8)
    outer = np.concatenate([live[:ends], live[-ends:]])
    lines[_agree(profile[:, outer] <= pedestal + BLACK)] = DARK
    lines[_agree(lit[:, live]) & _agree(lit[:, outer])] = BRIGHT
    return lines


def _agree(flags: np.ndarray) -> np.ndarray:
    """(lines,) bool: whether at least `QUORUM` of each line's flags (lines, parts) are set."""
    result: np.ndarray = flags.mean(axis=1) >= QUORUM
    return result
