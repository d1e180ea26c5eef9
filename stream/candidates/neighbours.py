"""The leading face in the pictures just before and after a candidate: one that blinks or grimaces twice around it is
often caught half-way in the candidate itself.

While a film is watched, a small copy of every few pictures is kept (`SmallPictureSampler`). The copies near a probe or
a candidate are kept as long as that picture is (`stream.candidates.probes`, `stream.candidates.picture_pool`). The film
is decoded again only when the face is too small in the copies, or when the copies had to leave the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engines.eyes import GAZE_LEAST_INTER_OCULAR_PX, LEAST_INTER_OCULAR_PX
from engines.faces import Face
from kernels.surface import Surface

from ..people.looks import leading_face
from ..records import Candidate, TimedSurface
from .picture_pool import PicturePool
from .probes import span_beside

DecodeAround = Callable[[Candidate, float, float], list[TimedSurface]]
"""(candidate, first_s, last_s) → the film's pictures from `first_s` to `last_s`, both included, decoded again."""
Glance = Callable[[Sequence[Surface], Face], Iterator[Face | None]]
"""(pictures, face) → the same face in each picture, None where it is not seen (`FaceReader.read_again`)."""

_PICTURES_A_SIDE = 4
"""Pictures looked at before and after a candidate: 0.08 s apart by default; a blink lasts 0.1 to 0.4 s."""
_LEAST_STEP_S = 0.06
"""Least time between small copies: every other picture at 24 to 30 pictures a second, every fourth at 60."""


class SmallPictureSampler:
    """Chooses the pictures of which small copies are kept: the first, and each `_LEAST_STEP_S` or more after the last.

    `span_s`: how far from a candidate pictures are looked at, seconds; with 0 nothing is kept.
    """

    def __init__(self, span_s: float) -> None:
        self._next_s = -np.inf if span_s > 0 else np.inf

    def picks(self, pts_s: np.ndarray) -> list[int]:
        """Indices of the chosen pictures in a batch whose times are `pts_s` (N,), seconds; call it batch by batch."""
        places = []
        for place, time_s in enumerate(pts_s.tolist()):
            if time_s >= self._next_s:
                places.append(place)
                self._next_s = time_s + _LEAST_STEP_S
        return places


class NeighbourFaces:
    """Reads the leading face in pictures at most `span_s` seconds before and after a candidate, evenly spaced."""

    def __init__(self, pool: PicturePool, beside: DecodeAround, glance: Glance, span_s: float) -> None:
        self._pool, self._beside, self._glance, self._span_s = pool, beside, glance, span_s

    def faces_beside(self, candidate: Candidate, shot_s: tuple[float, float]) -> Iterator[Face]:
        """The candidate's leading face in the pictures around it that belong to its shot, every other one first
        (`every_other_first`).

        `shot_s`: start and end (exclusive) of the shot, seconds. Pictures in which the face is not seen give nothing.
        Blocks while it reads, and may decode. Synchronises (device only).
        """
        lead = leading_face(candidate.faces)
        if lead is None or self._span_s <= 0:
            return
        pictures = self._pool.beside(candidate.pts_s)
        if pictures is None or not all(_is_large(lead, surface) for _, surface in pictures):
            pictures = self._beside(candidate, *span_beside(candidate.pts_s, self._span_s, shot_s))
        chosen = _on_both_sides(pictures, candidate.pts_s)
        chosen = every_other_first(chosen, candidate.pts_s)
        looks = self._glance([surface for _, surface in chosen], lead)
        yield from (face for face in looks if face is not None)

    def pictures_beside(self, candidate: Candidate, shot_s: tuple[float, float]) -> list[Surface]:
        """Those pictures themselves: small copies where they were kept, else decoded again. Blocks."""
        if self._span_s <= 0:
            return []
        pictures = self._pool.beside(candidate.pts_s)
        if pictures is None:
            pictures = self._beside(candidate, *span_beside(candidate.pts_s, self._span_s, shot_s))
        return [surface for _, surface in _on_both_sides(pictures, candidate.pts_s)]


def _on_both_sides(pictures: Sequence[TimedSurface], pts_s: float) -> list[TimedSurface]:
    """Up to `_PICTURES_A_SIDE` before and as many after the time `pts_s`."""
    before = _evenly_spaced([picture for picture in pictures if picture[0] < pts_s - 1e-3], from_end=True)
    return before + _evenly_spaced([picture for picture in pictures if picture[0] > pts_s + 1e-3], from_end=False)


def every_other_first(pictures: Sequence[TimedSurface], pts_s: float) -> list[TimedSurface]:
    """The farthest of each side of the time `pts_s` and every other one from there, then those between; in both halves
    the farthest first. The face has changed most there, so a caller that stops at a fault reads fewer; one that stops
    after half of them has seen both sides, in steps shorter than most blinks."""
    ordered = sorted(pictures, key=lambda picture: -round(abs(picture[0] - pts_s), 3))
    before = [picture for picture in ordered if picture[0] < pts_s]
    after = [picture for picture in ordered if picture[0] >= pts_s]
    first = {id(picture) for side in (before, after) for picture in side[::2]}
    return sorted(ordered, key=lambda picture: id(picture) not in first)


def _is_large(face: Face, surface: Surface) -> bool:
    """Whether the face has enough pixels in the surface to tell how open its eyes are, and where they look if the face
    itself tells. A copy of full size has all there are."""
    shown = max(surface.geometry.display_width, surface.geometry.display_height)
    if max(surface.y.shape) >= shown:
        return True
    least = LEAST_INTER_OCULAR_PX if face.gaze is None else GAZE_LEAST_INTER_OCULAR_PX
    return face.inter_ocular_px * int(max(surface.y.shape)) >= least * shown


def _evenly_spaced(pictures: Sequence[TimedSurface], from_end: bool) -> list[TimedSurface]:
    """Up to `_PICTURES_A_SIDE` of the pictures in equal steps, the farthest in time among them.

    `from_end`: the pictures come before the candidate, so that the farthest is the first.
    """
    if len(pictures) <= _PICTURES_A_SIDE:
        return list(pictures)
    places = np.linspace(0, len(pictures), _PICTURES_A_SIDE + 1)
    wanted = places[:-1] if from_end else places[1:] - 1
    return [pictures[round(float(i))] for i in wanted]
