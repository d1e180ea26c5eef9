"""Looks at a few pictures of a film that was taken for progressive while it is watched, and tells if it was not so."""

from __future__ import annotations

import numpy as np

from ..decode.fields import Pair, look_at, woven_parity
from ..records import FrameBatch, Notice, Scan

_APART, _APART_IF_UNSEEN = 64, 8
"""Pictures from one pair to the next; the second where nothing moved when the film was opened."""


class FieldWatch:
    """For one film. Pictures on a device are not looked at: what is told here was sought on the host before."""

    def __init__(self, scan: Scan) -> None:
        self._looking = scan.kind == "progressive"
        self._apart = _APART if scan.by == "measured" else _APART_IF_UNSEEN
        self._next = 0
        self._said: list[Pair] = []
        self._first_s: float | None = None

    def add(self, batch: FrameBatch) -> int:
        """Look at the next pictures; how many pairs that were."""
        looked = 0
        while self._looking and self._next < len(batch.surfaces) - 1:
            one, two = batch.surfaces[self._next : self._next + 2]
            if not isinstance(one.y, np.ndarray):
                return 0
            says = look_at(one.y, two.y, one.bit_depth).says
            self._said.append(says)
            if self._first_s is None and says in ("T", "B"):
                self._first_s = float(batch.pts_s[self._next])
            self._next += self._apart
            looked += 1
        self._next = max(0, self._next - len(batch.surfaces))
        return looked

    def notice(self) -> Notice | None:
        """What has to be told when the film has been watched."""
        if woven_parity(self._said) is None or self._first_s is None:
            return None
        looks = f"pictures from {self._first_s:.2f} s on look interlaced, which was seen too late"
        return Notice("not_deinterlaced", f"{looks}; edges may show combing", self._first_s)
