"""What every candidate is worth at the end of the film, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.faces import Face
from kernels.bars import ActiveArea
from kernels.surface import Geometry

from ..film import Film
from ..people.expression import EmotionBaseline, emotion_baseline, extremeness, shrunk_towards
from ..people.eyes import eye_score, openness, typical_openness
from ..people.looks import leading_face
from ..records import ActiveRect, Candidate, Character
from ..settings.model import Settings
from .filters import Case, reasons_against, view_of
from .scores import Subject, components_of, focus_ranks, score_of
from .selection import Assessment

_LEAST_FACES = 8
_CO_STAR = 0.6
"""A face at least this share of the leading one's height is looked at as much as the leading one."""


def active_rect(geometry: Geometry, area: ActiveArea, margin_px: int) -> ActiveRect:
    """The active area with a margin at sides that have bars, where chroma bleeds into the picture."""

    def inset(bar: int) -> int:
        return bar + margin_px if bar else 0

    left, right, top, bottom = inset(area.left), inset(area.right), inset(area.top), inset(area.bottom)
    return ActiveRect(left, top, geometry.display_width - left - right, geometry.display_height - top - bottom)


def assess_candidates(
    film: Film, characters: Sequence[Character], baselines: EmotionBaselines, active: ActiveRect, settings: Settings
) -> list[Assessment]:
    """Every candidate with its score and the reasons against it; the reserve comes with the reason it had."""
    judge = _Judge(film, characters, baselines, active, settings)
    offered = [(candidate, None) for candidate in sorted(film.candidates, key=lambda c: c.pts_s)]
    return [judge.assessment(candidate, earlier) for candidate, earlier in [*offered, *film.reserve]]


class EmotionBaselines:
    """Distances of emotion vectors from what is usual in the film and for the character."""

    def __init__(self, film: Film, characters: Sequence[Character], settings: Settings) -> None:
        self._settings = settings.expression
        of_track = {t.index: [face.emotion for _, face in t.faces if face.emotion is not None] for t in film.tracks}
        everything = [e for emotions in of_track.values() for e in emotions]
        self._film = emotion_baseline(np.stack(everything)) if len(everything) >= _LEAST_FACES else None
        self._own: dict[str, EmotionBaseline] = {}
        for character in characters:
            own = [e for track in character.tracks for e in of_track.get(track, [])]
            if self._film is not None and own:
                self._own[character.id] = shrunk_towards(
                    emotion_baseline(np.stack(own)), self._film, self._settings.shrinkage
                )

    def distance(self, emotion: np.ndarray | None, person: str | None) -> float:
        """The smaller of the distances to the film's and to the character's usual expression; 0 where unknown."""
        if emotion is None or self._film is None:
            return 0.0
        distances = [extremeness(emotion, self._film)]
        if person is not None and person in self._own:
            distances.append(extremeness(emotion, self._own[person]))
        return min(distances)


class _Judge:
    """Holds what the whole film says, and judges one candidate after the other by it."""

    def __init__(
        self,
        film: Film,
        characters: Sequence[Character],
        baselines: EmotionBaselines,
        active: ActiveRect,
        settings: Settings,
    ) -> None:
        self._by_track = {track: character for character in characters for track in character.tracks}
        self._typical = typical_openness(film.tracks, characters)
        self._ranks = focus_ranks(film.candidates)
        self._view = view_of(film.candidates, active, settings, any(c.main for c in characters))
        self._baselines, self._active, self._settings = baselines, active, settings

    def assessment(self, candidate: Candidate, earlier: str | None) -> Assessment:
        """`earlier`: why the candidate was turned down when its shot closed; None when it was not."""
        people = [self._by_track.get(track) for track in candidate.tracks] or [None] * len(candidate.faces)
        lead = leading_face(candidate.faces)
        person = next((p for face, p in zip(candidate.faces, people, strict=True) if face is lead), None)
        case = self._case(candidate, lead, person, people)
        subject = Subject(case.main, person is not None, case.extremeness, case.openness, case.typical_openness)
        sharpness = self._ranks.get(candidate.pts_s, 0.0)
        components = components_of(candidate, subject, self._active, sharpness)
        rounded = {name: round(value, 4) for name, value in components.items()}
        return Assessment(
            candidate=candidate,
            score=score_of(rounded, self._settings.rank.weights),
            components=rounded,
            person=None if person is None else person.id,
            main=case.main,
            reasons=[earlier] if earlier is not None else reasons_against(case, self._view),
            characters=tuple(None if p is None else p.id for p in people),
            typical_openness=case.typical_openness,
        )

    def _case(
        self, candidate: Candidate, lead: Face | None, person: Character | None, people: Sequence[Character | None]
    ) -> Case:
        """Eyes and expression are those of the worst of the faces that share the picture with the leading one."""
        if lead is None:
            return Case(candidate, None, False, 0.0)
        stars = [
            (face, None if p is None else p.id)
            for face, p in zip(candidate.faces, people, strict=True)
            if face.box[3] >= _CO_STAR * lead.box[3]
        ]
        eyes = [(ratio, self._typical.get(name or "")) for face, name in stars if (ratio := openness(face)) is not None]
        worst, typical = min(eyes, key=lambda eye: eye_score(*eye), default=(None, None))
        return Case(
            candidate=candidate,
            lead=lead,
            main=person is not None and person.main,
            extremeness=max(self._baselines.distance(face.emotion, name) for face, name in stars),
            openness=worst,
            typical_openness=typical,
        )
