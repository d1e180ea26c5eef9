"""The assessment of every candidate at the end of the film: its score and the reasons against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from engines.faces import Face

from ..candidates.probes import sharpness
from ..candidates.scene import subject_of
from ..dataflow.cancellation import checkpoint
from ..framing.active import ActiveRects
from ..people.expression import COMMON_BASELINE, EmotionBaseline, emotion_baseline, extremeness, shrunk_towards
from ..people.eyes import UNKNOWN_EYES, eye_score, look_of_eyes, openness, typical_openness
from ..people.gaze import gaze_score
from ..people.looks import co_stars, leading_face, pose_score
from ..records import Candidate, Character, Shot, Track
from ..settings.model import Settings
from .filters import FilterInput, film_context, rejection_reasons
from .relations import Relations
from .scores import LeadPerson, components_of, focus_ranks, score_of, settled_score
from .selection import Assessment


class WatchedNumbers(Protocol):
    """What judging needs to know of a film: `stream.film.Film`, or its numbers alone."""

    @property
    def tracks(self) -> Sequence[Track]: ...

    @property
    def shots(self) -> Sequence[Shot]: ...

    @property
    def candidates(self) -> Sequence[Candidate]: ...

    @property
    def reserve(self) -> Sequence[tuple[Candidate, str]]: ...

    def damage_s(self) -> np.ndarray: ...

    def lone_s(self) -> np.ndarray: ...


def assess_candidates(
    film: WatchedNumbers,
    characters: Sequence[Character],
    baselines: EmotionBaselines,
    active: ActiveRects,
    settings: Settings,
) -> list[Assessment]:
    """The assessments of all candidates by time, then those of the film's reserve, with the reasons they were rejected
    for."""
    judge = Judge(film, characters, baselines, active, settings)
    return [judge.assess(candidate, earlier) for candidate, earlier in offered(film)]


def offered(film: WatchedNumbers) -> list[tuple[Candidate, str | None]]:
    """What there is to choose from, with the reasons it was rejected for: all candidates by time, then the reserve."""
    return [*((one, None) for one in sorted(film.candidates, key=lambda c: c.pts_s)), *film.reserve]


class EmotionBaselines:
    """How odd a film and each of its characters usually look, and how far a face's emotion vector is beyond that.

    A character with few faces is judged by the film, a film with few by what is common (`shrunk_towards`).
    """

    def __init__(self, film: WatchedNumbers, characters: Sequence[Character], settings: Settings) -> None:
        weight = settings.expression.shrinkage
        of_track = {t.index: [face.emotion for _, face in t.faces if face.emotion is not None] for t in film.tracks}
        everything = [e for emotions in of_track.values() for e in emotions]
        self._film = _shrunk(everything, COMMON_BASELINE, weight)
        self._own: dict[str, EmotionBaseline] = {}
        for character in characters:
            own = [e for track in character.tracks for e in of_track.get(track, [])]
            self._own[character.id] = _shrunk(own, self._film, weight)

    def distance(self, emotion: np.ndarray | None, person: str | None) -> float | None:
        """`extremeness` by the character's baseline, or the film's where the person is unknown; None without an emotion
        vector.

        `emotion`: (7,) or None. `person`: a character's id or None.
        """
        if emotion is None:
            return None
        return extremeness(emotion, self._own.get(person or "", self._film))


def _shrunk(emotions: Sequence[np.ndarray], wider: EmotionBaseline, weight: float) -> EmotionBaseline:
    return shrunk_towards(emotion_baseline(emotions), wider, weight) if emotions else wider


_SCENE_BELOW = 0.2
"""Face height over picture height below which a face with a fault does not spoil a wide shot. Chosen by eye."""
_SHARP_SCENE = 0.5
"""Share of the median sharpness of the film's pictures that a scene with a blurred face needs. Chosen by eye."""
_TURNED, _FACING = 0.35, 0.5
"""`pose_score` below which a small face is turned away, and from which on it faces the viewer elsewhere in its shot:
yaw or pitch of 48° and 42°. Chosen by eye between .25 and .45, on fourteen real excerpts."""
_FAULTS_OF_A_FACE = frozenset(
    (
        *("blurred", "dark", "bright", "flat", "cut_face", "turned_away"),
        *("eyes_closed", "looking_away", "extreme_expression"),
    )
)
"""Reasons that tell of the leading face alone."""


