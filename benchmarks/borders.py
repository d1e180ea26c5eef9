"""Finds a film's black borders for the benchmark, independently of the stage under test.

Bars are the same in every frame of a film and so make all its pictures alike: with bars in the picture the matcher
takes one in six pairs of different pictures for the same, without them one in a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]

_BLACK_LUMA = 14.0
"""Mean luma (0–255) of a row or column up to which it counts as black."""
_DARK_FRAMES = 0.8
"""A line is border when it is black in at least this share of the frames: subtitles may cover it now and then."""
_WHOLE_BLACK = 16.0
_WIDEST = 0.4


class Border(NamedTuple):
    """Shares of the picture's height and width to leave out on each side, 0–1."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0


NO_BORDER = Border()


def border_of(pictures: Sequence[Rgb]) -> Border:
    """The border that all these pictures (H, W, 3) of one size have. Completely black pictures are ignored."""
    luma = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in pictures]
    seen = [plane for plane in luma if plane.mean() >= _WHOLE_BLACK]
    if not seen:
        return NO_BORDER
    rows = np.mean([plane.mean(axis=1) <= _BLACK_LUMA for plane in seen], axis=0) >= _DARK_FRAMES
    columns = np.mean([_inner_columns(plane, rows) <= _BLACK_LUMA for plane in seen], axis=0) >= _DARK_FRAMES
    return Border(*_edges(rows), *_edges(columns))


def _inner_columns(plane: npt.NDArray[np.float32], black_rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Means of columns over the rows that are not border."""
    inner = plane[~black_rows] if not black_rows.all() else plane
    return np.asarray(inner.mean(axis=0), np.float32)


def _edges(black: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Shares of black lines at either end, plus one line where there are any (the picture bleeds into it)."""
    length = len(black)
    found = []
    for line in (black, black[::-1]):
        run = int(np.argmin(line)) if not line.all() else 0
        found.append(min((run + 1) / length, _WIDEST) if run else 0.0)
    return found[0], found[1]
