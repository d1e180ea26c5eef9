"""Three facts compared: what a film's picture states, what was known of it before, and which episode it should be.

Only what both sides state is compared. A number without a season against `S02E17` compares the episode alone, unless
something beside it was found in the picture and not read, for that may be its season; where the episodes differ, it may
count through all seasons, and only a sheet that maps such numbers tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .numbers import EpisodeNumber, compatible
from .past import Past, Source
from .records import Evidence, PictureReading
from .seasons import OpenSeason

Outcome = Literal["confirmed", "mismatch", "unverified"]
OUTCOMES: tuple[Outcome, ...] = ("confirmed", "mismatch", "unverified")
Relation = Literal["same", "differs", "part", "counted", "nothing"]
_UNVERIFIED: Outcome = "unverified"
_UNDECIDED: dict[Relation, str] = {
    "part": " alone, {wanted}",
    "counted": ", {wanted}: one may count through all seasons, a sheet with the column `absolute` would tell",
    "nothing": ", {wanted}: there is nothing that both state",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a film is the episode it should be.

    `confidence`: that `read`, the number read in the picture, is right, 0–1; 0 where none was read. `why`: one sentence
    for people.
    """

    verdict: Outcome
    confidence: float
    read: EpisodeNumber | None
    expected: EpisodeNumber | None
    evidence: tuple[Evidence, ...]
    why: str


def verify(
    picture: PictureReading,
    past: Past,
    expected: EpisodeNumber | None,
    *,
    threshold: float,
    absolute: EpisodeNumber | None = None,
    source: str = "",
    problem: str | None = None,
) -> Verdict:
    """The verdict on one film.

    `confirmed`: the picture was read with at least the confidence `threshold`, states what is expected, and nothing
    known before contradicts. `mismatch`: the picture, so read, differs, or something known before contradicts.
    `unverified`: all else. Bare numbers (`Source.bare`) contradict nothing.

    `absolute`: the expected number when episodes are counted through all seasons, where that is known. `source`: who
    expects the number, as in "by the tags"; `problem`: why none is expected. Both are for `why`.
    """
    wanted = f"{expected} is expected {source}".rstrip()
    if expected is None:
        missing = problem or "nothing says which episode this should be"
        outcome, said = _UNVERIFIED, f"{missing}; {_seen(picture, threshold)}{_others_say(picture, past)}"
    else:
        outcome, said = _judged(picture, past, expected, threshold, absolute, wanted)
    why = f"{said[0].upper()}{said[1:]}."
    return Verdict(outcome, picture.confidence, picture.number, expected, picture.evidence, why)


def relation(stated: EpisodeNumber, expected: EpisodeNumber, absolute: EpisodeNumber | None = None) -> Relation:
    """How a stated number stands to the expected one (`absolute`: see `verify`).

    `part`: it states some of the expected episodes, as the first card of a double episode does. `counted`: it differs,
    but one of the two may count through all seasons. `nothing`: nothing is stated by both.
    """
    if absolute is not None and stated.season is None and compatible(stated, absolute):
        return "same"
    agrees = compatible(stated, expected)
    if agrees is not False:
        return "nothing" if agrees is None else "same"
    if stated.season is not None and expected.season is not None and stated.season != expected.season:
        return "differs"
    if set(stated.episodes) < set(expected.episodes):
        return "part"
    counted = absolute is None and (_counts_through(stated, expected) or _counts_through(expected, stated))
    return "counted" if counted else "differs"


def best_number(verdict: Verdict, threshold: float, named: EpisodeNumber | None) -> EpisodeNumber | None:
    """What is known best of a film's number: what its picture says with at least the confidence `threshold`, else what
    is expected, else what its name states (`named`). A season that one of them leaves out is taken from the next."""
    sure = verdict.read is not None and verdict.confidence >= threshold
    known = [number for number in (verdict.read if sure else None, verdict.expected, named) if number is not None]
    if not known:
        return None
    season = next((number.season for number in known if number.season is not None), None)
    return replace(known[0], season=season)


