"""The numbers of a watched film that its end is decided by; no pictures, and nothing that lies on a device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..film import Film, descriptors_by_shot
from ..records import Candidate, Shot, Track


@dataclass(slots=True)
class FilmNumbers:
    """`stream.ranking.judge.WatchedNumbers` that can be sent to another process. damage: (N, 2), lone: (N,) float64,
    see `stream.film.Film`. The lists are its own."""

    tracks: list[Track]
    shots: list[Shot]
    candidates: list[Candidate]
    reserve: list[tuple[Candidate, str]]
    damage: np.ndarray
    lone: np.ndarray

    def lone_s(self) -> np.ndarray:
        """In a film with damage, the times of pictures unlike both beside them."""
        return self.lone

    def damage_s(self) -> np.ndarray:
        """The times of damaged pictures, and since when those before may be."""
        return self.damage

    def descriptors(self) -> dict[int, list[np.ndarray]]:
        """See `descriptors_by_shot`."""
        return descriptors_by_shot([*self.candidates, *(candidate for candidate, _ in self.reserve)])


def numbers_of(film: Film) -> FilmNumbers:
    """The numbers of a film as they are now."""
    tracks, shots = list(film.tracks), list(film.shots)
    candidates, reserve = list(film.candidates), list(film.reserve)
    return FilmNumbers(tracks, shots, candidates, reserve, film.damage_s(), film.lone_s())
