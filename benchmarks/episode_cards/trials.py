"""The numbers that metadata may claim of a card's file: its own, and wrong ones that are mistaken for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from stream.episode.numbers import EpisodeNumber, compatible

Mistake = Literal["near", "season", "digits", "other"]
MISTAKES: tuple[Mistake, ...] = ("near", "season", "digits", "other")


@dataclass(frozen=True, slots=True)
class Trial:
    """A number that metadata claim. `mistake`: None for the file's own number."""

    expected: EpisodeNumber
    mistake: Mistake | None = None


def trials_of(file: EpisodeNumber, stated: EpisodeNumber | None, others: Sequence[int] = ()) -> list[Trial]:
    """The file's own number, and each wrong one once: one more or less, another season, a digit lost or two swapped,
    one of `others`, which stand in the picture for something else.

    A wrong number is one that the picture contradicts by what it states (`stated`), so another season counts only where
    it states one. Where it states no number, every number but the file's is wrong.
    """
    found = [Trial(file)]
    told_apart = stated if stated is not None and stated.episodes else file
    for mistake, number in _mistakes(file, stated, others):
        if compatible(told_apart, number) is False and all(trial.expected != number for trial in found):
            found.append(Trial(number, mistake))
    return found


def _mistakes(
    number: EpisodeNumber, stated: EpisodeNumber | None, others: Sequence[int]
) -> Iterable[tuple[Mistake, EpisodeNumber]]:
    for step in (-1, 1):
        if number.episodes[0] + step >= 0:
            yield "near", replace(number, episodes=tuple(one + step for one in number.episodes))
    if stated is not None and stated.season is not None:
        yield "season", replace(number, season=stated.season + 1)
        if stated.season > 1:
            yield "season", replace(number, season=stated.season - 1)
    if len(number.episodes) == 1 and number.episodes[0] % 1 == 0:
        for other in _digit_mistakes(int(number.episodes[0])):
            yield "digits", replace(number, episodes=(Decimal(other),))
    for other in others:
        yield "other", replace(number, episodes=(Decimal(other),))


def _digit_mistakes(number: int) -> Iterable[int]:
    """The number without one of its digits, and with two neighbouring digits swapped."""
    digits = str(number)
    for place in range(len(digits) if len(digits) > 1 else 0):
        yield int(digits[:place] + digits[place + 1 :])
    for place in range(len(digits) - 1):
        yield int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