def _counts_through(one: EpisodeNumber, other: EpisodeNumber) -> bool:
    """Whether `one`, without a season, may be `other` counted through all seasons: at least one episode of each season
    before comes on top, and of a double episode both numbers move alike."""
    if one.season is not None or other.season is None or other.season < 2 or len(one.episodes) != len(other.episodes):
        return False
    steps = {mine - its for mine, its in zip(one.episodes, other.episodes, strict=True)}
    return len(steps) == 1 and min(steps) >= other.season - 1


def _judged(
    picture: PictureReading,
    past: Past,
    expected: EpisodeNumber,
    threshold: float,
    absolute: EpisodeNumber | None,
    wanted: str,
) -> tuple[Outcome, str]:
    """The outcome, and why as a sentence without capital and full stop. `wanted`: as in "S02E05 is expected"."""
    stands = {source: relation(source.number, expected, absolute) for source in past.sources}
    against = next((source for source, how in stands.items() if how == "differs" and not source.bare), None)
    read = picture.number
    if read is None or picture.confidence < threshold:
        if against is not None:
            return "mismatch", f"{_says(against)}, {wanted}; {_seen(picture, threshold)}"
        return "unverified", f"{_seen(picture, threshold)}; {wanted}{_bare(stands)}"
    found = relation(read, expected, absolute)
    if found == "differs":
        return "mismatch", f"the picture says {read}, {wanted}{_also(past, read)}"
    if against is not None:
        return "mismatch", f"the picture says {read} and {wanted}, but {_says(against)}"
    if found == "same" and picture.unread_season is not None and expected.season is not None and read.season is None:
        beside = _unread(picture.unread_season)
        return "unverified", f"the picture says {read}, {wanted}, but {beside}"
    if found == "same":
        return "confirmed", f"the picture says {read}, {wanted}{_agreeing(stands)}{_bare(stands)}"
    return "unverified", f"the picture says {read}{_UNDECIDED[found].format(wanted=wanted)}"


def _unread(season: OpenSeason) -> str:
    """What may be a season, as a sentence."""
    if season.apart:
        return f"another card, “{season.text}”, names a season"
    return f"{f'“{season.text}”' if season.text else 'a line'} beside it may be a season that was not read"


def _agreeing(stands: dict[Source, Relation]) -> str:
    """Who else states what is expected."""
    words = [source.words for source, how in stands.items() if how == "same"]
    return f"; {' and '.join(words)} {'agree' if len(words) > 1 else 'agrees'}" if words else ""


def _bare(stands: dict[Source, Relation]) -> str:
    """Which bare numbers differ."""
    found = [source for source, how in stands.items() if how == "differs" and source.bare]
    return "".join(f"; {source.words}, a bare number, is {source.number}" for source in found)


def _also(past: Past, read: EpisodeNumber) -> str:
    """Who else states what the picture says."""
    words = [source.words for source in past.sources if compatible(source.number, read)]
    return f"; {' and '.join(words)} {'say' if len(words) > 1 else 'says'} {read}, too" if words else ""


def _seen(picture: PictureReading, threshold: float) -> str:
    """What the picture says, as the beginning of a sentence."""
    if picture.number is None:
        why = picture.why.rstrip(". ") or "no episode number was read in the picture"
        return f"{why[0].lower()}{why[1:]}"
    if picture.confidence < threshold:
        has, needs = f"{picture.confidence:.3f}", f"{threshold:.3f}"
        has = f"{picture.confidence:.6f}" if has == needs else has
        return f"the picture seems to say {picture.number}, which is too unsure ({has}, {needs} is needed)"
    return f"the picture says {picture.number}"


def _others_say(picture: PictureReading, past: Past) -> str:
    """Who says something else than the picture."""
    read = picture.number
    against = [one for one in past.sources if read is not None and compatible(one.number, read) is False]
    return "".join(f", but {_says(one)}" for one in against if not one.bare)


def _says(source: Source) -> str:
    return f"{source.words} says {source.number}"
