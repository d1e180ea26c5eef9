"""Pixels of the best candidates so far, in a pool whose size does not know how long the film is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernels.surface import Surface

from ..records import FRAME_1080P_BYTES, TimedSurface


@dataclass(slots=True)
class _Held:
    surface: Surface
    value: float
    person: int | None
    beside: Sequence[TimedSurface] | None


class PicturePool:
    """Pixels by presentation time. When room is needed the least valuable goes, first among those whose person has
    more than its quota; ties go against the later picture, so that the order of arrival does not matter.

    What lies beside the pictures has half as much room again, and goes by the same order.
    """

    def __init__(self, frames_at_1080p: int, per_person: int) -> None:
        self._capacity_bytes = frames_at_1080p * FRAME_1080P_BYTES
        self._per_person = per_person
        self._held: dict[float, _Held] = {}
        self._bytes = 0
        self._beside_bytes = 0
        self.peak_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def put(
        self, pts_s: float, surface: Surface, value: float, person: int | None, beside: Sequence[TimedSurface] = ()
    ) -> None:
        """Keep the pixels of the candidate at `pts_s`, and small ones of what happens beside it, while they are among
        the best; `person` None has no quota."""
        self._held[pts_s] = _Held(surface, value, person, beside)
        self._bytes += surface.nbytes
        self._beside_bytes += _nbytes(beside)
        while self._bytes > self._capacity_bytes and len(self._held) > 1:
            loser = self._least(self._held)
            self._let_go(loser)
            self._bytes -= self._held.pop(loser).surface.nbytes
        while self._beside_bytes > self._capacity_bytes // 2:
            self._let_go(self._least([pts_s for pts_s, held in self._held.items() if held.beside]))
        self.peak_bytes = max(self.peak_bytes, self._bytes + self._beside_bytes)

    def get(self, pts_s: float) -> Surface | None:
        """The pixels, or None when they had to go."""
        held = self._held.get(pts_s)
        return None if held is None else held.surface

    def beside(self, pts_s: float) -> Sequence[TimedSurface] | None:
        """Small pictures from beside the one at `pts_s`, by time, or None when they had to go."""
        held = self._held.get(pts_s)
        return None if held is None else held.beside

    def clear(self) -> None:
        """Give everything back."""
        self._held.clear()
        self._bytes = self._beside_bytes = 0

    def _least(self, pictures: Iterable[float]) -> float:
        counts = Counter(h.person for h in self._held.values() if h.person is not None)
        among = list(pictures)
        people = ((p, self._held[p].person) for p in among)
        over = [p for p, person in people if person is not None and counts[person] > self._per_person]
        return min(over or among, key=lambda pts_s: (self._held[pts_s].value, -pts_s))

    def _let_go(self, pts_s: float) -> None:
        """Of what lies beside the picture."""
        held = self._held[pts_s]
        self._beside_bytes -= _nbytes(held.beside or ())
        held.beside = None


def _nbytes(pictures: Iterable[TimedSurface]) -> int:
    return sum(surface.nbytes for _, surface in pictures)
