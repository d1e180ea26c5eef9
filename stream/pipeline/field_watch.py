"""Looks at a few pictures of a film that was taken for progressive while it is watched, and tells if it is not so."""

from __future__ import annotations

from kernels.combing import FieldVotes
from kernels.ops import Ops
from kernels.surface import Surface

from ..decode.fields import Pair, told_by, woven_parity
from ..decode.watch_anew import LateFieldsError
from ..records import FrameBatch, Notice, Scan

_APART, _APART_IF_UNSEEN = 64, 8
"""Pictures from one pair to the next; the second where nothing moved when the film was opened."""
_CLOSELY, _APART_CLOSELY = 12, 2
"""After a pair that is woven so many more are looked at, from one picture to the next but one: three woven ones among
these are no accident."""


class FieldWatch:
    """For one film. Of two pictures on a device a few numbers come to the host, which synchronises."""

    def __init__(self, scan: Scan, ops: Ops) -> None:
        self._ops = ops
        self._looking = scan.kind == "progressive"
        self._apart = _APART if scan.by == "measured" else _APART_IF_UNSEEN
        self._next = 0
        self._said: list[Pair] = []
        self._closely: list[Pair] = []
        self._close_left = 0
        self._first_s = 0.0

    def add(self, batch: FrameBatch) -> int:
        """Look at the next pictures; how many pairs that were. Those that got bars the decoder has looked at, as they
        are stored. Raises LateFieldsError when they are interlaced."""
        looked = 0
        if self._looking:
            for time_s, says in batch.looks:
                self._note(says, time_s)
        while self._looking and self._next < len(batch.surfaces) - 1:
            one, two = batch.surfaces[self._next : self._next + 2]
            if any(one.bars) or any(two.bars):
                self._next += _APART_CLOSELY
                continue
            self._note(self._says(one, two), float(batch.pts_s[self._next]))
            self._next += _APART_CLOSELY if self._close_left else self._apart
            looked += 1
        self._next = max(0, self._next - len(batch.surfaces))
        return looked

    def _says(self, one: Surface, two: Surface) -> Pair:
        if one.y.shape != two.y.shape or one.bit_depth != two.bit_depth:
            return "-"
        votes = self._ops.to_host(self._ops.field_votes(one, two))
        return told_by(FieldVotes(*votes.tolist())).says

    def _note(self, says: Pair, pts_s: float) -> None:
        self._said.append(says)
        if self._close_left:
            self._close_left -= 1
            self._closely.append(says)
        elif says in ("T", "B"):
            self._close_left, self._closely, self._first_s = _CLOSELY, [says], pts_s
        parity = woven_parity(self._closely) or woven_parity(self._said)
        if parity is not None:
            looks = f"pictures from {self._first_s:.2f} s on are interlaced, which was seen while the film was watched"
            notice = Notice("interlaced_late", f"{looks}; watched anew and deinterlaced", self._first_s)
            raise LateFieldsError(Scan("interlaced", parity, "measured", late=True), notice)
