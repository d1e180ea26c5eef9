"""Shots that a film shows again: of a clip in a loop, a trailer before each part, a screen between programmes.

The same picture at the same place differs from the one before by the same amount. Two takes of one scene never agree in
that over a whole shot, however alike they look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ..candidates.moments import Timeline
from ..candidates.pace import Pace
from ..records import Shot

_LEAST = 8
"""Pictures of a shot below which it is not told from others."""
_LEAST_VARIED = 0.1
"""How far the changes of a shot must lie from their mean, on average, to tell it from others: a still never does."""
_APART = 0.25
"""How far the changes of two shots may lie apart, as a share of that. In a loop, also one that was encoded anew, it is
.00; the most alike pair of shots of one length has .76 in E01–E05, and .31 in thirteen excerpts of real films, in a
still (2026-11-30)."""
_Known = list[tuple[int, np.ndarray]]


class Repeats:
    """Which shots of a film show the same: for each shot the first that does, itself where none did before."""

    def __init__(self, shots: Sequence[Shot], timeline: Timeline) -> None:
        self._shots = shots
        self._first = first_shown(shots, timeline)
        self._again: dict[int, list[int]] = defaultdict(list)
        for shot, first in self._first.items():
            self._again[first].append(shot)

    @property
    def any(self) -> bool:
        """Whether any shot is shown again."""
        return len(self._again) < len(self._first)

    def pace(self, usual: Pace) -> Pace:
        """The pace for what the film shows without its repeats; `usual` where it has none."""
        once_s = sum(shot.end_s - shot.start_s for shot in self._shots if self.first(shot.index) == shot.index)
        return usual if not self.any else Pace(min(usual.watched_s, once_s))

    def first(self, shot: int) -> int:
        """The number of the first shot that shows the same."""
        return self._first.get(shot, shot)

    def as_first_s(self, shot: int, pts_s: float) -> float:
        """When the first shot shows what this one shows at `pts_s`, seconds."""
        first = self.first(shot)
        return pts_s if first == shot else pts_s - self._shots[shot].start_s + self._shots[first].start_s

    def seen_s(self, shot: Shot, read_s: Mapping[int, Sequence[float]]) -> list[float]:
        """The moments of a first shot that were read in it or in a later one, seconds. read_s: shot → times."""
        again = self._again.get(shot.index, [shot.index])
        return [self.as_first_s(other, time_s) for other in again for time_s in read_s.get(other, ())]


def first_shown(shots: Sequence[Shot], timeline: Timeline) -> dict[int, int]:
    """Shot → the first shot of the film that shows the same, itself where none does, by how much each picture differs
    from the one before. Shots of another length (by more than a picture) are not the same. A shot that is too short or
    too still to tell is a repeat where it stands beside one, and is as long as what stands beside the first."""
    moments = [timeline.of(shot) for shot in shots]
    told = [len(own) >= _LEAST and _varied(own) >= _LEAST_VARIED for own in moments]
    known: dict[int, _Known] = defaultdict(list)
    origins = list(range(len(shots)))
    for place in (place for place in origins[:] if told[place]):
        own = moments[place]
        nearby = [one for length in range(len(own) - 1, len(own) + 2) for one in known[length]]
        origins[place] = next((first for first, others in nearby if _agree(own, others)), place)
        if origins[place] == place:
            known[len(own)].append((place, own))
    _spread(origins, [len(own) for own in moments], told)
    return {shots[place].index: shots[first].index for place, first in enumerate(origins)}


def _spread(origins: list[int], lengths: Sequence[int], told: Sequence[bool]) -> None:
    """Let shots that cannot be told, beside a repeat, repeat what stands beside its first; forwards, then backwards. By
    place."""
    last = len(origins) - 1
    for places, step in ((range(1, last + 1), 1), (range(last - 1, -1, -1), -1)):
        for place in places:
            beside, first = place - step, origins[place - step] + step
            is_open = not told[place] and origins[place] == place and origins[beside] != beside
            if is_open and 0 <= first < place and abs(lengths[place] - lengths[first]) <= 1:
                origins[place] = origins[first]


def _varied(moments: np.ndarray) -> float:
    change = moments["change"]
    return float(np.mean(np.abs(change - np.mean(change))))


def _agree(moments: np.ndarray, others: np.ndarray) -> bool:
    count = min(len(moments), len(others))
    own = moments[:count]
    return float(np.mean(np.abs(own["change"] - others["change"][:count]))) <= _APART * _varied(own)
