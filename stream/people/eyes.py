"""How open eyes are: for everyone alike, for those who smile, and for the one person whose eyes they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engines.faces import EMOTIONS, Face

from ..records import Character, Track

_HAPPY = EMOTIONS.index("happy")
_SMILE_NARROWS = 0.15
"""A full smile lifts the cheeks and takes about this share of the lid gap without closing the eyes."""
_ENOUGH_FACES = 8
_TYPICAL_QUANTILE = 0.7
"""Blinks and half-blinks pull the median down; the upper third of a person's frames has the eyes as they are."""
_CLOSED, _OPEN = 0.15, 0.27
"""Eye aspect ratios where the score leaves 0 and reaches 1."""
_HALF, _FULL = 0.55, 0.85
"""The same as shares of what is typical for the person."""


def openness(face: Face) -> float | None:
    """The eye aspect ratio of a face with the part that its smile takes given back; None where it is unknown."""
    if face.eye_openness_ratio is None:
        return None
    happy = 0.0 if face.emotion is None else float(face.emotion[_HAPPY])
    return face.eye_openness_ratio / (1.0 - _SMILE_NARROWS * happy)


def typical_openness(tracks: Sequence[Track], characters: Sequence[Character]) -> dict[str, float]:
    """Character id → how open the eyes of this person usually are; only for those seen often enough to tell."""
    of_track: Mapping[int, list[float]] = {
        track.index: [ratio for _, face in track.faces if (ratio := openness(face)) is not None] for track in tracks
    }
    typical = {}
    for character in characters:
        ratios = [ratio for track in character.tracks for ratio in of_track.get(track, [])]
        if len(ratios) >= _ENOUGH_FACES:
            typical[character.id] = float(np.quantile(ratios, _TYPICAL_QUANTILE))
    return typical


def eye_score(ratio: float | None, typical: float | None = None) -> float:
    """0 for closed, 1 for clearly open eyes, by any measure that is known; 0.5 where none is."""
    if ratio is None:
        return 0.5
    score = float(np.clip((ratio - _CLOSED) / (_OPEN - _CLOSED), 0.0, 1.0))
    if typical is None:
        return score
    return min(score, float(np.clip((ratio / typical - _HALF) / (_FULL - _HALF), 0.0, 1.0)))


def closed_below(limit: float, share: float, typical: float | None) -> float:
    """The eye aspect ratio under which eyes are closed: the common limit, or the person's own where it is higher."""
    return max(limit, share * (typical or 0.0))
