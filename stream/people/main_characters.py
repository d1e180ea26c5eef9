"""The main characters: those who are on screen for long, in many parts of the film, and not far away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Shot, Track
from .looks import pose_score

_MIN_SHOTS = 2
"""Shots that must show a main character. E01–E05: the same with 1 to 3; with 4, one film in five goes wrong."""
_SHORT_S = 60.0
"""In a film shorter than this one shot is enough: its lead may have no second. Chosen by eye: E01–E05 are longer."""
_ONCE_LEAST = 0.5
"""Share of the most prominent person's prominence that somebody needs who is shown in one shot only. Chosen by eye."""
_PARTS = 8
"""Equal parts into which the film is divided, to see in how many of them a person appears. E01–E05: the same
with 4 to 16."""
_LEAST_OF_LEADER = 0.1
"""Share of the most prominent person's prominence below which nobody is a main character. E01–E05: the same
from 0.5 to 2 times."""
_AS_GOOD_AS_EQUAL = 2 / 3
"""Share of the next more prominent person's prominence from which on a person is a main character too. E01–E05: the
same from 0.5 to 2 times."""
_FAR_LESS = 1 / 4
"""The same share below which a third or later person is no main character, whoever follows. E01–E05: the same
from 0.5 to 2 times."""
_ALWAYS_MAIN = 2
"""The first two people are main characters; from the third on the prominence must not drop. E01–E05: the same with 2 to
4; with 1, one film in five goes wrong."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What a person's prominence is computed from. `tracks`: those that tell the person; `shots`: indices.

    `seen_s`: seconds on screen, of each shot the share of its pictures with a face that shows the person.
    """

    tracks: Sequence[Track]
    shots: Sequence[int]
    screen_time_s: float
    seen_s: float


def main_people(people: Sequence[Presence], shots: Sequence[Shot], most: int) -> list[int]:
    """Indices into `people` of the main characters, most prominent first, at most `most`.

    Empty when nobody appears in enough shots (`_MIN_SHOTS`; in a short film one).
    """
    if not shots:
        return []
    typical_px = _typical_height_px([t for person in people for t in person.tracks])
    found = [(round(prominence(person, shots, typical_px), 6), -i) for i, person in enumerate(people)]
    leader = max(found, default=(0.0, 0))[0]
    short = shots[-1].end_s - shots[0].start_s < _SHORT_S
    ranked = sorted(((p, i) for p, i in found if _often_enough(people[-i], p, leader, short)), reverse=True)
    return [-i for _, i in ranked[: how_many([p for p, _ in ranked], most)]]


def _often_enough(person: Presence, own: float, leader: float, short: bool) -> bool:
    """Whether the person is in enough shots. `own`, `leader`: their prominence and that of the most prominent."""
    return len({t.shot for t in person.tracks}) >= _MIN_SHOTS or (short and own >= _ONCE_LEAST * leader)


def prominence(person: Presence, shots: Sequence[Shot], typical_px: float) -> float:
    """Seconds on screen, times ½–1 each for the share of the film's parts, the size of the faces and how far they are
    turned to the viewer."""
    size = min(1.0, _typical_height_px(person.tracks) / max(typical_px, 1e-6))
    turned = float(np.mean([pose_score(face) for t in person.tracks for _, face in t.faces])) if person.tracks else 0.0
    weights = [0.5 + 0.5 * share for share in (_share_of_parts(person, shots), size, turned)]
    return person.seen_s * float(np.prod(weights))


def how_many(prominences: Sequence[float], most: int) -> int:
    """How many of the `prominences`, largest first, belong to main characters; at most `most`.

    The first two do. Each further one does if it is as good as equal to the one before, or if the larger drop (as a
    ratio) comes after it and it is not far less than the one before.
    """
    count = 0
    for i, here in enumerate(prominences[:most]):
        if here < _LEAST_OF_LEADER * prominences[0] or (i >= _ALWAYS_MAIN and _drops(prominences, i)):
            break
        count += 1
    return count


def _drops(prominences: Sequence[float], i: int) -> bool:
    """Whether the prominence falls off between place `i` − 1 and place `i`."""
    before, here = prominences[i - 1], prominences[i]
    after = prominences[i + 1] if i + 1 < len(prominences) else 0.0
    if here >= _AS_GOOD_AS_EQUAL * before:
        return False
    return here < _FAR_LESS * before or here * here < before * after


def _share_of_parts(person: Presence, shots: Sequence[Shot]) -> float:
    """Share of the film's parts that show the person, 0–1."""
    start, end = shots[0].start_s, shots[-1].end_s
    length = max(end - start, 1e-6)
    middles = ((shots[s].start_s + shots[s].end_s) / 2 for s in person.shots if 0 <= s < len(shots))
    parts = {min(_PARTS - 1, int(_PARTS * (middle - start) / length)) for middle in middles}
    return len(parts) / min(_PARTS, len(shots))


def _typical_height_px(tracks: Sequence[Track]) -> float:
    """Median over the tracks of their largest face, pixels; 0 without tracks."""
    return float(np.median([max(face.box[3] for _, face in t.faces) for t in tracks])) if tracks else 0.0
