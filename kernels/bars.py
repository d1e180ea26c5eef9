"""Black bars: the evidence that rows and columns leave over time, and the active area it proves.

A dark scene is no bar. What proves a bar is its *edge*: a straight line right across the picture, black outside and lit
just inside, at the same place in shot after shot. What disproves it is a shot that is lit right up to the border. Shots
that show neither (dark scenes, vignettes, titles on black) do not vote. README.md has the rules' reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surface import Geometry

DARKNESS_STRIDE = 8
"""Every so many frames the rows and columns are looked at, on every device."""

SEGMENTS = 16
"""Equal parts of a row (or column) whose means are told apart, so that a subtitle is not taken for a picture."""

BLACK, LIT = 8.0, 24.0
"""Luma above the picture's black (0–255 full-range units): below is black, above is picture, between is neither."""

PEDESTAL_MAX = 20.0
"""Black may be coded this high: a limited-range film that is marked full-range has its bars at 16."""

QUORUM = 0.75
"""Share of a line's parts that must agree on what the line is."""

SHARE_VOTED, SHARE_LIT = 0.15, 0.03
"""A border state counts when it has this share of the frames that voted, and of the frames that showed a picture."""

MAX_BAR_SHARE = 0.36
"""No bar takes more than this share of a side: 16:9 shown on a 9:16 screen, the narrowest in use, leaves 0.342."""

SLACK_PX = 2
"""Edges this far apart are the same edge (chroma and coding bleed over it)."""


NEITHER, DARK, BRIGHT = 0, 1, 2
"""What a line (a row or a column) is, by the parts of it that say something: see `classify_lines`."""

LEAST_LIVE = 4
"""Parts of a line that must have shown a picture, lest nothing is said."""


@dataclass(frozen=True, slots=True)
class Darkness:
    """What rows and columns of the displayed picture showed over some frames (a shot).

    `rows` (displayed height,) and `columns` (displayed width,) are uint8: NEITHER, DARK or BRIGHT (`classify_lines`).
    """

    frames: int
    """Sampled frames; with none all lines are NEITHER."""
    rows: np.ndarray
    columns: np.ndarray
    lit: bool
    """Whether any part of a row reached `LIT`."""


@dataclass(frozen=True, slots=True)
class ActiveArea:
    """Pixels to cut off each side of the displayed picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


class BarsEvidence:
    """What the shots of one video say about its borders. Its size is the picture's, whatever the film's length."""

    def __init__(self, geometry: Geometry) -> None:
        lines = {"top": geometry.display_height, "bottom": geometry.display_height}
        lines |= {"left": geometry.display_width, "right": geometry.display_width}
        self._votes = {side: np.zeros(int(MAX_BAR_SHARE * count) + 1, np.int64) for side, count in lines.items()}
        self._lit_frames = 0

    def add(self, darkness: Darkness) -> None:
        """Folds one shot in."""
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
        """Whether the bars change within the file; the active area is then the smallest common one."""
        return any(len(states) > 1 for states in self._states().values())

    def active_area(self) -> ActiveArea:
        """What all parts of the film have in common inside their bars; nothing is cut off without proof."""
        return ActiveArea(**{side: max(states, default=0) for side, states in self._states().items()})

    def _states(self) -> dict[str, list[int]]:
        """Per side the border widths that hold for a good part of the film.

        Real aspect changes come and go on both sides at once; a second width on one side alone is a picture's own line.
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
    """The width of the bar that one shot proves at the border where `lines` (n,) begin; None when it cannot.

    0 when the outermost line is bright; `MAX_BAR_SHARE` of the lines at most.
    """
    near = lines[: int(MAX_BAR_SHARE * len(lines)) + 1]
    bright = near == BRIGHT
    if not bright.any():
        return None
    edge = int(bright.argmax())
    # The step from black to lit may take a few lines: coding bleeds, and enlarged material is soft.
    black_lines = max(1, edge - max(3, len(lines) // 180))
    return edge if edge == 0 or bool((near[:black_lines] == DARK).all()) else None


def classify_lines(profile: np.ndarray) -> np.ndarray:
    """(n,) uint8: what each line is, of `profile` (n, SEGMENTS) float32, the highest mean luma (0–255 full-range units)
    that each part of a line reached.

    Bright: a quorum of the live parts is lit, and of the outer ones among them, which subtitles do not reach. Dark: a
    quorum of the outer ones is black. Parts that bars at right angles (or a night scene) leave dark are not live.
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
    """(lines,) bool: whether a quorum of the parts agrees."""
    result: np.ndarray = flags.mean(axis=1) >= QUORUM
    return result
