"""What happens right beside a picture: a face that blinks or grimaces a moment later is caught in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from engines.faces import Face
from kernels.surface import Surface

from .candidates import leading_face
from .records import Candidate

Between = Callable[[float, float], list[tuple[float, Surface]]]
Glance = Callable[[Surface, Face], Face | None]

_LOOKS = 4
"""Pictures looked at on each side: 0.08 s apart, and a blink lasts 0.1 to 0.4 s."""


class Moments:
    """Looks at the pictures around a candidate, at most `span_s` away, evenly spread over both sides."""

    def __init__(self, between: Between, glance: Glance, span_s: float) -> None:
        self._between, self._glance, self._span_s = between, glance, span_s

    def faces_beside(self, candidate: Candidate, shot_s: tuple[float, float]) -> Iterator[Face]:
        """The leading face as it looks in the pictures beside the candidate that belong to its shot, one by one.

        shot_s: start and end (exclusive) of the shot. Blocks; synchronises (device only).
        """
        lead = leading_face(candidate.faces)
        if lead is None or self._span_s <= 0:
            return
        first_s = max(candidate.pts_s - self._span_s, shot_s[0])
        last_s = min(candidate.pts_s + self._span_s, shot_s[1] - 1e-3)
        pictures = self._between(first_s, last_s)
        chosen = _spread([p for p in pictures if p[0] < candidate.pts_s - 1e-3], from_end=True)
        chosen += _spread([p for p in pictures if p[0] > candidate.pts_s + 1e-3], from_end=False)
        for _, surface in chosen:
            face = self._glance(surface, lead)
            if face is not None:
                yield face


def _spread(pictures: list[tuple[float, Surface]], from_end: bool) -> list[tuple[float, Surface]]:
    """Up to `_LOOKS` pictures in equal steps, the farthest one among them; `from_end`: the list leads up to now."""
    if len(pictures) <= _LOOKS:
        return pictures
    places = np.linspace(0, len(pictures), _LOOKS + 1)
    wanted = places[:-1] if from_end else places[1:] - 1
    return [pictures[round(float(i))] for i in wanted]
