"""The choice of the ten: greedy by score less a cost for repetition, then filled up by lifting rejections in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..dataflow.cancellation import checkpoint
from ..records import ActiveRect, Candidate
from ..settings.sections import RankSettings

LIFTED_IN_ORDER: tuple[str, ...] = (
    "not_main",
    "more_per_person",
    "no_face",
    "small_face",
    "turned_away",
    "cut_face",
    "one_more_per_shot",
)
"""Rejections that are lifted, one after the other, while fewer pictures pass than are asked for."""
LIMITS = frozenset({"more_per_person", "one_more_per_shot"})
"""Those of them that are no rejections but limits, which are lifted in the same order."""
LAST_RESORT: tuple[str, ...] = (
    "flat",
    "bright",
    "dark",
    "blurred",
    "noisy",
    "extreme_expression",
    "eyes_closed",
    "text_overlay",
)
"""Rejections that are lifted, in order, only while nothing at all is chosen: too few images are better than useless
ones."""
_SAME_PERSON_COST = 0.06
"""What each picture already chosen of the same person takes off a score (0–1). Chosen by eye, as the next three."""
_SAME_SHOT_COST = 0.08
"""The same for each picture of the same shot."""
_NEAR_COST = 0.05
"""The same for each picture of another shot less than `_NEAR_S` away."""
_NEAR_S = 20.0


@dataclass(slots=True)
class Assessment:
    """What the whole film says about a candidate.

    `active`: where the picture of its shot is. `components`: parts of the score by name, 0–1. `person`, `main`: the
    character who leads it. `reasons`: why it is rejected; empty when it is not. `characters`: one for each face, None
    for an unknown one.
    """

    candidate: Candidate
    active: ActiveRect
    score: float
    components: dict[str, float]
    person: str | None
    main: bool
    reasons: list[str] = field(default_factory=list)
    characters: tuple[str | None, ...] = ()
    typical_openness: float | None = None
    """The openness that is usual for the eyes that were judged (`stream.people.eyes`)."""


@dataclass(slots=True)
class Pick:
    """A chosen candidate. `fallback`: the rejections that were lifted for it."""

    assessment: Assessment
    fallback: list[str]


class Selection:
    """The picks in rank order.

    duplicates: times (s) of candidates that were left out as copies of a better one. late: time (s) → the reason that
    the checks on pixels gave, None for a picture that passed; pictures that were not checked are not in it.
    """

    def __init__(self, settings: RankSettings, wanted: int) -> None:
        self._settings = settings
        self._wanted = wanted
        self.assessments: Sequence[Assessment] = ()
        self.picks: list[Pick] = []
        self.duplicates: set[float] = set()
        self.late: dict[float, str | None] = {}
        self._asked: set[float] = set()

    def choose(self, assessments: Sequence[Assessment], refuse: Callable[[Assessment], str | None]) -> list[Pick]:
        """The picks, filled from `assessments`.

        `refuse` gives a reason against a candidate, or None. It may be costly, so it is asked only about candidates
        that would be taken, once for each. A candidate with such a reason is left out, and keeps the reason.
        """
        self.assessments = assessments
        lifted: set[str] = set()
        self._fill([a for a in assessments if not a.reasons], lifted, refuse)
        for reason in (*LIFTED_IN_ORDER, *LAST_RESORT):
            if len(self.picks) >= self._wanted or (self.picks and reason in LAST_RESORT):
                break
            lifted.add(reason)
            self._fill([a for a in assessments if set(a.reasons) <= lifted], lifted, refuse)
        return self.picks

    def _fill(
        self, assessments: list[Assessment], lifted: set[str], refuse: Callable[[Assessment], str | None]
    ) -> None:
        taken = {p.assessment.candidate.pts_s for p in self.picks}
        waiting = [a for a in assessments if a.candidate.pts_s not in taken]
        per_shot = self._settings.max_per_shot + ("one_more_per_shot" in lifted)
        per_person = self._wanted if "more_per_person" in lifted else self._settings.max_per_person
        while waiting and len(self.picks) < self._wanted:
            checkpoint()
            best = max(waiting, key=lambda a: (self._value(a), -a.candidate.pts_s))
            waiting.remove(best)
            if self._crowded(best, per_shot, per_person) or self._is_duplicate(best):
                continue
            if self._refused(best, refuse) and not set(best.reasons) <= lifted:
                continue
            self.picks.append(Pick(best, list(best.reasons)))

    def _refused(self, assessment: Assessment, refuse: Callable[[Assessment], str | None]) -> bool:
        """Whether a reason speaks against the candidate; asks `refuse` once and keeps its answer among the reasons."""
        if assessment.candidate.pts_s not in self._asked:
            self._asked.add(assessment.candidate.pts_s)
            reason = refuse(assessment)
            if reason is not None and reason not in assessment.reasons:
                assessment.reasons.append(reason)
        return bool(assessment.reasons)

    def _value(self, assessment: Assessment) -> float:
        same_person = sum(p.assessment.person == assessment.person for p in self.picks if assessment.person is not None)
        same_shot = sum(p.assessment.candidate.shot == assessment.candidate.shot for p in self.picks)
        near = sum(abs(p.assessment.candidate.pts_s - assessment.candidate.pts_s) < _NEAR_S for p in self.picks)
        cost = _SAME_PERSON_COST * same_person + _SAME_SHOT_COST * same_shot + _NEAR_COST * (near - same_shot)
        return round(assessment.score - cost, 4)

    def _crowded(self, assessment: Assessment, per_shot: int, per_person: int) -> bool:
        same_shot = sum(p.assessment.candidate.shot == assessment.candidate.shot for p in self.picks)
        same_person = sum(p.assessment.person == assessment.person for p in self.picks if assessment.person is not None)
        return same_shot >= per_shot or same_person >= per_person

    def _is_duplicate(self, assessment: Assessment) -> bool:
        """Whether the same picture is chosen already: at the same time, or alike by descriptor."""
        for pick in self.picks:
            other = pick.assessment.candidate
            if abs(other.pts_s - assessment.candidate.pts_s) < 1e-6 or similarity(other, assessment.candidate) >= (
                self._settings.duplicate_cosine
            ):
                self.duplicates.add(assessment.candidate.pts_s)
                return True
        return False


def similarity(a: Candidate, b: Candidate) -> float:
    """Cosine (−1…1) of two candidates' image descriptors; −1 when one has none."""
    if a.descriptor is None or b.descriptor is None:
        return -1.0
    return round(float(np.dot(a.descriptor, b.descriptor)), 4)
