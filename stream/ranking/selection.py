"""The choice of the ten: greedy by score less a cost for repetition, then filled up by lifting rejections in order."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np

from ..dataflow.cancellation import checkpoint
from ..records import ActiveRect, Candidate
from ..settings.sections import RankSettings
from .lifting import LAST_RESORT, LIFTED_IN_ORDER, LIMITS

_SAME_PERSON_COST = 0.06
"""What each picture already chosen of the same person takes off a score (0–1). Chosen by eye, as the next three."""
_SAME_SHOT_COST = 0.02
"""The same for each picture of the same shot."""
_SHOWN_SHOT_COST = 0.1
"""The same, once, where the shot has a picture already. From 0 to .2 it raises coverage within 3 s on fourteen real
excerpts from .935 to .954 and leaves precision as it is up to .1 (.540); E01–E05 stay the same."""
_NEAR_COST = 0.08
"""The same for each picture less than `Variety.near_s` away. Of .05, .08 and .1, on twelve real excerpts, .08 gave the
best coverage within 3 s (.865, .902, .895); on E01–E05 .05 and .08 match the same."""
_ALIKE_COST, _UNLIKE = 0.1, 0.5
"""What likeness to the most alike picture chosen already takes off: 0 up to a cosine of `_UNLIKE`, which few pairs of
different shots reach, growing to the cost for a copy. Chosen by eye."""
_NEAR_S = 20.0
"""The most that counts as near. In a short film it is the time there is for each image."""
_MORE_ALIKE = 0.5
"""How far the limit on likeness is lifted at a time, towards the same picture (1): .85, .925, .9625. Chosen by eye."""
_MORE_OF_A_SHOT = 1.5
"""How many times its limit a shot may take when that is lifted first, rounded down. Without an end six of ten images of
steamboat were of a shot that shows nobody, but in which much changes. By eye, with fourteen real excerpts in sight."""
_TOGETHER = 0.1
"""What the score of a picture of main characters together may lack to take the last place. Chosen by eye: in E01–E05
the best chosen picture is .15 to .36 better than the last one."""


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
    explicit: float | None = None
    """How likely the picture is sexually explicit, 0–1; None when it was not asked (`stream.ranking.pixel_checks`)."""
    is_scene: bool = False
    """Whether no face leads the picture: none is there, or none that is large, certain and good enough."""
    together: tuple[str, ...] = ()
    """The main characters that the picture shows together, two or more (`stream.ranking.relations`)."""
    relation: float = 0.0
    """How strong the relation between them is, 0–1."""


@dataclass(slots=True)
class Pick:
    """A chosen candidate. `fallback`: the rejection that was lifted for it, if any."""

    assessment: Assessment
    fallback: list[str]


@dataclass(frozen=True, slots=True)
class Variety:
    """How much may be repeated in a film of its length, shots and people.

    `near_s`: pictures closer than this cost. `per_person`: most images led by one person. `per_shot`: most images of a
    shot, by its number. `alike`: the cosine from which on pictures are copies.
    """

    near_s: float
    per_person: int
    per_shot: dict[int, int]
    alike: float

    def without(self, limit: str, wanted: int) -> Variety:
        """The same with a limit lifted; unchanged where it is none. `wanted`: how many images the film is to have."""
        if limit == "more_per_person":
            return replace(self, per_person=wanted)
        if limit == "more_per_shot":
            return replace(self, per_shot={shot: int(_MORE_OF_A_SHOT * most) for shot, most in self.per_shot.items()})
        if limit == "most_per_shot":
            return replace(self, per_shot=dict.fromkeys(self.per_shot, wanted))
        if limit in {"more_alike", "most_alike"}:
            return replace(self, alike=self.alike + _MORE_ALIKE * (1 - self.alike))
        return self


def variety_of(assessments: Sequence[Assessment], settings: RankSettings, wanted: int) -> Variety:
    """The limits on repetition, from what the film offers.

    A film of few shots or people gives each of them its share of the images, if that is more than `max_per_shot` or
    `max_per_person`: a shot by its candidates, which are spread over time, a person as one among equals.
    """
    times = [a.candidate.pts_s for a in assessments]
    shots = Counter(a.candidate.shot for a in assessments)
    people = len({a.person for a in assessments if a.person is not None and set(a.reasons) <= {"not_main"}})
    return Variety(
        near_s=min(_NEAR_S, (max(times, default=0.0) - min(times, default=0.0)) / max(1, wanted)),
        per_person=max(settings.max_per_person, ceil(wanted / max(1, people))),
        per_shot={
            shot: max(settings.max_per_shot, ceil(wanted * count / len(assessments))) for shot, count in shots.items()
        },
        alike=settings.duplicate_cosine,
    )


class Selection:
    """The picks in rank order.

    duplicates: times (s) of candidates that were left out as copies of a better one. late: time (s) → the reason that
    the checks on pixels gave, None for a picture that passed; pictures that were not checked are not in it.

    `variety`: the limits on repetition, `variety_of` the candidates where none are given.
    """

    def __init__(self, settings: RankSettings, wanted: int, variety: Variety | None = None) -> None:
        self._settings, self._wanted, self._variety = settings, wanted, variety
        self.assessments: Sequence[Assessment] = ()
        self.picks: list[Pick] = []
        self.duplicates: set[float] = set()
        self.late: dict[float, str | None] = {}
        self._asked: set[float] = set()
        self._closest: dict[float, tuple[int, float]] = {}

    def choose(
        self, assessments: Sequence[Assessment], refuse: Callable[[Assessment], str | None], *, lift: bool = True
    ) -> list[Pick]:
        """The picks, filled from `assessments`. Takes about N log N steps for N of them.

        `refuse` gives a reason against a candidate, or None. It may be costly, so it is asked only about candidates
        that would be taken, once for each. A candidate with such a reason is left out, and keeps the reason.
        `lift`: whether rejections and limits are lifted while there are too few (`stream.ranking.lifting`).
        """
        self.assessments = assessments
        variety = self._variety or variety_of(assessments, self._settings, self._wanted)
        allowed: set[str] = set()
        self._fill(assessments, allowed, variety, refuse)
        for name in (*LIFTED_IN_ORDER, *LAST_RESORT) if lift else ():
            if len(self.picks) >= self._wanted or (self.picks and name in LAST_RESORT):
                break
            variety = variety.without(name, self._wanted)
            allowed |= {name} - LIMITS
            self._fill(assessments, allowed, variety, refuse)
        self._take_a_group(refuse, variety.alike)
        return self.picks

    def _take_a_group(self, refuse: Callable[[Assessment], str | None], alike: float) -> None:
        """Where no chosen picture shows main characters together, give the best that does the last place, if it lacks
        little (`_allowance`) and is no copy. It may be one more of its shot and of its leading person."""
        if not self.picks or any(pick.assessment.together for pick in self.picks):
            return
        full = len(self.picks) >= self._wanted
        *others, last = self.picks
        groups = [a for a in self.assessments if a.together and not a.reasons]
        for group in sorted(groups, key=lambda a: (-round(a.score + _allowance(a), 4), a.candidate.pts_s)):
            if full and round(group.score + _allowance(group), 4) < last.assessment.score:
                return
            self.picks = others if full else [*others, last]
            if not _is_copy(group, self.picks, alike) and not self._refused(group, refuse):
                self.picks = [*self.picks, Pick(group, [])]
                return
            self.picks = [*others, last]

    def _fill(
        self,
        assessments: Iterable[Assessment],
        allowed: set[str],
        variety: Variety,
        refuse: Callable[[Assessment], str | None],
    ) -> None:
        """Take the best, again and again. What a picture is worth only falls as others are taken, so the heap may hold
        values of earlier: the first one whose value still holds is the best."""
        taken = {p.assessment.candidate.pts_s for p in self.picks}
        waiting = [a for a in assessments if _passes(a, allowed) and not self._is_settled(a, taken, variety.alike)]
        heap = [(-self._value(a, variety), a.candidate.pts_s, place) for place, a in enumerate(waiting)]
        heapq.heapify(heap)
        while heap and len(self.picks) < self._wanted:
            checkpoint()
            value, time_s, place = heap[0]
            best = waiting[place]
            now = -self._value(best, variety)
            if now > value:
                heapq.heapreplace(heap, (now, time_s, place))
                continue
            heapq.heappop(heap)
            if self._crowded(best, variety) or self._is_duplicate(best, variety.alike):
                continue
            if not self._refused(best, refuse) or _passes(best, allowed):
                self.picks.append(Pick(best, list(best.reasons)))

    def _is_settled(self, assessment: Assessment, taken: set[float], alike: float) -> bool:
        """Whether it is taken, or known for a copy of one that is."""
        time_s = assessment.candidate.pts_s
        return time_s in taken or (time_s in self._closest and self._closest[time_s][1] >= alike)

    def _refused(self, assessment: Assessment, refuse: Callable[[Assessment], str | None]) -> bool:
        """Whether a reason speaks against the candidate; asks `refuse` once and keeps its answer among the reasons."""
        if assessment.candidate.pts_s not in self._asked:
            self._asked.add(assessment.candidate.pts_s)
            reason = refuse(assessment)
            if reason is not None and reason not in assessment.reasons:
                assessment.reasons.append(reason)
        return bool(assessment.reasons)

    def _value(self, assessment: Assessment, variety: Variety) -> float:
        person, candidate = assessment.person, assessment.candidate
        cost = _SHOWN_SHOT_COST * any(pick.assessment.candidate.shot == candidate.shot for pick in self.picks)
        for pick in self.picks:
            other = pick.assessment
            same_shot = other.candidate.shot == candidate.shot
            cost += _SAME_PERSON_COST * (person is not None and other.person == person) + _SAME_SHOT_COST * same_shot
            cost += _NEAR_COST * (abs(other.candidate.pts_s - candidate.pts_s) < variety.near_s)
        alike = (self._likeness(assessment) - _UNLIKE) / (1.0 - _UNLIKE)
        return round(assessment.score - cost - _ALIKE_COST * max(0.0, alike), 4)

    def _crowded(self, assessment: Assessment, variety: Variety) -> bool:
        shot, person = assessment.candidate.shot, assessment.person
        same_shot = sum(p.assessment.candidate.shot == shot for p in self.picks)
        same_person = sum(p.assessment.person == person for p in self.picks if person is not None)
        return same_shot >= variety.per_shot.get(shot, self._settings.max_per_shot) or same_person >= variety.per_person

    def _likeness(self, assessment: Assessment) -> float:
        """Cosine to the most alike picture chosen already; 1 to one of the same time."""
        time_s = assessment.candidate.pts_s
        compared, closest = self._closest.get(time_s, (0, -1.0))
        for pick in self.picks[compared:]:
            other = pick.assessment.candidate
            closest = max(closest, 1.0 if abs(other.pts_s - time_s) < 1e-6 else similarity(other, assessment.candidate))
        self._closest[time_s] = len(self.picks), closest
        return closest

    def _is_duplicate(self, assessment: Assessment, alike: float) -> bool:
        """Whether the same picture is chosen already: at the same time, or alike by descriptor."""
        is_copy = self._likeness(assessment) >= alike
        (self.duplicates.add if is_copy else self.duplicates.discard)(assessment.candidate.pts_s)
        return is_copy


def _passes(assessment: Assessment, allowed: set[str]) -> bool:
    """Whether nothing speaks against a picture, or one reason alone that is lifted."""
    reasons = assessment.reasons
    return not reasons or (len(reasons) == 1 and reasons[0] in allowed)


def _is_copy(assessment: Assessment, picks: Sequence[Pick], alike: float) -> bool:
    """Whether a picture is chosen already: at the same time, or alike by descriptor."""
    chosen = [pick.assessment.candidate for pick in picks]
    same_time = any(abs(other.pts_s - assessment.candidate.pts_s) < 1e-6 for other in chosen)
    return same_time or any(similarity(other, assessment.candidate) >= alike for other in chosen)


def _allowance(group: Assessment) -> float:
    """What the score of a picture of main characters together may lack: `_TOGETHER` at most, half of it where their
    relation is weak."""
    return _TOGETHER * (0.5 + 0.5 * group.relation)


def similarity(a: Candidate, b: Candidate) -> float:
    """Cosine (−1…1) of two candidates' image descriptors; −1 when one has none."""
    if a.descriptor is None or b.descriptor is None:
        return -1.0
    return round(float(np.dot(a.descriptor, b.descriptor)), 4)
