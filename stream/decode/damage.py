"""What one pass over a film knows of its damage, and which pictures that concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from .. import log


@dataclass(slots=True)
class Damage:
    """`errors`: count of packets that failed, and of failures of the demuxer. `smeared`: count of pictures that the
    decoder marks as damaged, of those asked for. `failed`: count of places that fail what the file keeps to be checked
    by (`stream.decode.checks`). `first_s`: time of the first error or such place, seconds; None: unknown. The first
    error is kept in the log."""

    errors: int = 0
    smeared: int = 0
    failed: int = 0
    first_s: float | None = None
    _told: bool = False
    _noted_s: list[float] = field(default_factory=list)
    """A heap of times at which damage was noted and that no picture has reached."""
    _since_s: float | None = None

    def note(self, time_s: float | None, error: Exception | None = None) -> None:
        """Count an error at `time_s` (None: unknown). Pictures from there to the next key picture are damaged."""
        if error is not None and not self._told:
            self._told = True
            log.warning("first damage", error, time_s=time_s)
        self.errors += 1
        if time_s is not None:
            self.doubt(time_s)

    def doubt(self, time_s: float) -> None:
        """Take pictures from `time_s` to the next key picture for damaged, without an error."""
        self.first_s = time_s if self.first_s is None else min(self.first_s, time_s)
        heappush(self._noted_s, time_s)

    def holds(self, time_s: float, *, key: bool, corrupt: bool = False) -> bool:
        """Whether the picture at `time_s` may be damaged: it, or one since the last clean key picture. To be asked in
        presentation order. `key`: whether decoding can begin with it; `corrupt`: the decoder marks it."""
        while self._noted_s and self._noted_s[0] <= time_s:
            self._since_s = heappop(self._noted_s)
        if corrupt:
            self.smeared += 1
            self._since_s = time_s
        elif key and self._since_s is not None and time_s > self._since_s:
            self._since_s = None
        return self._since_s is not None
