"""Checks that cost a look at pixels and are therefore made only of pictures that would otherwise be taken."""

from __future__ import annotations

from collections.abc import Callable

from engines.text import TextDetector, is_overlay
from kernels.surface import Surface

from .cancel import checkpoint
from .film import Film
from .judge import Spreads
from .moment import Moments, least_open
from .records import Candidate
from .scoring import Active
from .selection import Entry
from .settings import Settings


class LateChecks:
    """Text over the picture, and blinks or grimaces right beside it. Every picture is looked at once."""

    def __init__(
        self,
        film: Film,
        settings: Settings,
        active: Active,
        spreads: Spreads,
        text: TextDetector | None,
        moments: Moments,
        surface: Callable[[Candidate], Surface],
    ) -> None:
        self._film, self._settings, self._active, self._spreads = film, settings, active, spreads
        self._text, self._moments, self._surface = text, moments, surface
        self._shot_s = {shot.index: (shot.start_s, shot.end_s) for shot in film.shots}

    def reason_against(self, entry: Entry) -> str | None:
        """The first reason found, None when the picture may be taken. Blocks."""
        checkpoint()
        reason = self._film.clocks["text"].time(lambda: self._overlay(entry.candidate))
        if reason is None:
            reason = self._film.clocks["moments"].time(lambda: self._beside(entry))
        return None if reason in self._settings.rank.ignored_reasons else reason

    def _overlay(self, candidate: Candidate) -> str | None:
        if self._text is None:
            return None
        rect = (self._active.x, self._active.y, self._active.width, self._active.height)
        reading = self._text.read(self._surface(candidate), rect)
        return "text_overlay" if is_overlay(reading, rect) else None

    def _beside(self, entry: Entry) -> str | None:
        faces = self._moments.faces_beside(entry.candidate, self._shot_s[entry.candidate.shot])
        openness = least_open(faces)
        if openness is not None and openness < self._settings.faces.eyes_closed_below:
            return "eyes_closed"
        distances = [self._spreads.distance(face.emotion, entry.person) for face in faces]
        if max(distances, default=0.0) > self._settings.expression.extreme_above:
            return "extreme_expression"
        return None