class Judge:
    """Assesses candidates by what the whole film says: baselines, medians, sharpness ranks, characters."""

    def __init__(
        self,
        film: WatchedNumbers,
        characters: Sequence[Character],
        baselines: EmotionBaselines,
        active: ActiveRects,
        settings: Settings,
    ) -> None:
        self._by_track = {track: character for character in characters for track in character.tracks}
        self._typical = typical_openness(film.tracks, characters)
        self._relations = Relations(characters, film.tracks, settings.faces)
        self._ranks = focus_ranks(film.candidates)
        self._shot_s = {shot.index: (shot.start_s, shot.end_s) for shot in film.shots}
        self._facing = self._best_poses(film.candidates)
        self._damage_s = film.damage_s()
        self._lone_s = frozenset(film.lone_s().tolist())
        self._context = film_context(film.candidates, active.film, settings, any(c.main for c in characters))
        self._baselines, self._active, self._settings = baselines, active, settings

    def assess(self, candidate: Candidate, earlier: str | None) -> Assessment:
        """One candidate's assessment. `earlier`: why it was rejected when its shot closed, to which is added what is
        found now; None when it was not.

        Where a small face has a fault of its own, the picture is judged as a scene with somebody in it.
        """
        checkpoint()
        active, limits = self._active.of(candidate.shot), self._settings.faces
        lead = subject_of(candidate.faces, active.height, limits.min_height_ratio, limits.min_score)
        if earlier is None and self._is_damaged(candidate):
            earlier = "damaged"
        assessment = self._assessed(candidate, lead, earlier)
        small = lead is not None and lead.box[3] < _SCENE_BELOW * active.height
        if small and _FAULTS_OF_A_FACE.intersection(assessment.reasons) and self._may_be_a_scene(assessment):
            assessment = self._assessed(candidate, None, earlier)
        self._relations.note(assessment)
        return assessment

    def _is_damaged(self, candidate: Candidate) -> bool:
        """Whether a picture of its shot and group that follows is damaged, or it stands alone in a film with damage."""
        if candidate.pts_s in self._lone_s:
            return True
        first = int(np.searchsorted(self._damage_s[:, 0], candidate.pts_s))
        if first == len(self._damage_s):
            return False
        damaged_s, since_s = self._damage_s[first].tolist()
        return bool(since_s <= candidate.pts_s and damaged_s < self._shot_s[candidate.shot][1])

    def _may_be_a_scene(self, assessment: Assessment) -> bool:
        """False where the picture is soft and not only the face in it."""
        least = _SHARP_SCENE * self._context.median_sharpness
        return "blurred" not in assessment.reasons or sharpness(assessment.candidate.row) >= least

    def _assessed(self, candidate: Candidate, lead: Face | None, earlier: str | None) -> Assessment:
        """The assessment where this face is what the picture shows; None: where none is."""
        active = self._active.of(candidate.shot)
        context = replace(self._context, active=active)
        people = [self._by_track.get(track) for track in candidate.tracks] or [None] * len(candidate.faces)
        person = next((p for face, p in zip(candidate.faces, people, strict=True) if face is lead), None)
        seen = self._filter_input(candidate, lead, person, people)
        lead_person = LeadPerson(seen.main, person is not None, seen.extremeness, self._eyes(candidate, lead, people))
        rank = self._ranks.get(candidate.pts_s, 0.0)
        settled = settled_score(candidate.pts_s, self._shot_s[candidate.shot])
        components = components_of(candidate, lead, lead_person, active, rank, settled)
        rounded = {name: round(value, 4) for name, value in components.items()}
        return Assessment(
            candidate=candidate,
            active=active,
            score=score_of(rounded, self._settings.rank.weights),
            components=rounded,
            person=None if person is None else person.id,
            main=seen.main,
            reasons=list(dict.fromkeys([*([] if earlier is None else [earlier]), *rejection_reasons(seen, context)])),
            characters=tuple(None if p is None else p.id for p in people),
            typical_openness=seen.typical_openness,
            is_scene=lead is None,
        )

    def _filter_input(
        self, candidate: Candidate, lead: Face | None, person: Character | None, people: Sequence[Character | None]
    ) -> FilterInput:
        """What the filters look at. Eyes and extremeness are the worst of the faces that count; None where none of
        these was measured."""
        if lead is None:
            return self._without_lead(candidate)
        stars = self._stars(candidate, lead, people)
        eyes = [(ratio, self._typical.get(name or "")) for face, name in stars if (ratio := openness(face)) is not None]
        worst, typical = min(eyes, key=lambda eye: eye_score(*eye), default=(None, None))
        distances = (self._baselines.distance(face.emotion, name) for face, name in stars)
        return FilterInput(
            lead=lead,
            main=person is not None and person.main,
            extremeness=max((distance for distance in distances if distance is not None), default=None),
            openness=worst,
            typical_openness=typical,
            gaze=min((gaze for face, _ in stars if (gaze := gaze_score(face)) is not None), default=None),
            people=True,
            row=candidate.row,
        )

    def _best_poses(self, candidates: Sequence[Candidate]) -> dict[tuple[int, str], float]:
        """(shot, character id) → the best `pose_score` of the character in the shot's candidates."""
        best: dict[tuple[int, str], float] = {}
        for candidate in candidates:
            for character, pose in self._poses(candidate):
                key = candidate.shot, character
                best[key] = max(best.get(key, 0.0), pose)
        return best

    def _poses(self, candidate: Candidate) -> list[tuple[str, float]]:
        """The known characters of a candidate by id, each with the `pose_score` of its face."""
        seen = zip(candidate.tracks, candidate.faces, strict=False)
        return [(self._by_track[track].id, pose_score(face)) for track, face in seen if track in self._by_track]

    def _turned(self, candidate: Candidate) -> bool:
        """Whether all known characters of a candidate are turned away who face the viewer elsewhere in its shot."""
        poses = self._poses(candidate)
        facing = any(self._facing.get((candidate.shot, character), 0.0) >= _FACING for character, _ in poses)
        return facing and max(pose for _, pose in poses) < _TURNED

    def _without_lead(self, candidate: Candidate) -> FilterInput:
        largest, limits = leading_face(candidate.faces), self._settings.faces
        least = limits.min_height_ratio * self._active.of(candidate.shot).height
        is_doubtful = largest is not None and largest.box[3] >= least and largest.score < limits.min_score
        doubtful = largest if is_doubtful else None
        return FilterInput(
            None,
            False,
            None,
            doubtful=doubtful,
            people=bool(candidate.faces),
            turned=self._turned(candidate),
            row=candidate.row,
        )

    def _eyes(self, candidate: Candidate, lead: Face | None, people: Sequence[Character | None]) -> float:
        """`look_of_eyes` of the worst of the faces that count."""
        stars = self._stars(candidate, lead, people)
        return min((look_of_eyes(face, self._typical.get(name or "")) for face, name in stars), default=UNKNOWN_EYES)

    def _stars(
        self, candidate: Candidate, lead: Face | None, people: Sequence[Character | None]
    ) -> list[tuple[Face, str | None]]:
        """The faces that count (`co_stars`), each with its character's id."""
        stars = {id(face) for face in co_stars(candidate.faces, lead)}
        named = zip(candidate.faces, people, strict=True)
        return [(face, None if person is None else person.id) for face, person in named if id(face) in stars]
