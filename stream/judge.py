"""What every candidate is worth at the end of the film, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kernels.bars import ActiveArea
from kernels.surface import Geometry

from .candidates import leading_face
from .expression import Spread, extremeness, shrunk, spread_of
from .eyes import openness, typical_openness
from .film import Film
from .filters import Case, reasons_against, view_of
from .records import Candidate, Character
from .scoring import Active, Subject, components_of, focus_ranks, score_of
from .selection import Entry
from .settings import Settings

_MIN_FACES_FOR_SPREAD = 8


def active_rect(geometry: Geometry, area: ActiveArea, margin_px: int) -> Active:
    """The active area with a margin at sides that have bars, where chroma bleeds into the picture."""

    def inset(bar: int) -> int:
        return bar + margin_px if bar else 0

    left, right, top, bottom = inset(area.left), inset(area.right), inset(area.top), inset(area.bottom)
    return Active(left, top, geometry.display_width - left - right, geometry.display_height - top - bottom)


def entries_of(
    film: Film, characters: Sequence[Character], spreads: Spreads, active: Active, settings: Settings
) -> list[Entry]:
    """Every candidate with its score and the reasons against it; the reserve comes with the reason it had."""
    by_track = {track: character for character in characters for track in character.tracks}
    typical = typical_openness(film.tracks, characters)
    ranks = focus_ranks(film.candidates)
    view = view_of(film.candidates, active, settings, any(c.main for c in characters))
    entries = []
    offered = [(c, None) for c in sorted(film.candidates, key=lambda c: c.pts_s)]
    for candidate, earlier in [*offered, *film.reserve]:
        entry, case = _entry(candidate, by_track, spreads, typical, active, settings, ranks.get(candidate.pts_s, 0.0))
        entry.reasons.extend([earlier] if earlier is not None else reasons_against(case, view))
        entries.append(entry)
    return entries


class Spreads:
    """Distances of emotion vectors from what is usual in the film and for the character."""

    def __init__(self, film: Film, characters: Sequence[Character], settings: Settings) -> None:
        self._settings = settings.expression
        of_track = {t.index: [face.emotion for _, face in t.faces if face.emotion is not None] for t in film.tracks}
        everything = [e for emotions in of_track.values() for e in emotions]
        self._film = spread_of(np.stack(everything)) if len(everything) >= _MIN_FACES_FOR_SPREAD else None
        self._own: dict[str, Spread] = {}
        for character in characters:
            own = [e for track in character.tracks for e in of_track.get(track, [])]
            if self._film is not None and own:
                self._own[character.id] = shrunk(spread_of(np.stack(own)), self._film, self._settings.shrinkage)

    def distance(self, emotion: np.ndarray | None, person: str | None) -> float:
        """The smaller of the distances to the film's and to the character's usual expression; 0 where unknown."""
        if emotion is None or self._film is None:
            return 0.0
        distances = [extremeness(emotion, self._film, self._settings)]
        if person is not None and person in self._own:
            distances.append(extremeness(emotion, self._own[person], self._settings))
        return min(distances)


def _entry(
    candidate: Candidate,
    by_track: Mapping[int, Character],
    spreads: Spreads,
    typical: Mapping[str, float],
    active: Active,
    settings: Settings,
    sharpness: float,
) -> tuple[Entry, Case]:
    people = [by_track.get(track) for track in candidate.tracks] or [None] * len(candidate.faces)
    lead = leading_face(candidate.faces)
    ratio = openness(lead) if lead is not None else None
    person = next((p for face, p in zip(candidate.faces, people, strict=True) if face is lead), None)
    name = None if person is None else person.id
    case = Case(
        candidate=candidate,
        lead=lead,
        main=person is not None and person.main,
        extremeness=spreads.distance(lead.emotion, name) if lead is not None else 0.0,
        openness=ratio,
        typical_openness=typical.get(name) if name is not None else None,
    )
    names = tuple(None if p is None else p.id for p in people)
    subject = Subject(names, case.main, person is not None, case.extremeness, ratio, case.typical_openness)
    components = {n: round(v, 4) for n, v in components_of(candidate, subject, active, sharpness).items()}
    score = score_of(components, settings.rank.weights)
    entry = Entry(candidate, score, components, name, case.main, [], names, case.typical_openness)
    return entry, case
