"""Frame numbers of pictures in the stream. Pictures that were not decoded count too."""

from __future__ import annotations

import heapq


class FrameNumbers:
    """Numbers pictures in presentation order, although packets come in decoding order.

    When a picture leaves the decoder, every packet with an earlier time has been demuxed. So the number of a picture is
    the count of packets with earlier times. Keeps the times of a few dozen packets.
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._passed = 0
        self._known = True

    def demuxed(self, pts: int | None) -> None:
        """Count a demuxed packet. After a packet without a time (None) no picture can be numbered."""
        if pts is None:
            self._known = False
        elif self._known:
            heapq.heappush(self._waiting, pts)

    def mended(self, pts: int, shown: int) -> int:
        """Take note that the picture with the time `pts` is shown at `shown`, which is returned."""
        if pts in self._waiting:
            self._waiting.remove(pts)
            heapq.heapify(self._waiting)
            heapq.heappush(self._waiting, shown)
        return shown

    def number(self, pts: int | None) -> int:
        """Number of the picture with time `pts`, from 0; -1 when unknown. To be called in presentation order."""
        if not self._known or pts is None:
            return -1
        while self._waiting and self._waiting[0] < pts:
            heapq.heappop(self._waiting)
            self._passed += 1
        return self._passed
