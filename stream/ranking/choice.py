"""The choice between checks on pixels: what is chosen by all that was said so far, and which of that must be checked.
It knows numbers alone, so it may be made in a process that has no pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..settings.model import Settings
from .patience import UNCHECKED, Patience
from .scores import score_of
from .selection import Assessment, Pick, Selection, variety_of


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`reason`: why the picture is rejected, None when it is not. `clean`: 0–1, 1 without any text, 0 with a lot.
    `explicit`: how likely it is sexually explicit, 0–1; None when it was not asked. `complete`: no check was left out
    because of `reason`."""

    reason: str | None
    clean: float
    explicit: float | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Round:
    """A choice, and the assessments of it whose pictures must be checked before it holds; none: it holds."""

    selection: Selection
    unchecked: list[Assessment]


class Choosing(Protocol):
    """Chooses among the pictures of one film, again and again, while its pictures are checked."""

    def add(self, assessments: Sequence[Assessment]) -> None:
        """Further pictures to choose from. One at a time that is known already is left out."""
        ...

    def choose(self, answers: Mapping[float, CheckResult], *, lift: bool) -> Round:
        """The choice by these answers and all earlier ones. answers: time (s) → what its check said, of all that were
        unchecked in the round before. `lift`: see `Selection.choose`."""
        ...


class Standing:
    """Assessments by time (s) with what the checks said of them so far, in `by_time`. Those not checked count as free
    of text, so a check can only lower a score."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.by_time: dict[float, Assessment] = {}

    def add(self, assessments: Iterable[Assessment]) -> None:
        """See `Choosing`."""
        for assessment in assessments:
            self.by_time.setdefault(assessment.candidate.pts_s, self._with_answer(assessment, CheckResult(None, 1.0)))

    def answer(self, time_s: float, answer: CheckResult) -> Assessment:
        """Note what the check of a picture said; its assessment before that."""
        before = self.by_time[time_s]
        self.by_time[time_s] = self._with_answer(before, answer)
        return before

    def _with_answer(self, assessment: Assessment, answer: CheckResult) -> Assessment:
        """A copy with its score for text, and how likely it is explicit."""
        components = assessment.components | {"text": answer.clean}
        score, reasons = score_of(components, self._settings.rank.weights), list(assessment.reasons)
        return replace(assessment, reasons=reasons, components=components, score=score, explicit=answer.explicit)


class Choice:
    """`Choosing` in this process."""

    def __init__(self, assessments: Sequence[Assessment], settings: Settings) -> None:
        self._settings = settings
        self._variety = variety_of(assessments, settings.rank, settings.top)
        self.standing = Standing(settings)
        self._answers: dict[float, CheckResult] = {}
        self._patience = Patience(settings.top, settings.rank.duplicate_cosine)
        self.add(assessments)

    def add(self, assessments: Sequence[Assessment]) -> None:
        """See `Choosing`."""
        self.standing.add(assessments)

    def choose(self, answers: Mapping[float, CheckResult], *, lift: bool) -> Round:
        """See `Choosing`."""
        for time_s, answer in answers.items():
            self._answers[time_s] = answer
            self._patience.note(self.standing.answer(time_s, answer), answer.reason)
        selection = Selection(self._settings.rank, self._settings.top, self._variety)
        picks = selection.choose(list(self.standing.by_time.values()), self._reason, lift=lift)
        unchecked = [pick.assessment for pick in picks if not self._is_checked(pick)]
        if not unchecked:
            looked_at = {time_s: one for time_s, one in self._answers.items() if one.reason != UNCHECKED}
            selection.late = {time_s: answer.reason for time_s, answer in looked_at.items()}
        return Round(selection, unchecked)

    def _reason(self, assessment: Assessment) -> str | None:
        time_s = assessment.candidate.pts_s
        if time_s not in self._answers and self._patience.is_over(assessment):
            self._answers[time_s] = CheckResult(UNCHECKED, 1.0)
        answer = self._answers.get(time_s)
        return None if answer is None else answer.reason

    def _is_checked(self, pick: Pick) -> bool:
        """False also for a picture that is taken in spite of a check after which the others were left out."""
        answer = self._answers.get(pick.assessment.candidate.pts_s)
        return answer is not None and answer.complete
