"""Which characters a film is about: long on screen, all through the film, and not in the distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Shot, Track

_MIN_SHOTS = 2
_FEW_SHOTS = 4
"""With fewer shots than this in the film, one shot is enough for a main character."""
_PARTS = 8
"""The film is divided into so many equal parts; a main character comes back in several."""
_LEAST_OF_LEADER = 0.1
"""Nobody is a main character who is less than a tenth as prominent as the leading one."""
_EQUAL = 2 / 3
"""At least this share of the one before: as good as equal."""
_FAR_LESS = 1 / 4
"""Less than this share of the one before: no main character beyond the second, whoever follows."""
_SURE = 2
"""A story has two main characters if it has two people at all; from the third on prominence must not drop."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What one person's prominence is made of. `tracks` are the well seen ones only."""

    tracks: Sequence[Track]
    shots: Sequence[int]
    screen_time_s: float


def main_people(people: Sequence[Presence], shots: Sequence[Shot], most: int) -> list[int]:
    """Indices of the main characters, most prominent first; at most `most`, none when nobody is seen twice."""
    if not shots:
        return []
    needed = _MIN_SHOTS if len(shots) >= _FEW_SHOTS else 1
    typical_px = _typical_height_px([t for person in people for t in person.tracks])
    found = [
        (round(prominence(person, shots, typical_px), 6), -i)
        for i, person in enumerate(people)
        if len({t.shot for t in person.tracks}) >= needed
    ]
    ranked = sorted(found, reverse=True)
    return [-i for _, i in ranked[: how_many([p for p, _ in ranked], most)]]


def prominence(person: Presence, shots: Sequence[Shot], typical_px: float) -> float:
    """Seconds on screen, down to a quarter of them for someone who is far away and in one part of the film only."""
    size = min(1.0, _typical_height_px(person.tracks) / max(typical_px, 1e-6))
    return person.screen_time_s * (0.5 + 0.5 * _spread(person, shots)) * (0.5 + 0.5 * size)


def how_many(prominences: Sequence[float], most: int) -> int:
    """How many of the falling `prominences` belong to main characters.

    Two if there are two. One more as long as it is as good as equal to the one before, or, unless far less, nearer
    (in ratio) to the one before than to the one after: the drop comes behind it.
    """
    count = 0
    for i, here in enumerate(prominences[:most]):
        if here < _LEAST_OF_LEADER * prominences[0] or (i >= _SURE and _drops(prominences, i)):
            break
        count += 1
    return count


def _drops(prominences: Sequence[float], i: int) -> bool:
    before, here = prominences[i - 1], prominences[i]
    after = prominences[i + 1] if i + 1 < len(prominences) else 0.0
    if here >= _EQUAL * before:
        return False
    return here < _FAR_LESS * before or here * here < before * after


def _spread(person: Presence, shots: Sequence[Shot]) -> float:
    """Share of the film's parts that show the person, 0–1."""
    start, end = shots[0].start_s, shots[-1].end_s
    middle = {shot.index: (shot.start_s + shot.end_s) / 2 for shot in shots}
    length = max(end - start, 1e-6)
    parts = {min(_PARTS - 1, int(_PARTS * (middle[s] - start) / length)) for s in person.shots if s in middle}
    return len(parts) / min(_PARTS, len(shots))


def _typical_height_px(tracks: Sequence[Track]) -> float:
    """Median over the tracks of their largest face, pixels; 0 without tracks."""
    return float(np.median([max(face.box[3] for _, face in t.faces) for t in tracks])) if tracks else 0.0
