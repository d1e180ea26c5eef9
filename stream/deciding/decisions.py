"""What is decided at the end of a film by its numbers: who its people are, what speaks against each picture, which are
chosen. Between these decisions pictures are looked at, which is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kernels.ops import Device

from ..film import Film
from ..framing.active import ActiveRects
from ..people.characters import find_characters
from ..ranking.choice import CheckResult, Choice, Choosing, Round
from ..ranking.judge import EmotionBaselines, Judge, assess_candidates
from ..ranking.selection import Assessment
from ..records import Candidate, Character
from ..settings.model import Settings
from .film_numbers import FilmNumbers, numbers_of

People = tuple[list[Character], str]
"""The characters, and a text that says how they were found (`stream.people.characters.find_characters`)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the whole film says of its pictures (`stream.ranking.judge.assess_candidates`), and of expressions."""

    assessments: list[Assessment]
    baselines: EmotionBaselines


class Decisions(Choosing, Protocol):
    """The decisions on one film, asked for in this order: `people`, `judge`, then `choose`, `more` and `add`. All
    block."""

    def people(self) -> People:
        """Who its people are."""
        ...

    def judge(self, active: ActiveRects) -> Judged:
        """What speaks for and against each picture. active: where the pictures are between the bars."""
        ...

    def more(self, found: Sequence[Candidate], characters: Sequence[Character]) -> list[Assessment]:
        """The same of further pictures, by time. characters: with the tracks of the faces in them."""
        ...

    def close(self) -> None:
        """Nothing more is asked."""
        ...


class Deciders(Protocol):
    """Where decisions are made."""

    def on(self, film: Film, settings: Settings) -> Decisions:
        """The decisions on a film that was watched; its pictures' rows are settled between the bars."""
        ...

    def close(self) -> None:
        """No film is decided on any more."""
        ...


class OwnDecisions:
    """`Decisions` in this process. clusters: of the good tracks by density, where they were found already."""

    def __init__(
        self, numbers: FilmNumbers, settings: Settings, clustering: Device, clusters: np.ndarray | None = None
    ) -> None:
        self._numbers, self._settings, self._clustering, self._clusters = numbers, settings, clustering, clusters
        self._characters: list[Character] = []
        self._judged: tuple[ActiveRects, EmotionBaselines]
        self.choice: Choice

    def people(self) -> People:
        """See `Decisions`."""
        own, people = self._numbers, self._settings.people
        self._characters, how = find_characters(
            own.tracks, own.shots, people, self._clustering, own.descriptors(), self._clusters
        )
        return self._characters, how

    def judge(self, active: ActiveRects) -> Judged:
        """See `Decisions`."""
        own, characters, settings = self._numbers, self._characters, self._settings
        baselines = EmotionBaselines(own, characters, settings)
        self._judged = active, baselines
        assessments = assess_candidates(own, characters, baselines, active, settings)
        self.choice = Choice(assessments, settings)
        return Judged(assessments, baselines)

    def more(self, found: Sequence[Candidate], characters: Sequence[Character]) -> list[Assessment]:
        """See `Decisions`."""
        active, baselines = self._judged
        self._numbers.candidates = sorted([*self._numbers.candidates, *found], key=lambda candidate: candidate.pts_s)
        judge = Judge(self._numbers, characters, baselines, active, self._settings)
        return [judge.assess(candidate, None) for candidate in found]

    def add(self, assessments: Sequence[Assessment]) -> None:
        """See `Choosing`."""
        self.choice.add(assessments)

    def choose(self, answers: Mapping[float, CheckResult], *, lift: bool) -> Round:
        """See `Choosing`."""
        return self.choice.choose(answers, lift=lift)

    def close(self) -> None:
        """See `Decisions`."""


class OwnDeciders:
    """`Deciders` in this process. clustering: the device on which faces are grouped."""

    def __init__(self, clustering: Device) -> None:
        self._clustering = clustering

    def on(self, film: Film, settings: Settings) -> OwnDecisions:
        """See `Deciders`."""
        return OwnDecisions(numbers_of(film), settings, self._clustering)

    def close(self) -> None:
        """See `Deciders`."""
