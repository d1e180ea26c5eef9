"""How open eyes are: by one measure for everybody, corrected for smiles and one-sided squints, and against what is
usual for the person; and how they look in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engines.faces import Face

from ..records import Character, Track
from .expression import smile_share
from .gaze import gaze_score

_SMILE_NARROWS = 0.4
"""Share of the lid gap that a full smile takes by lifting the cheeks, without closing the eyes. It is between 0 and .55
for the people of E01–E05; from .35 to .45 their precision@10 is the highest (.15 finds .26 in the same count, .35 to
.45 .38 to .40), and that of fourteen real excerpts within 1 s moves by .015 at most."""
_LEAST_FACES = 8
"""Faces of a person that are needed to tell what is usual. Chosen by eye."""
_TYPICAL_QUANTILE = 0.7
"""Quantile that counts as usual: blinks and half-blinks pull the median down. Chosen by eye."""
_CLOSED, _OPEN = 0.15, 0.34
"""Eye aspect ratios where the score is 0 and 1. Closed and open eyes part at .2 (`faces.eyes_closed_below`); above that
wide open ones are still better: with 1 at .27 a pick of the labelled films stands above a refused frame less often
(`benchmarks.look_fits`)."""
_HALF, _FULL = 0.55, 0.9
"""Shares of what is usual for the person where the score is 0 and 1. Chosen by eye."""
_ONE_SIDED = 0.07
"""Difference of the two eyes' ratios from which on one is squinting. Nine of ten faces of 15 films differ less."""
UNKNOWN_EYES = 0.5
"""Score of eyes that were not measured. Chosen by eye."""
_UNKNOWN_GAZE = 0.85
"""Share of the score that is left to open eyes of which it is unknown where they look. Chosen by eye."""


def openness(face: Face) -> float | None:
    """The eye aspect ratio of a face as it would be without its smile; None where it was not measured. Of a one-sided
    squint it is nearly that of the narrower eye."""
    known = [ratio for ratio in face.eye_openness_ratios if ratio is not None]
    if face.eye_openness_ratio is None or not known:
        return None
    ratio = min(face.eye_openness_ratio, min(known) + _ONE_SIDED / 2)
    return ratio / (1.0 - _SMILE_NARROWS * smile_share(face))


def typical_openness(tracks: Sequence[Track], characters: Sequence[Character]) -> dict[str, float]:
    """Character id → eye aspect ratio that is usual for this person, for those with `_LEAST_FACES` measured faces."""
    of_track: Mapping[int, list[float]] = {
        track.index: [ratio for _, face in track.faces if (ratio := openness(face)) is not None] for track in tracks
    }
    typical = {}
    for character in characters:
        ratios = [ratio for track in character.tracks for ratio in of_track.get(track, [])]
        if len(ratios) >= _LEAST_FACES:
            typical[character.id] = float(np.quantile(ratios, _TYPICAL_QUANTILE))
    return typical


def eye_score(ratio: float | None, typical: float | None = None) -> float:
    """0 for closed, 1 for clearly open eyes: the lower of the common and the person's own score. `UNKNOWN_EYES` when
    unmeasured.

    `ratio`: from `openness`; `typical`: what is usual for the person, None where unknown.
    """
    if ratio is None:
        return UNKNOWN_EYES
    score = float(np.clip((ratio - _CLOSED) / (_OPEN - _CLOSED), 0.0, 1.0))
    if typical is None:
        return score
    return min(score, float(np.clip((ratio / typical - _HALF) / (_FULL - _HALF), 0.0, 1.0)))


def look_of_eyes(face: Face, typical: float | None = None) -> float:
    """0–1: `eye_score` of a face's eyes, less where they look past both the head's direction and the camera
    (`stream.people.gaze`). `UNKNOWN_EYES` when unmeasured. `typical`: as there."""
    ratio = openness(face)
    if ratio is None:
        return UNKNOWN_EYES
    straight = gaze_score(face)
    return eye_score(ratio, typical) * (_UNKNOWN_GAZE if straight is None else straight)


def closed_below(limit: float, share: float, typical: float | None) -> float:
    """The eye aspect ratio below which eyes are closed: `limit`, or `share` of what is usual where that is higher."""
    return max(limit, share * (typical or 0.0))
