"""Checks that cost a look at pixels and are therefore made only of pictures that would otherwise be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock

from engines.faces import Face
from engines.text import TextDetector, is_overlay, text_share
from kernels.surface import Surface

from ..candidates.neighbours import NeighbourFaces
from ..dataflow.cancellation import checkpoint
from ..dataflow.clocks import StageClock
from ..film import Film
from ..people.eyes import closed_below, openness
from ..records import ActiveRect, Candidate
from ..settings.model import Settings
from .judge import EmotionBaselines
from .scores import score_of
from .selection import Assessment, Selection

_CANCEL_POLL_S = 0.1
_MUCH_TEXT = 0.03
"""Share of the picture at which text is as bad as it gets for the score; a logo covers less."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None when the picture may be taken; `clean` is 1 without any text, 0 with a lot."""

    reason: str | None
    clean: float


class LateChecks:
    """Text over the picture, and blinks or grimaces right beside it."""

    def __init__(
        self,
        film: Film,
        settings: Settings,
        active: ActiveRect,
        baselines: EmotionBaselines,
        text: TextDetector | None,
        moments: NeighbourFaces,
        surface: Callable[[Candidate], Surface],
    ) -> None:
        self._film, self._settings, self._active, self._baselines = film, settings, active, baselines
        self._text, self._moments, self._surface = text, moments, surface
        self._lock = Lock()
        self._shot_s = {shot.index: (shot.start_s, shot.end_s) for shot in film.shots}

    def check(self, assessment: Assessment) -> Verdict:
        """The first reason found that the settings do not ignore, and how clean of text the picture is. Blocks; safe to
        call from several threads."""
        text, moments = StageClock("text"), StageClock("moments")
        # What most often speaks against a picture comes first; a picture that is out needs no second check.
        reason, clean = moments.time(lambda: self._beside(assessment)), 1.0
        if reason is None:
            reason, clean = text.time(lambda: self._text_in(assessment.candidate))
        with self._lock:
            for clock in (text, moments):
                self._film.clocks[clock.name].add(clock, clock.items)
        return Verdict(reason, clean)

    def _text_in(self, candidate: Candidate) -> tuple[str | None, float]:
        if self._text is None:
            return None, 1.0
        rect = (self._active.x, self._active.y, self._active.width, self._active.height)
        reading = self._text.read(self._surface(candidate), rect)
        clean = 1.0 - min(1.0, text_share(reading, rect) / _MUCH_TEXT)
        reason = "text_overlay" if self._counts("text_overlay") and is_overlay(reading, rect) else None
        return reason, round(clean, 4)

    def _beside(self, assessment: Assessment) -> str | None:
        faces = self._moments.faces_beside(assessment.candidate, self._shot_s[assessment.candidate.shot])
        found = (reason for face in faces for reason in self._against(face, assessment))
        return next(filter(self._counts, found), None)

    def _against(self, face: Face, assessment: Assessment) -> Iterator[str]:
        limits = self._settings.faces
        limit = closed_below(limits.eyes_closed_below, limits.eyes_closed_share, assessment.typical_openness)
        ratio = openness(face)
        if ratio is not None and ratio < limit:
            yield "eyes_closed"
        if self._baselines.distance(face.emotion, assessment.person) > self._settings.expression.extreme_above:
            yield "extreme_expression"

    def _counts(self, reason: str) -> bool:
        return reason not in self._settings.rank.ignored_reasons


def choose_checked(
    assessments: Sequence[Assessment],
    settings: Settings,
    check: Callable[[Assessment], Verdict],
    pool: ThreadPoolExecutor,
    passed: Callable[[Assessment], None] = lambda assessment: None,
) -> Selection:
    """Choose, check what was chosen side by side, and choose again until everything chosen has passed its check.

    Which pictures are checked follows from scores alone, so the result does not depend on the number of threads.
    passed: told of each that was chosen again after its check, while the next ones are checked.
    """
    answers: dict[float, Verdict] = {}

    def known(assessment: Assessment) -> str | None:
        verdict = answers.get(assessment.candidate.pts_s)
        return None if verdict is None else verdict.reason

    while True:
        selection = Selection(settings.rank, settings.top)
        picks = selection.choose([_with_text(assessment, answers, settings) for assessment in assessments], known)
        unchecked = [pick for pick in picks if pick.assessment.candidate.pts_s not in answers]
        futures = [pool.submit(check, pick.assessment) for pick in unchecked]
        for pick in picks:
            if pick.assessment.candidate.pts_s in answers:
                passed(pick.assessment)
        if not unchecked:
            return selection
        answers.update(zip((pick.assessment.candidate.pts_s for pick in unchecked), _heard(futures), strict=True))


def _with_text(assessment: Assessment, answers: Mapping[float, Verdict], settings: Settings) -> Assessment:
    """A copy with its score for text. Unchecked pictures count as free of text, so a check can only lower a score."""
    verdict = answers.get(assessment.candidate.pts_s)
    components = assessment.components | {"text": 1.0 if verdict is None else verdict.clean}
    score = score_of(components, settings.rank.weights)
    return replace(assessment, reasons=list(assessment.reasons), components=components, score=score)


def _heard(futures: Sequence[Future[Verdict]]) -> list[Verdict]:
    """What all of them say, in order."""
    try:
        waiting = set(futures)
        while waiting:
            checkpoint()  # only this thread hears of a cancellation; those of the pool end within one check
            waiting = wait(waiting, timeout=_CANCEL_POLL_S).not_done
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()
