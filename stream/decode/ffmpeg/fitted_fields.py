"""Looks at the fields of pictures before they are fitted into the film's shape, which may scale their lines."""

from __future__ import annotations

import av
import numpy as np

from kernels.surface import Geometry

from ..colours import colour_of
from ..fields import Pair, look_at
from .surface import surface_of

_APART = 8
"""Pictures from one pair to the next."""
_ANY = Geometry(1, 1)


class FittedFields:
    """Looks at every eighth pair of pictures in a row that are fitted, while a film is watched."""

    def __init__(self) -> None:
        self._found: list[tuple[float, Pair]] = []
        self._before: tuple[float, np.ndarray] | None = None
        self._run = 0

    def saw(self, frame: av.VideoFrame, pts_s: float, *, fitted: bool) -> None:
        """Take note of the next picture, as it is stored, shown at `pts_s`, seconds."""
        if not fitted:
            self._run, self._before = 0, None
            return
        turn, self._run = self._run % _APART, self._run + 1
        if turn > 1:
            return
        surface = surface_of(frame, colour_of(frame), _ANY)
        if turn == 0:
            self._before = pts_s, surface.y
        elif self._before is not None and self._before[1].shape == surface.y.shape:
            self._found.append((self._before[0], look_at(self._before[1], surface.y, surface.bit_depth).says))
            self._before = None

    def taken(self) -> tuple[tuple[float, Pair], ...]:
        """What was found since this was last asked."""
        found, self._found = tuple(self._found), []
        return found
