"""Checks that read pixels. They are costly, so they are made only of pictures that would otherwise be chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Lock

import numpy as np

from engines.faces import Face
from engines.maturity import MaturityClassifier
from kernels.ops import Ops
from kernels.surface import Surface

from ..candidates.neighbours import NeighbourFaces
from ..dataflow.clocks import StageClock
from ..dataflow.workers import results
from ..film import Film
from ..framing.saliency import map_size
from ..people.eyes import closed_below, openness
from ..people.gaze import gaze_score
from ..people.looks import leading_face
from ..records import Candidate
from ..settings.model import Settings
from .charts import is_colour_chart
from .choice import CheckResult, Choosing
from .judge import EmotionBaselines
from .selection import Assessment, Selection
from .text import TextCheck

_FAULTY = 2
"""Looks beside a picture that must show the same fault; a blink is seen in two to five."""
_HALF_OF_THEM = 4
"""Looks beside a picture, .16 s apart on both sides, after which no more are made where all eyes are as open as each
other: a blink of .1 to .4 s shows in one of them or in the picture itself."""
_HALF_CLOSED, _LEAST_RATIOS = 0.8, 3
"""Share of the median openness beside a picture below which eyes are half closed, and the least looks that tell. Of 152
labelled frames with nothing against themselves (14 real films, E01–E05) one fault refused 17 of 90 picks and 9 of the
62 others; two faults, a fault between half-closed eyes, or half-closed eyes in the frame itself refuse 6 and 7. With a
share of 0.75 they refuse 4 and 7, but not a frame of E04 a tenth of a second before a blink; with 0.85 8 and 9."""


class PixelChecks:
    """Checks of one film's pictures: for colour charts, for blinks and grimaces in the pictures just before and after,
    for text, and for what is sexually explicit.

    `text`, `maturity`: None to leave these out. `surface`: the full-size picture of a candidate. `ops`: makes a small
    picture of it.
    """

    def __init__(
        self,
        film: Film,
        settings: Settings,
        baselines: EmotionBaselines,
        text: TextCheck | None,
        neighbours: NeighbourFaces,
        surface: Callable[[Candidate], Surface],
        ops: Ops,
        maturity: MaturityClassifier | None = None,
    ) -> None:
        self._film, self._settings, self._baselines = film, settings, baselines
        self._text, self._neighbours, self._surface, self._maturity = text, neighbours, surface, maturity
        self._ops = ops
        self._lock = Lock()
        self._shot_s = {shot.index: (shot.start_s, shot.end_s) for shot in film.shots}

    def check(self, assessment: Assessment) -> CheckResult:
        """Check one picture; stops at the first reason that the settings do not ignore and that is not among its own:
        a picture that would be taken in spite of that is checked for text and maturity all the same. Blocks; safe to
        call from several threads.

        The time is counted on the film's clocks `moments`, `text` and `maturity`.
        """
        text, neighbours, maturity = StageClock("text"), StageClock("moments"), StageClock("maturity")
        # The check that rejects most comes first; a rejected picture needs no second check.
        reason, clean = neighbours.time(lambda: self._chart(assessment) or self._beside(assessment)), 1.0
        if reason is None or reason in assessment.reasons:
            written, clean = text.time(lambda: self._text_in(assessment))
            reason = written or reason
        explicit, complete = None, reason is None or reason in assessment.reasons
        if complete:
            refused, explicit = maturity.time(lambda: self._explicit_in(assessment))
            reason = refused or reason
        with self._lock:
            for clock in (text, neighbours, maturity):
                self._film.clocks[clock.name].add(clock, clock.items)
        return CheckResult(reason, clean, explicit, complete)

    def _chart(self, assessment: Assessment) -> str | None:
        """`test_card` for a picture without faces that is a colour chart. Synchronises (on a device)."""
        if assessment.candidate.faces or not self._counts("test_card"):
            return None
        active, surface = assessment.active, self._surface(assessment.candidate)
        area = (active.x, active.y, active.width, active.height)
        small = self._ops.to_host(self._ops.rgb(surface, area, map_size(area)))
        return "test_card" if is_colour_chart(small) else None

    def _text_in(self, assessment: Assessment) -> tuple[str | None, float]:
        if self._text is None:
            return None, 1.0
        reason, clean = self._text.look(assessment)
        return (reason if reason is not None and self._counts(reason) else None), clean

    def _explicit_in(self, assessment: Assessment) -> tuple[str | None, float | None]:
        if self._maturity is None:
            return None, None
        active, candidate, limits = assessment.active, assessment.candidate, self._settings.maturity
        rect = (active.x, active.y, active.width, active.height)
        picture, doubted = self._surface(candidate), min(limits.warn_above, limits.refuse_above)
        explicit = self._maturity.explicit(picture, rect)
        if explicit > doubted:
            # The network's answer jumps from frame to frame; what a picture shows does not.
            beside = self._neighbours.pictures_beside(candidate, self._shot_s[candidate.shot])
            explicit = median([explicit, *(self._maturity.explicit(surface, rect) for surface in beside)])
        if explicit > doubted:
            # Squeezed into the network's square, a face in a wide picture is read as a body.
            explicit = min(explicit, self._maturity.explicit_unsqueezed(picture, rect))
        explicit = round(explicit, 4)
        refused = explicit > limits.refuse_above and self._counts("explicit")
        return "explicit" if refused else None, explicit

    def _beside(self, assessment: Assessment) -> str | None:
        """The first reason that `_FAULTY` of the looks beside give, or all where there are fewer; else whether all of
        them together show a blink (`_blinks`) or eyes that look away (`_looks_away`)."""
        if assessment.is_scene:
            return None
        faults: Counter[str] = Counter()
        ratios: list[float] = []
        gazes: list[float] = []
        looks, lead = 0, leading_face(assessment.candidate.faces)
        for face in self._neighbours.faces_beside(assessment.candidate, self._shot_s[assessment.candidate.shot]):
            looks += 1
            gazes += [gaze for gaze in [gaze_score(face)] if gaze is not None]
            for reason in filter(self._counts, self._against(face, assessment)):
                faults[reason] += 1
                if faults[reason] >= _FAULTY:
                    return reason
            ratios += [ratio for ratio in [openness(face)] if ratio is not None]
            if looks == _HALF_OF_THEM and not faults and _all_alike(lead, ratios):
                break
        if looks and looks in faults.values():
            return max(faults, key=lambda reason: faults[reason])
        shown = {
            "eyes_closed": _blinks(lead, ratios, faults["eyes_closed"] > 0),
            "looking_away": _looks_away(lead, gazes, self._settings.faces.gaze_below),
        }
        return next((reason for reason, seen in shown.items() if seen and self._counts(reason)), None)

    def _against(self, face: Face, assessment: Assessment) -> Iterator[str]:
        limits = self._settings.faces
        limit = closed_below(limits.eyes_closed_below, limits.eyes_closed_share, assessment.typical_openness)
        ratio = openness(face)
        if ratio is not None and ratio < limit:
            yield "eyes_closed"
        distance = self._baselines.distance(face.emotion, assessment.person)
        if distance is not None and distance > self._settings.expression.extreme_above:
            yield "extreme_expression"

    def _counts(self, reason: str) -> bool:
        return reason not in self._settings.rank.ignored_reasons


def _all_alike(lead: Face | None, beside: Sequence[float]) -> bool:
    """Whether eyes were measured in every look and in the picture, and nowhere half closed: then looks between these
    would tell nothing more."""
    own = None if lead is None else openness(lead)
    if own is None or len(beside) < _HALF_OF_THEM:
        return False
    return min(own, *beside) >= _HALF_CLOSED * float(np.median(beside))


def _looks_away(lead: Face | None, beside: Sequence[float], limit: float) -> bool:
    """Whether the face's eyes look away on most of the pictures: the median gaze of itself and of those beside it is
    below `limit`. In deep shadow one reading says little. beside: their `gaze_score`."""
    own = None if lead is None else gaze_score(lead)
    return own is not None and len(beside) >= _LEAST_RATIOS and median([own, *beside]) < limit


def _blinks(lead: Face | None, beside: Sequence[float], closed: bool) -> bool:
    """Whether the face's eyes are half closed against those in the pictures beside it, or those are half closed about a
    closed one. beside: their openness; closed: whether any of them are closed."""
    if len(beside) < _LEAST_RATIOS:
        return False
    half = _HALF_CLOSED * float(np.median(beside))
    own = None if lead is None else openness(lead)
    return (own is not None and own < half) or (closed and sum(ratio < half for ratio in beside) >= _FAULTY)


More = Callable[[Selection], Sequence[Assessment]]
"""A choice that lacks pictures → assessments of further pictures of the film (`stream.ranking.second_look`); none when
there are no more."""
_MORE_ROUNDS = 3
"""How often more pictures are asked for. Chosen by eye: a search that finds nothing twice finds nothing."""


def choose_checked(
    choice: Choosing,
    settings: Settings,
    check: Callable[[Assessment], CheckResult],
    pool: ThreadPoolExecutor,
    passed: Callable[[Assessment], None] = lambda assessment: None,
    more: More | None = None,
) -> Selection:
    """Choose, check the chosen pictures on the threads of `pool`, and choose again, until every chosen one has passed.

    First the pictures that nothing speaks against; then `more` is asked for others, until it has none; only then are
    rejections lifted. Which pictures are checked follows from scores alone, so the result does not depend on the number
    of threads; and no more are than `stream.ranking.patience` allows, so that a film in which all are refused ends too.
    `passed`: called for each picture that is chosen again after its check, while the next ones are checked;
    not before `more` has been asked for the last time, so `more` may change which pictures are held.
    """
    selection = _all_checked(choice, check, pool, lift=False)
    for _ in range(_MORE_ROUNDS if more is not None else 0):
        found = more(selection) if more is not None else ()
        if not found:
            break
        choice.add(found)
        selection = _all_checked(choice, check, pool, lift=False)
    if len(selection.picks) >= settings.top:
        for pick in selection.picks:
            passed(pick.assessment)
        return selection
    return _all_checked(choice, check, pool, lift=True, passed=passed)


def _all_checked(
    choice: Choosing,
    check: Callable[[Assessment], CheckResult],
    pool: ThreadPoolExecutor,
    *,
    lift: bool,
    passed: Callable[[Assessment], None] = lambda assessment: None,
) -> Selection:
    """The choice, every picture of it checked. `lift`: see `Selection.choose`. `passed`: see `choose_checked`."""
    answers: dict[float, CheckResult] = {}
    while True:
        chosen = choice.choose(answers, lift=lift)
        futures = [pool.submit(check, assessment) for assessment in chosen.unchecked]
        times_s = [assessment.candidate.pts_s for assessment in chosen.unchecked]
        for pick in chosen.selection.picks:
            if pick.assessment.candidate.pts_s not in times_s:
                passed(pick.assessment)
        if not futures:
            return chosen.selection
        answers = dict(zip(times_s, results(futures), strict=True))
