"""The filters that need the whole film: what speaks against each candidate at the end, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kernels.bars import ActiveArea
from kernels.surface import Geometry

from .candidates import leading_face
from .expression import Spread, extremeness, shrunk, spread_of
from .film import Film
from .records import Candidate, Character
from .scoring import Active, Subject, components_of, focus_ranks, score_of
from .selection import Entry
from .settings import Settings

_BLURRED_SHARE = 0.2
"""A face with less than this share of the film's median focus is out of focus, whatever its shot."""
_MIN_FACES_FOR_SPREAD = 8
_EDGE_SHARE = 0.04


def active_rect(geometry: Geometry, area: ActiveArea, margin_px: int) -> Active:
    """The active area with a margin at sides that have bars, where chroma bleeds into the picture."""

    def inset(bar: int) -> int:
        return bar + margin_px if bar else 0

    left, right, top, bottom = inset(area.left), inset(area.right), inset(area.top), inset(area.bottom)
    return Active(left, top, geometry.display_width - left - right, geometry.display_height - top - bottom)


def entries_of(
    film: Film, characters: Sequence[Character], active: Active, settings: Settings
) -> list[Entry]:
    """Every candidate with its score and the reasons against it; the reserve comes with the reasons it had."""
    by_track = {track: character for character in characters for track in character.tracks}
    spreads = _Spreads(film, characters, settings)
    ranks = focus_ranks(film.candidates)
    focus = [c.focus for c in film.candidates if c.faces]
    median_focus = float(np.median(focus)) if focus else 0.0
    any_face = bool(focus)
    entries = []
    for candidate in sorted(film.candidates, key=lambda c: c.pts_s):
        entry = _entry(candidate, by_track, spreads, active, settings, ranks.get(candidate.pts_s, 0.0))
        entry.reasons.extend(_reasons(entry, active, settings, median_focus, any_face, bool(characters), spreads))
        entries.append(entry)
    for candidate, reason in film.reserve:
        entry = _entry(candidate, by_track, spreads, active, settings, 0.0)
        entry.reasons.append(reason)
        entries.append(entry)
    return entries


class _Spreads:
    """Distances of emotion vectors from what is usual in the film and for the character."""

    def __init__(self, film: Film, characters: Sequence[Character], settings: Settings) -> None:
        self._settings = settings.expression
        of_track = {
            t.index: [face.emotion for _, face in t.faces if face.emotion is not None] for t in film.tracks
        }
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
        if person in self._own:
            distances.append(extremeness(emotion, self._own[person], self._settings))
        return min(distances)


def _entry(
    candidate: Candidate,
    by_track: Mapping[int, Character],
    spreads: _Spreads,
    active: Active,
    settings: Settings,
    sharpness: float,
) -> Entry:
    people = [by_track.get(track) for track in candidate.tracks] or [None] * len(candidate.faces)
    lead = leading_face(candidate.faces)
    person = people[next(i for i, f in enumerate(candidate.faces) if f is lead)] if lead is not None else None
    names = tuple(p.id if p is not None else None for p in people)
    subject = Subject(
        characters=names,
        main=person is not None and person.main,
        known=person is not None,
        extremeness=spreads.distance(lead.emotion, person.id if person else None) if lead is not None else 0.0,
    )
    components = components_of(candidate, subject, active, sharpness)
    rounded = {name: round(value, 4) for name, value in components.items()}
    score = score_of(rounded, settings.rank.weights)
    return Entry(candidate, score, rounded, person.id if person else None, subject.main, [], names)


def _reasons(
    entry: Entry,
    active: Active,
    settings: Settings,
    median_focus: float,
    any_face: bool,
    any_character: bool,
    spreads: _Spreads,
) -> list[str]:
    candidate, faces = entry.candidate, settings.faces
    lead = leading_face(candidate.faces)
    if lead is None:
        return ["no_face"] if any_face else []
    x, y, width, height = lead.box
    reasons = []
    if candidate.focus < _BLURRED_SHARE * median_focus:
        reasons.append("blurred")
    if height < faces.min_height_ratio * active.height or lead.score < faces.min_score:
        reasons.append("small_face")
    slack = _EDGE_SHARE * height
    sticks_out = (
        x < active.x - slack
        or y < active.y - 4 * slack
        or x + width > active.x + active.width + slack
        or y + height > active.y + active.height + slack
    )
    if sticks_out:
        reasons.append("cut_face")
    if abs(lead.pose_deg[0]) > faces.max_yaw_deg or abs(lead.pose_deg[1]) > faces.max_pitch_deg:
        reasons.append("turned_away")
    if lead.eye_openness_ratio is not None and lead.eye_openness_ratio < faces.eyes_closed_below:
        reasons.append("eyes_closed")
    if spreads.distance(lead.emotion, entry.person) > settings.expression.extreme_above:
        reasons.append("extreme_expression")
    if any_character and not entry.main:
        reasons.append("not_main")
    return reasons
