"""Numbers of pictures, skipped ones included, counted from the packets that were demuxed before them."""

from __future__ import annotations

import heapq


class FrameNumbers:
    """Counts pictures in presentation order although packets come in decoding order.

    When a picture leaves the decoder every packet that is shown before it has been demuxed, so its number is how many
    packets' times lie below its own. Memory: the packets between decoding and presentation, a few dozen.
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._passed = 0
        self._known = True

    def demuxed(self, pts: int | None) -> None:
        """A packet came by; without a time nothing after it can be numbered."""
        if pts is None:
            self._known = False
        elif self._known:
            heapq.heappush(self._waiting, pts)

    def number(self, pts: int | None) -> int:
        """Number of the picture shown at `pts`, -1 when unknowable. Pictures come in presentation order."""
        if not self._known or pts is None:
            return -1
        while self._waiting and self._waiting[0] < pts:
            heapq.heappop(self._waiting)
            self._passed += 1
        return self._passed
