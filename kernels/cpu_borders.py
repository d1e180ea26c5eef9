"""What a frame shows along its borders, on the host: one compiled pass over the parts of its lines.

The rules are those of `kernels.bars`. A chain of library calls takes five times as long, and holds the
interpreter meanwhile.
"""

from __future__ import annotations

import numpy as np
from numba import int32

from .bars import BLACK, BORDERS, LEAST_LIVE, LIT, NEITHER, PEDESTAL_MAX, QUORUM
from .compiled import compiled, t

_PROFILE, _LINES = t.Array(t.float32, 2, "C", readonly=True), t.Array(t.uint8, 1, "C")


def borders_of(rows: np.ndarray, columns: np.ndarray, place: int) -> np.ndarray:
    """(1,) of dtype `BORDERS` for one frame.

    rows, columns: (n, SEGMENTS) float32, the mean luma (0–255 full-range units) of each part of each displayed line.
    place: index of the frame in its batch.
    """
    found = np.zeros(1, BORDERS)
    sides = [_from_border(lines) for lines in map(classify_lines, (rows, columns)) for lines in (lines, lines[::-1])]
    found["place"], found["lit"] = place, rows.max() >= LIT
    found["bright"], found["dark"] = np.transpose(sides)
    return found


def classify_lines(profile: np.ndarray) -> np.ndarray:
    """The class of each line, (n,) uint8: NEITHER, DARK or BRIGHT.

    profile: (n, SEGMENTS) float32, the mean luma (0–255 full-range units) of each part of each line.
    A part is live when it is lit in any line; parts that bars at right angles (or a night scene) keep dark are not
    live. A line is BRIGHT when a quorum of its live parts is lit, and a quorum of the outer live parts as well, which
    subtitles do not reach. A line is DARK when a quorum of its outer live parts is black.
    """
    pedestal = min(PEDESTAL_MAX, _median(profile[0]), _median(profile[-1]))
    lines = np.full(len(profile), NEITHER, np.uint8)
    _classify(np.ascontiguousarray(profile), pedestal + BLACK, pedestal + LIT, LEAST_LIVE, QUORUM, lines)
    return lines


def _median(parts: np.ndarray) -> float:
    """The median of an even number of float32; NumPy's own takes twenty times as long for so few."""
    ordered, half = np.sort(parts), len(parts) // 2
    return float((ordered[half - 1] + ordered[half]) / 2)


# Limits come as arguments: loops in Numba's cache would not notice that a constant of another module has changed.
@compiled(t.void(_PROFILE, t.float32, t.float32, t.int64, t.float64, _LINES))
def _classify(
    profile: np.ndarray, black_to: float, lit_from: float, least_live: int, quorum: float, lines: np.ndarray
) -> None:
    """Sets the lines (n,) of `profile` (n, parts) that are 1, dark, or 2, bright; see `classify_lines`."""
    count, parts = profile.shape
    highest = np.zeros(parts, np.float32)
    for r in range(count):
        for p in range(parts):
            highest[p] = max(highest[p], profile[r, p])
    live, outer = np.zeros(parts, np.int32), np.zeros(parts, np.int32)  # 1 where a part is
    places = np.flatnonzero(highest >= lit_from)
    if len(places) < least_live:
        return
    ends = max(1, len(places) // 8)
    live[places], outer[places[:ends]], outer[places[-ends:]] = 1, 1, 1
    least, least_outer = quorum * len(places), quorum * 2 * ends
    for r in range(count):
        lit, outer_lit, outer_black = int32(0), int32(0), int32(0)
        for p in range(parts):
            is_lit, is_black = int32(profile[r, p] >= lit_from), int32(profile[r, p] <= black_to)
            lit = int32(lit + live[p] * is_lit)
            outer_lit = int32(outer_lit + outer[p] * is_lit)
            outer_black = int32(outer_black + outer[p] * is_black)
        if lit >= least and outer_lit >= least_outer:
            lines[r] = 2
        elif outer_black >= least_outer:
            lines[r] = 1


@compiled(t.UniTuple(t.int64, 2)(t.Array(t.uint8, 1, "A")))
def _from_border(lines: np.ndarray) -> tuple[int, int]:
    """Lines before the first that is 2, bright, and before the first that is not 1, dark; see `BORDERS`."""
    count = len(lines)
    bright, dark, shown = count, count, False
    for r in range(count - 1, -1, -1):
        shown |= lines[r] != 0
        if lines[r] == 2:
            bright = r
        if lines[r] != 1:
            dark = r
    return bright, dark if shown else count
