"""Full-size pixels of the best candidates so far, in a pool whose size does not know how long the film is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kernels.surface import Surface

FRAME_1080P_BYTES = 1920 * 1080 * 3 // 2


@dataclass(slots=True)
class _Held:
    surface: Surface
    value: float
    person: int | None


class PicturePool:
    """Pixels by presentation time. When room is needed the least valuable goes, first among those whose person has
    more than its quota; ties go against the later picture, so that the order of arrival does not matter."""

    def __init__(self, frames_at_1080p: int, per_person: int) -> None:
        self._capacity_bytes = frames_at_1080p * FRAME_1080P_BYTES
        self._per_person = per_person
        self._held: dict[float, _Held] = {}
        self._bytes = 0
        self.peak_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def put(self, pts_s: float, surface: Surface, value: float, person: int | None) -> None:
        """Keep the pixels of the candidate at `pts_s` while they are among the best; `person` None has no quota."""
        self._held[pts_s] = _Held(surface, value, person)
        self._bytes += surface.nbytes
        while self._bytes > self._capacity_bytes and len(self._held) > 1:
            self._evict()
        self.peak_bytes = max(self.peak_bytes, self._bytes)

    def get(self, pts_s: float) -> Surface | None:
        """The pixels, or None when they had to go."""
        held = self._held.get(pts_s)
        return None if held is None else held.surface

    def clear(self) -> None:
        """Give everything back."""
        self._held.clear()
        self._bytes = 0

    def _evict(self) -> None:
        counts = Counter(h.person for h in self._held.values() if h.person is not None)
        over = [p for p, h in self._held.items() if h.person is not None and counts[h.person] > self._per_person]
        loser = min(over or self._held, key=lambda pts_s: (self._held[pts_s].value, -pts_s))
        self._bytes -= self._held.pop(loser).surface.nbytes
