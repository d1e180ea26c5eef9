"""Faces of one shot linked to tracks: the unit that people are made of."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from engines.faces import Face

from ..records import Track

_ALIKE = 0.92
"""Cosine of two faces inside one shot that is enough whatever their place (balance point over a film: 0.94)."""
_ALIKE_AT_PLACE = 0.9
"""Enough for good faces at one place. Two people may follow each other there where a cut was missed: a person in two
tracks does little harm, two people in one track spoil both."""
_POOR_ALIKE_AT_PLACE = 0.86
"""Enough at one place when either face is small or turned away, which costs likeness."""
_AT_PLACE = 0.5
_GOOD_YAW_DEG = 35.0
_GOOD_INTER_OCULAR_PX = 24.0
"""A little under half of the 53 pixels between the eyes of the identity network's chip; far below people look alike."""
_GOOD_SCORE = 0.65
"""Less certain faces are mostly blurred ones in a crowd, toys and patterns."""
_DECIMALS = 6


class TrackBuilder:
    """Numbers the tracks of a whole video, one shot at a time."""

    def __init__(self) -> None:
        self._next = 0

    def link(
        self, shot: int, readings: list[tuple[float, tuple[Face, ...]]]
    ) -> tuple[list[Track], list[tuple[int, ...]]]:
        """Tracks of one shot from its probes' (pts_s, faces), and for each probe the track of each of its faces.

        Two faces of one picture are never one track.
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
    """For each face that continues a track, its number and that track: the best pairing of all faces of a picture."""
    if not tracks or not faces:
        return {}
    affinity = np.round([[_affinity(track, face) for track in tracks] for face in faces], _DECIMALS)
    pairs = zip(*linear_sum_assignment(-affinity), strict=True)
    return {int(i): tracks[int(j)] for i, j in pairs if affinity[i, j] > 0}


def _affinity(track: Track, face: Face) -> float:
    """0 when the face is someone else's; otherwise larger for better looks and nearer places."""
    last = track.faces[-1][1]
    place = _nearness(last, face)
    known = [f for _, f in track.faces if f.embedding is not None]
    if face.embedding is None or not known:
        return place if place > _AT_PLACE else 0.0
    alike, best = max(((_cosine(face, f), f) for f in known), key=lambda pair: pair[0])
    enough = _ALIKE_AT_PLACE if is_good(face) and is_good(best) else _POOR_ALIKE_AT_PLACE
    if alike >= _ALIKE or (alike >= enough and place > _AT_PLACE):
        return alike + 0.2 * place
    return 0.0


def _cosine(a: Face, b: Face) -> float:
    assert a.embedding is not None and b.embedding is not None  # callers ask for known looks only
    return round(float(a.embedding @ b.embedding), _DECIMALS)


def _nearness(a: Face, b: Face) -> float:
    """1 at the same place and size, falling with the distance in face heights and with the ratio of sizes."""
    height = max(a.box[3], b.box[3], 1e-6)
    centre = [np.array([f.box[0] + f.box[2] / 2, f.box[1] + f.box[3] / 2]) for f in (a, b)]
    distance = float(np.linalg.norm(centre[0] - centre[1])) / height
    return float(np.exp(-distance)) * min(a.box[3], b.box[3]) / height


def is_good(face: Face) -> bool:
    """Whether a face says reliably who it belongs to."""
    return (
        face.embedding is not None
        and face.score >= _GOOD_SCORE
        and face.inter_ocular_px >= _GOOD_INTER_OCULAR_PX
        and abs(face.pose_deg[0]) <= _GOOD_YAW_DEG
    )


def _summarise(track: Track) -> None:
    good = [face for _, face in track.faces if is_good(face)]
    embeddings = [face.embedding for face in good if face.embedding is not None]
    if embeddings:
        mean = np.mean(embeddings, axis=0)
        track.embedding = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
