"""Pictures that show main characters together, and how strong the relation between them is.

A poster tells who belongs to whom. The relation is read from a graph of main characters whose edges count the shots in
which one picture shows both, after the co-occurrence graph of arXiv 2204.06563.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from engines.faces import Face

from ..people.expression import mouth_score
from ..people.looks import pleasant_score
from ..records import Character, Track
from ..settings.sections import FaceSettings
from .selection import Assessment

_LEAST_LOOK = 0.5
"""Of the scores of mouth and expression of each of the faces. Chosen by eye, on pairs in E02–E05."""

Graph = dict[tuple[str, str], float]
"""Pair of main characters (sorted) → 0–1: shots that show them together, over those of the pair shown most often."""


class Relations:
    """What is known of a film's main characters as a group."""

    def __init__(self, characters: Sequence[Character], tracks: Sequence[Track], faces: FaceSettings) -> None:
        self._graph = relation_graph(characters, tracks)
        self._main = {character.id for character in characters if character.main}
        self._faces = faces

    def note(self, assessment: Assessment) -> None:
        """Note in an assessment which main characters its picture shows together, and how strong their relation is."""
        shown = shown_together(assessment, self._main, self._faces)
        if len(shown) > 1:
            assessment.together = shown
            assessment.relation = round(float(np.mean([self._graph.get(p, 0.0) for p in combinations(shown, 2)])), 4)


def relation_graph(characters: Sequence[Character], tracks: Sequence[Track]) -> Graph:
    """The graph of the film's main characters; pairs that no picture shows are not in it."""
    of_track = {number: c.id for c in characters if c.main for number in c.tracks}
    pictures: dict[tuple[int, float], set[str]] = {}
    for track in tracks:
        for pts_s, _ in track.faces if track.index in of_track else ():
            pictures.setdefault((track.shot, pts_s), set()).add(of_track[track.index])
    pairs = {(shot, pair) for (shot, _), people in pictures.items() for pair in combinations(sorted(people), 2)}
    counts = Counter(pair for _, pair in pairs)
    return {pair: count / max(counts.values()) for pair, count in counts.items()}


def shown_together(assessment: Assessment, main: set[str], faces: FaceSettings) -> tuple[str, ...]:
    """The main characters of a picture, sorted; none where one of their faces is no face for a poster (`_is_fit`)."""
    least_px = faces.min_height_ratio * assessment.active.height
    people = zip(assessment.candidate.faces, assessment.characters, strict=False)
    stars = {person: face for face, person in people if person in main and face.box[3] >= least_px}
    fit = all(_is_fit(face, faces) for face in stars.values())
    return tuple(sorted(person for person in stars if person is not None)) if fit else ()


def _is_fit(face: Face, limits: FaceSettings) -> bool:
    """Whether a face is certain and frontal, its mouth at rest or smiling, its expression calm or happy; what was not
    measured is not. A picture is judged by its leading face, so the others must hold by themselves."""
    known = face.emotion is not None and face.mouth_openness_ratio is not None
    certain = face.score >= limits.min_score and abs(face.pose_deg[0]) <= limits.max_yaw_deg
    return known and certain and min(mouth_score(face), pleasant_score(face)) >= _LEAST_LOOK
