"""How many pictures of a shot are looked at and offered. In a short film each shot has to give more of the images, so
its pictures may lie closer together; a feature is looked at by `ProbeSettings` alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

_FILM_CANDIDATES = 48
"""Candidates a film should offer where it has them: about five for each of the usual ten images. Chosen by eye."""
_PROBES_PER_CANDIDATE = 1.5
"""Pictures that are read for each of them. Chosen by eye."""
_CANDIDATE_APART_S = 0.6
"""Least time between two candidates of a shot in a film that is long enough. Chosen by eye."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of a film of which `watched_s` seconds are watched; infinite where that is unknown, as for a long one."""

    watched_s: float = inf

    @property
    def apart_s(self) -> float:
        """Least time between two candidates of a shot, seconds."""
        return min(_CANDIDATE_APART_S, self.watched_s / _FILM_CANDIDATES)

    def spacing_s(self, usual_s: float) -> float:
        """Least time of a shot for each picture that is read, seconds; `usual_s` in a film that is long enough."""
        return min(usual_s, self.watched_s / (_FILM_CANDIDATES * _PROBES_PER_CANDIDATE))

    def candidates(self, length_s: float) -> int:
        """How many candidates a stretch of this length (s) should offer, at least 1."""
        return max(1, ceil(round(_FILM_CANDIDATES * length_s / self.watched_s, 6)))

    def probes(self, length_s: float) -> int:
        """How many pictures of such a stretch may be read, at least 1."""
        return max(1, ceil(round(_PROBES_PER_CANDIDATE * _FILM_CANDIDATES * length_s / self.watched_s, 6)))


LONG = Pace()
"""Of a film long enough that nothing has to be crowded."""
