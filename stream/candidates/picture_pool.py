"""The pixels of the best candidates so far, in a pool of bounded size, however long the film is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernels.surface import Surface

from ..records import FRAME_1080P_BYTES, TimedSurface


@dataclass(slots=True)
class _PooledPicture:
    surface: Surface
    value: float
    person: int | None
    beside: Sequence[TimedSurface] | None


class PicturePool:
    """Full-size pictures by presentation time, and small pictures from beside them.

    When the pool is full, the least valuable picture is dropped; pictures of people who have more than `per_person` are
    dropped before all others. Of equal values the later picture is dropped, so the order of arrival does not matter.
    Small pictures have half as much room again and are dropped in the same order.

    `frames_at_1080p`: the room, counted in pictures of 1920x1080. `peak_bytes`: the most that was held at a time.
    """

    def __init__(self, frames_at_1080p: int, per_person: int) -> None:
        self._capacity_bytes = frames_at_1080p * FRAME_1080P_BYTES
        self._per_person = per_person
        self._pictures: dict[float, _PooledPicture] = {}
        self._bytes = 0
        self._beside_bytes = 0
        self.peak_bytes = 0

    def __len__(self) -> int:
        return len(self._pictures)

    def put(
        self, pts_s: float, surface: Surface, value: float, person: int | None, beside: Sequence[TimedSurface] = ()
    ) -> None:
        """Add the picture of the candidate at `pts_s`, and small pictures from just before and after it.

        It stays while it is among the most valuable. `value`: any order; `person`: number of the provisional person,
        None for nobody, who has no quota.
        """
        self._pictures[pts_s] = _PooledPicture(surface, value, person, beside)
        self._bytes += surface.nbytes
        self._beside_bytes += _nbytes(beside)
        while self._bytes > self._capacity_bytes and len(self._pictures) > 1:
            loser = self._least_valuable(self._pictures)
            self._drop_beside(loser)
            self._bytes -= self._pictures.pop(loser).surface.nbytes
        while self._beside_bytes > self._capacity_bytes // 2:  # a half, chosen by eye
            self._drop_beside(
                self._least_valuable([pts_s for pts_s, pooled in self._pictures.items() if pooled.beside])
            )
        self.peak_bytes = max(self.peak_bytes, self._bytes + self._beside_bytes)

    def put_where_free(self, pts_s: float, surface: Surface) -> None:
        """Add the picture at `pts_s`, of nobody and without small pictures, if there is room. Nothing is dropped, so
        other threads may get pictures meanwhile."""
        if pts_s not in self._pictures and self._bytes + surface.nbytes <= self._capacity_bytes:
            self._bytes += surface.nbytes
            self._pictures[pts_s] = _PooledPicture(surface, 0.0, None, None)
            self.peak_bytes = max(self.peak_bytes, self._bytes + self._beside_bytes)

    def get(self, pts_s: float) -> Surface | None:
        """The picture at `pts_s`, or None when it was dropped."""
        pooled = self._pictures.get(pts_s)
        return None if pooled is None else pooled.surface

    def beside(self, pts_s: float) -> Sequence[TimedSurface] | None:
        """The small pictures from beside the one at `pts_s`, by time, or None when they were dropped."""
        pooled = self._pictures.get(pts_s)
        return None if pooled is None else pooled.beside

    def clear(self) -> None:
        """Drop everything."""
        self._pictures.clear()
        self._bytes = self._beside_bytes = 0

    def _least_valuable(self, pictures: Iterable[float]) -> float:
        """Which of the pictures at these times is to be dropped first."""
        counts = Counter(h.person for h in self._pictures.values() if h.person is not None)
        among = list(pictures)
        people = ((p, self._pictures[p].person) for p in among)
        over = [p for p, person in people if person is not None and counts[person] > self._per_person]
        return min(over or among, key=lambda pts_s: (self._pictures[pts_s].value, -pts_s))

    def _drop_beside(self, pts_s: float) -> None:
        """Drop the small pictures from beside the one at `pts_s`."""
        pooled = self._pictures[pts_s]
        self._beside_bytes -= _nbytes(pooled.beside or ())
        pooled.beside = None


def _nbytes(pictures: Iterable[TimedSurface]) -> int:
    return sum(surface.nbytes for _, surface in pictures)
