"""The assessment of every candidate at the end of the film: its score and the reasons against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engines.faces import Face

from ..candidates.scene import subject_of
from ..dataflow.cancellation import checkpoint
from ..film import Film
from ..framing.active import ActiveRects
from ..people.expression import EmotionBaseline, emotion_baseline, extremeness, shrunk_towards
from ..people.eyes import eye_score, openness, typical_openness
from ..records import Candidate, Character
from ..settings.model import Settings
from .filters import FilterInput, film_context, rejection_reasons
from .relations import Relations
from .scores import LeadPerson, components_of, focus_ranks, score_of
from .selection import Assessment

_LEAST_BASELINE_FACES = 8
"""Faces with an emotion vector that a film needs for a baseline. Chosen by eye."""
_CO_STAR = 0.6
"""Share of the leading face's height from which on a viewer looks at another face as much, so that its eyes and
expression count too. Chosen by eye."""


def assess_candidates(
    film: Film, characters: Sequence[Character], baselines: EmotionBaselines, active: ActiveRects, settings: Settings
) -> list[Assessment]:
    """The assessments of all candidates by time, then those of the film's reserve, with the reasons they were rejected
    for."""
    judge = Judge(film, characters, baselines, active, settings)
    offered = [(candidate, None) for candidate in sorted(film.candidates, key=lambda c: c.pts_s)]
    return [judge.assess(candidate, earlier) for candidate, earlier in [*offered, *film.reserve]]


class EmotionBaselines:
    """What emotion vectors are usual in the film and for each character, and how far a face's is from that."""

    def __init__(self, film: Film, characters: Sequence[Character], settings: Settings) -> None:
        self._settings = settings.expression
        of_track = {t.index: [face.emotion for _, face in t.faces if face.emotion is not None] for t in film.tracks}
        everything = [e for emotions in of_track.values() for e in emotions]
        self._film = emotion_baseline(np.stack(everything)) if len(everything) >= _LEAST_BASELINE_FACES else None
        self._own: dict[str, EmotionBaseline] = {}
        for character in characters:
            own = [e for track in character.tracks for e in of_track.get(track, [])]
            if self._film is not None and own:
                self._own[character.id] = shrunk_towards(
                    emotion_baseline(np.stack(own)), self._film, self._settings.shrinkage
                )

    def distance(self, emotion: np.ndarray | None, person: str | None) -> float:
        """The smaller of the distances (`extremeness`) to the film's and to the character's baseline; 0 where unknown.

        `emotion`: (7,) or None. `person`: a character's id or None.
        """
        if emotion is None or self._film is None:
            return 0.0
        distances = [extremeness(emotion, self._film)]
        if person is not None and person in self._own:
            distances.append(extremeness(emotion, self._own[person]))
        return min(distances)


class Judge:
    """Assesses candidates by what the whole film says: baselines, medians, sharpness ranks, characters."""

    def __init__(
        self,
        film: Film,
        characters: Sequence[Character],
        baselines: EmotionBaselines,
        active: ActiveRects,
        settings: Settings,
    ) -> None:
        self._by_track = {track: character for character in characters for track in character.tracks}
        self._typical = typical_openness(film.tracks, characters)
        self._relations = Relations(characters, film.tracks, settings.faces)
        self._ranks = focus_ranks(film.candidates)
        self._context = film_context(film.candidates, active.film, settings, any(c.main for c in characters))
        self._baselines, self._active, self._settings = baselines, active, settings
        self._pixels = film.info.geometry.display_width * film.info.geometry.display_height

    def assess(self, candidate: Candidate, earlier: str | None) -> Assessment:
        """One candidate's assessment. `earlier`: why it was rejected when its shot closed, to which is added what is
        found now; None when it was not."""
        checkpoint()
        active = self._active.of(candidate.shot)
        context = replace(self._context, active=active)
        people = [self._by_track.get(track) for track in candidate.tracks] or [None] * len(candidate.faces)
        limits = self._settings.faces
        lead = subject_of(candidate.faces, active.height, limits.min_height_ratio, limits.min_score)
        person = next((p for face, p in zip(candidate.faces, people, strict=True) if face is lead), None)
        seen = self._filter_input(candidate, lead, person, people)
        lead_person = LeadPerson(seen.main, person is not None, seen.extremeness, seen.openness, seen.typical_openness)
        sharpness = self._ranks.get(candidate.pts_s, 0.0)
        share = active.width * active.height / self._pixels
        components = components_of(candidate, lead, lead_person, active, sharpness, share)
        rounded = {name: round(value, 4) for name, value in components.items()}
        assessment = Assessment(
            candidate=candidate,
            active=active,
            score=score_of(rounded, self._settings.rank.weights),
            components=rounded,
            person=None if person is None else person.id,
            main=seen.main,
            reasons=list(dict.fromkeys([*([] if earlier is None else [earlier]), *rejection_reasons(seen, context)])),
            characters=tuple(None if p is None else p.id for p in people),
            typical_openness=seen.typical_openness,
        )
        self._relations.note(assessment)
        return assessment

    def _filter_input(
        self, candidate: Candidate, lead: Face | None, person: Character | None, people: Sequence[Character | None]
    ) -> FilterInput:
        """What the filters look at. Openness and extremeness are the worst of the faces that count (`_CO_STAR`)."""
        if lead is None:
            return FilterInput(None, False, 0.0, people=bool(candidate.faces), row=candidate.row)
        stars = [
            (face, None if p is None else p.id)
            for face, p in zip(candidate.faces, people, strict=True)
            if face.box[3] >= _CO_STAR * lead.box[3]
        ]
        eyes = [(ratio, self._typical.get(name or "")) for face, name in stars if (ratio := openness(face)) is not None]
        worst, typical = min(eyes, key=lambda eye: eye_score(*eye), default=(None, None))
        return FilterInput(
            lead=lead,
            main=person is not None and person.main,
            extremeness=max(self._baselines.distance(face.emotion, name) for face, name in stars),
            openness=worst,
            typical_openness=typical,
            people=True,
            row=candidate.row,
        )
