"""Faces of one shot linked to tracks, which are then grouped to characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from engines.faces import Face

from ..records import Track

_ALIKE = 0.92
"""Cosine from which on two faces of a shot are linked wherever they are (balance point over a film: 0.94). E01–E05:
the same from 0.84 to 0.93."""
_ALIKE_AT_PLACE = 0.9
"""The same for good faces at one place. Not lower, because where a cut was missed two people follow each other at one
place: one person in two tracks does little harm, two people in one track spoil both. E01–E05: the same from 0.8 to
0.95."""
_POOR_ALIKE_AT_PLACE = 0.86
"""The same when either face is small or turned away, which lowers the cosine. E01–E05: the same from 0.72 to 0.93."""
_AT_PLACE = 0.5
"""Nearness above which two faces are at one place. E01–E05: the same from 0.5 to 2 times."""
_PLACE_WEIGHT = 0.2
"""Of nearness beside the cosine, when several tracks compete for a face. E01–E05: the same from 0.5 to 2 times."""
_GOOD_YAW_DEG = 35.0
"""Largest yaw of a good face. E01–E05: the same from 0.85 to 2 times."""
_GOOD_INTER_OCULAR_PX = 24.0
"""Least distance of the eyes in a good face: nearly half of the 53 pixels in the identity network's chip. Far below
that, people look alike. E01–E05: the same from 0.5 to 1.5 times."""
GOOD_SCORE = 0.65
"""Least detection score of a good face: less certain ones are mostly blurred faces in a crowd, toys and patterns.
E01–E05: the same from 0.5 to 1.2 times."""
_DECIMALS = 6
"""Cosines and affinities are rounded to so many decimals, so that the order of a sum decides nothing."""


class TrackBuilder:
    """Links faces to tracks, one shot after the other; track numbers count through the whole video."""

    def __init__(self) -> None:
        self._next = 0

    def link(
        self, shot: int, readings: list[tuple[float, tuple[Face, ...]]]
    ) -> tuple[list[Track], list[tuple[int, ...]]]:
        """The tracks of one shot, and for each probe the number of the track of each of its faces.

        `readings`: (pts_s, faces) of each probe, by time. Two faces of one picture are never in one track.
        """
        tracks: list[Track] = []
        numbers: list[tuple[int, ...]] = []
        for pts_s, faces in readings:
            found = _assign(tracks, faces)
            for i, face in enumerate(faces):
                if i not in found:
                    tracks.append(Track(self._next, shot))
                    self._next += 1
                    found[i] = tracks[-1]
                found[i].faces.append((pts_s, face))
            numbers.append(tuple(found[i].index for i in range(len(faces))))
        for track in tracks:
            _summarise(track)
        return tracks, numbers


def _assign(tracks: list[Track], faces: tuple[Face, ...]) -> dict[int, Track]:
    """Index of each face that continues a track → that track. The pairing with the largest sum of affinities."""
    if not tracks or not faces:
        return {}
    affinity = np.round([[_affinity(track, face) for track in tracks] for face in faces], _DECIMALS)
    pairs = zip(*linear_sum_assignment(-affinity), strict=True)
    return {int(i): tracks[int(j)] for i, j in pairs if affinity[i, j] > 0}


def continued(tracks: Sequence[Track], faces: tuple[Face, ...]) -> list[Track | None]:
    """For each face of one more picture of a shot the track of that shot which it continues, None for a new face."""
    found = _assign(list(tracks), faces)
    return [found.get(i) for i in range(len(faces))]


def _affinity(track: Track, face: Face) -> float:
    """0 when the face does not continue the track; otherwise larger for a higher cosine and a nearer place."""
    last = track.faces[-1][1]
    place = _nearness(last, face)
    known = [f for _, f in track.faces if f.embedding is not None]
    if face.embedding is None or not known:
        return place if place > _AT_PLACE else 0.0
    alike, best = max(((_cosine(face, f), f) for f in known), key=lambda pair: pair[0])
    enough = _ALIKE_AT_PLACE if is_good(face) and is_good(best) else _POOR_ALIKE_AT_PLACE
    if alike >= _ALIKE or (alike >= enough and place > _AT_PLACE):
        return alike + _PLACE_WEIGHT * place
    return 0.0


def _cosine(a: Face, b: Face) -> float:
    assert a.embedding is not None and b.embedding is not None  # the caller has checked
    return round(float(a.embedding @ b.embedding), _DECIMALS)


def _nearness(a: Face, b: Face) -> float:
    """0–1: 1 at the same place and size, less with the distance in face heights and with the ratio of heights."""
    height = max(a.box[3], b.box[3], 1e-6)
    centre = [np.array([f.box[0] + f.box[2] / 2, f.box[1] + f.box[3] / 2]) for f in (a, b)]
    distance = float(np.linalg.norm(centre[0] - centre[1])) / height
    return float(np.exp(-distance)) * min(a.box[3], b.box[3]) / height


def is_good(face: Face) -> bool:
    """Whether a face is certain, large and frontal enough that its embedding tells the person."""
    return (
        face.embedding is not None
        and face.score >= GOOD_SCORE
        and face.inter_ocular_px >= _GOOD_INTER_OCULAR_PX
        and abs(face.pose_deg[0]) <= _GOOD_YAW_DEG
    )


def _summarise(track: Track) -> None:
    good = [face for _, face in track.faces if is_good(face)]
    embeddings = [face.embedding for face in good if face.embedding is not None]
    if embeddings:
        mean = np.mean(embeddings, axis=0)
        track.embedding = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
