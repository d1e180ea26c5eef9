"""The leading face in the pictures just before and after a candidate: one that blinks or grimaces a moment later is
often caught half-way in the candidate itself.

While a film is watched, a small copy of every few pictures is kept (`SmallPictureSampler`). The copies near a probe or
a candidate are kept as long as that picture is (`stream.candidates.probes`, `stream.candidates.picture_pool`). The film
is decoded again only when the face is too small in the copies, or when the copies had to leave the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engines.eyes import LEAST_INTER_OCULAR_PX
from engines.faces import Face
from kernels.surface import Surface

from ..people.looks import leading_face
from ..records import Candidate, TimedSurface
from .picture_pool import PicturePool
from .probes import stretch

Beside = Callable[[Candidate, float, float], list[TimedSurface]]
"""Pictures of the film around a candidate from one time to another, both included, decoded again."""
Glance = Callable[[Sequence[Surface], Face], Iterator[Face | None]]

_LOOKS = 4
"""Pictures looked at on each side: 0.08 s apart, and a blink lasts 0.1 to 0.4 s."""
_LEAST_STEP_S = 0.06
"""Every other picture of a film of 24 to 30 pictures a second, every fourth at 60."""


class SmallPictureSampler:
    """Which pictures are kept small: the first, and each that comes `_LEAST_STEP_S` or more after the last."""

    def __init__(self, span_s: float) -> None:
        self._next_s = -np.inf if span_s > 0 else np.inf

    def picks(self, pts_s: np.ndarray) -> list[int]:
        """Places in a batch with these times."""
        places = []
        for place, time_s in enumerate(pts_s.tolist()):
            if time_s >= self._next_s:
                places.append(place)
                self._next_s = time_s + _LEAST_STEP_S
        return places


class Moments:
    """Looks at the pictures around a candidate, at most `span_s` away, evenly spread over both sides."""

    def __init__(self, pool: PicturePool, beside: Beside, glance: Glance, span_s: float) -> None:
        self._pool, self._beside, self._glance, self._span_s = pool, beside, glance, span_s

    def faces_beside(self, candidate: Candidate, shot_s: tuple[float, float]) -> Iterator[Face]:
        """The leading face as it looks in the pictures beside the candidate that belong to its shot, farthest first.

        shot_s: start and end (exclusive) of the shot. Blocks; synchronises (device only).
        """
        lead = leading_face(candidate.faces)
        if lead is None or self._span_s <= 0:
            return
        pictures = self._pool.beside(candidate.pts_s)
        if pictures is None or not all(_is_large(lead, surface) for _, surface in pictures):
            pictures = self._beside(candidate, *stretch(candidate.pts_s, self._span_s, shot_s))
        chosen = _spread([p for p in pictures if p[0] < candidate.pts_s - 1e-3], from_end=True)
        chosen += _spread([p for p in pictures if p[0] > candidate.pts_s + 1e-3], from_end=False)
        # A face has changed most in the farthest; whoever stops at the first fault looks at a tenth fewer.
        chosen.sort(key=lambda picture: -round(abs(picture[0] - candidate.pts_s), 3))
        looks = self._glance([surface for _, surface in chosen], lead)
        yield from (face for face in looks if face is not None)


def _is_large(face: Face, surface: Surface) -> bool:
    """Whether the surface has pixels enough to tell how open the eyes are."""
    shown = max(surface.geometry.display_width, surface.geometry.display_height)
    return face.inter_ocular_px * int(max(surface.y.shape)) >= LEAST_INTER_OCULAR_PX * shown


def _spread(pictures: Sequence[TimedSurface], from_end: bool) -> list[TimedSurface]:
    """Up to `_LOOKS` pictures in equal steps, the farthest one among them; `from_end`: the list leads up to now."""
    if len(pictures) <= _LOOKS:
        return list(pictures)
    places = np.linspace(0, len(pictures), _LOOKS + 1)
    wanted = places[:-1] if from_end else places[1:] - 1
    return [pictures[round(float(i))] for i in wanted]
