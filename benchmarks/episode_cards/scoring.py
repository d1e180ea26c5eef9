"""Judges the verdicts on cards: how often a right number is confirmed, and how often a wrong one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream.episode.confidence import Table, confidence
from stream.episode.numbers import compatible
from stream.episode.past import Past
from stream.episode.records import PictureReading
from stream.episode.verify import Outcome, verify

from ..report import Row, Section
from .readings import ReadCard
from .risk import curve_of, precision_at, upper_bound
from .trials import MISTAKES, Mistake, trials_of

COVERAGES = (0.5, 0.8, 0.9, 0.95)
_WORST = 25
"""Misreadings that the report lists."""
_CURVE_POINTS = 40


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on one card.

    `stated`: whether it states its file's number. `confidence`: of what was read, 0 where nothing was; `sure`: that it
    is above the threshold; `right`: that what was read is what the card states. `own`: the verdict on the file's own
    number; `tried`: the mistakes in all wrong numbers; `confirmed`: those in numbers that were confirmed.
    """

    read: ReadCard
    stated: bool
    confidence: float
    sure: bool
    right: bool
    own: Outcome
    tried: tuple[Mistake, ...]
    confirmed: tuple[Mistake, ...]

    @property
    def answered(self) -> bool:
        """Whether a number was read."""
        return self.read.reading.number is not None


def judged(read: ReadCard, table: Table | None, threshold: float) -> Judged:
    """The verdicts on one card's own number and on wrong ones, without any past knowledge."""
    card, reading = read.card, read.reading
    value = 0.0 if reading.features is None else confidence(reading.features, table)
    picture = PictureReading(reading.number, value, (), "", reading.season)
    own, *wrong = trials_of(card.file, card.stated, card.others)
    verdicts = {trial: verify(picture, Past(), trial.expected, threshold=threshold).verdict for trial in (own, *wrong)}
    stated = card.stated
    right = reading.number is not None and stated is not None and compatible(reading.number, stated) is True
    sure = reading.number is not None and value >= threshold
    return Judged(
        read, stated is not None and bool(stated.episodes), value, sure, right, verdicts[own],
        tuple(trial.mistake for trial in wrong if trial.mistake is not None),
        tuple(trial.mistake for trial in wrong if trial.mistake is not None and verdicts[trial] == "confirmed"),
    )  # fmt: skip


def cards_section(cards: Sequence[Judged], threshold: float, calibrated: bool) -> Section:
    """Everything that `keyart bench episode` says of rendered cards."""
    curved = [one for one in cards if one.stated or one.answered]
    curve = curve_of([one.confidence for one in curved], [one.right for one in curved])
    step = max(1, len(curved) // _CURVE_POINTS)
    return {
        "threshold": threshold, "calibrated": calibrated, "all": figures(cards),
        "by_script": _by(cards, lambda one: one.read.card.script),
        "by_style": _by([one for one in cards if one.stated], _style),
        "by_place": _by(cards, lambda one: one.read.card.place),
        "mistakes": _mistakes(cards),
        "aurc": curve.aurc,
        "precision_at": {str(coverage): precision_at(curve, coverage) for coverage in COVERAGES},
        "curve": [[float(curve.coverage[i]), float(curve.risk[i])] for i in range(step - 1, len(curved), step)],
        "worst": [_misread(one) for one in _worst(cards)],
    }  # fmt: skip


def figures(cards: Sequence[Judged]) -> Row:
    """Coverage of right numbers, and faults with their upper bounds, which count cards.

    `sure_and_wrong` are cards of which a number that they do not state was read above the threshold: some metadata
    would be confirmed by it, whether or not a trial claims it.
    """
    stated = [one for one in cards if one.stated]
    false = sum(bool(one.confirmed) for one in cards)
    covered = sum(one.own == "confirmed" for one in stated)
    return {
        "cards": len(cards), "stated": len(stated), "confirmed": covered, "coverage": covered / max(1, len(stated)),
        "read_right": sum(one.right for one in stated),
        "false_confirmed": false, "false_confirmed_bound": upper_bound(false, len(cards)),
        "false_mismatch": sum(one.own == "mismatch" for one in cards),
        "sure_and_wrong": sum(one.sure and not one.right for one in cards),
    }  # fmt: skip


def _style(one: Judged) -> str:
    return f"{one.read.card.script}: {one.read.card.style}"


def _by(cards: Sequence[Judged], name: Callable[[Judged], str]) -> dict[str, Row]:
    names = sorted({name(one) for one in cards})
    return {each: figures([one for one in cards if name(one) == each]) for each in names}


def _mistakes(cards: Sequence[Judged]) -> dict[str, Row]:
    """For each kind of wrong number how often it was claimed, and how often that was confirmed."""
    tried = Counter(mistake for one in cards for mistake in one.tried)
    confirmed = Counter(mistake for one in cards for mistake in one.confirmed)
    return {mistake: {"trials": tried[mistake], "confirmed": confirmed[mistake]} for mistake in MISTAKES}


def _worst(cards: Sequence[Judged]) -> list[Judged]:
    """The most confident wrong readings."""
    wrong = [one for one in cards if one.answered and not one.right]
    return sorted(wrong, key=lambda one: (-one.confidence, one.read.card.name))[:_WORST]


def _misread(one: Judged) -> Row:
    card, reading = one.read.card, one.read.reading
    return {
        "card": card.name, "says": [line.text for line in card.lines], "read": str(reading.number),
        "stated": None if card.stated is None else str(card.stated), "confidence": one.confidence,
        "texts": list(dict.fromkeys(reading.texts)), "own": one.own, "confirmed": list(one.confirmed),
    }  # fmt: skip
