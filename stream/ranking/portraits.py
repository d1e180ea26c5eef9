"""Which picture shows a main character: one that nothing speaks against, where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..records import Candidate, Character
from .lifting import LAST_RESORT, LIFTED_IN_ORDER, NEVER_LIFTED
from .selection import Assessment

_BADNESS = {reason: place for place, reason in enumerate((*LIFTED_IN_ORDER, *LAST_RESORT, *NEVER_LIFTED), 1)}


def portraits_of(
    characters: Sequence[Character], assessments: Sequence[Assessment], late: Mapping[float, str | None]
) -> dict[str, Candidate]:
    """Main character's id → the picture of them with the least against it, the best of equals.

    late: what the checks on pixels said, by time; None for a picture that passed. Those come before pictures that were
    not checked. Where everything of a person was refused, it is the picture refused for the least reason; a person with
    no picture that may be shown has none.
    """
    chosen = {}
    for character in characters:
        if not character.main:
            continue
        own = [one for one in assessments if one.person == character.id and _may_be_shown(one, late)]
        if own:
            chosen[character.id] = min(own, key=lambda assessment: _order(assessment, late)).candidate
    return chosen


def _may_be_shown(assessment: Assessment, late: Mapping[float, str | None]) -> bool:
    return late.get(assessment.candidate.pts_s) != "explicit"


def _order(assessment: Assessment, late: Mapping[float, str | None]) -> tuple[int, int, bool, float, float]:
    time_s = assessment.candidate.pts_s
    refused = late.get(time_s)
    reasons = {*assessment.reasons, *([refused] if refused is not None else [])}
    worst = max((_BADNESS.get(reason, len(_BADNESS)) for reason in reasons), default=0)
    return worst, len(reasons), time_s not in late, -assessment.score, time_s
