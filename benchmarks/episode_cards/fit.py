"""Calibrates the confidence on cards, and chooses the threshold for a stated risk.

The features say what agrees (`stream.episode.confidence.Features`), their weights, chosen by eye, how much each
counts. Few readings are wrong, too few to fit eleven weights to: fitted ones, free or pulled to those by eye, were
surer of wrong readings of other cards. So the proportions stay, and what is fitted is what a sum is worth: two numbers,
a scale and a constant (Platt 1999). What a card gets for the threshold comes from numbers that have not seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from stream.episode.confidence import Features, Table, shipped_table
from stream.episode.numbers import compatible
from stream.episode.words import DOUBTFUL
from stream.errors import KeyartError

from .readings import ReadCard
from .risk import upper_bound

_LEAST_SCALE = 0.05
"""A sum that is higher is never worth less, whatever the cards say."""
_FOLDS = 5
_DECIMALS = 3
RISK = 0.001
"""Of files with wrong metadata, the share that may be confirmed."""
_MARGIN = 0.5
"""The threshold lies this share of the way, in log odds, from the surest wrong reading to the surest of all."""
@dataclass(frozen=True, slots=True)
class Decided:
    """A film that an operator decided. `confidence`: 0–1, of the number that was read; `right`: whether that is the
    film's."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights and threshold, with what they rest on. `scale`: what the weights were multiplied with. `faults`: sure and
    wrong among `cards` at the threshold, films that were decided with them; `bound`: their rate's upper 95 % bound;
    `coverage`: of cards that state a number."""

    table: Table
    scale: float
    threshold: float
    cards: int
    readings: int
    wrong: int
    faults: int
    bound: float
    coverage: float


def is_right(read: ReadCard) -> bool:
    """Whether the number that was read is the card's own."""
    number, stated = read.reading.number, read.card.stated
    return number is not None and stated is not None and compatible(number, stated) is True


def _states_an_episode(read: ReadCard) -> bool:
    return read.card.stated is not None and bool(read.card.stated.episodes)


def fitted(
    cards: Sequence[ReadCard], films: Sequence[Decided] = (), risk: float = RISK, weights: Table | None = None
) -> Fit:
    """The fit of these cards and films. weights: default those of the package. Raises KeyartError when fewer readings
    are right, or wrong, than there are folds."""
    table = weights or shipped_table()
    # What leaves the number open confirms nothing whatever the scale (`stream.episode.confidence.confidence`).
    read = [one for one in cards if (found := one.reading.features) is not None and found.strength > DOUBTFUL]
    sums = [_sum(found, table) for one in read if (found := one.reading.features) is not None]
    odds = np.array([*sums, *(float(logit(np.clip(film.confidence, 1e-4, 1 - 1e-4))) for film in films)])
    right = np.array([*map(is_right, read), *(film.right for film in films)], bool)
    if min(right.sum(), (~right).sum(), len(right)) < _FOLDS:
        raise KeyartError("a fit needs cards that are read rightly, and some that are not; give more (--cards)")
    with threadpool_limits(1):  # the same numbers on any machine
        scale, constant = _scaling(odds, right)
        held_out = np.zeros(len(right))
        for known, asked in StratifiedKFold(_FOLDS).split(odds, right):
            fold = _scaling(odds[known], right[known])
            held_out[asked] = np.round(expit(fold[0] * odds[asked] + fold[1]), 4)
    count = len(cards) + len(films)
    threshold = threshold_for(held_out, right, count, risk)
    sure = held_out >= threshold
    stated = sum(map(_states_an_episode, cards))
    covered = int((right & sure)[: len(read)][np.array([*map(_states_an_episode, read)], bool)].sum())
    faults = int((~right & sure).sum())
    return Fit(
        _scaled(table, scale, constant), round(scale, _DECIMALS), threshold, count, len(right), int((~right).sum()),
        faults, upper_bound(faults, count), covered / max(1, stated),
    )  # fmt: skip


def _sum(features: Features, table: Table) -> float:
    return float(table.intercept + sum(table.weights[name] * value for name, value in asdict(features).items()))


def _scaled(table: Table, scale: float, constant: float) -> Table:
    weights = {name: round(scale * weight, _DECIMALS) for name, weight in table.weights.items()}
    return Table(calibrated=True, intercept=round(scale * table.intercept + constant, _DECIMALS), weights=weights)


def threshold_for(confidences: np.ndarray, right: np.ndarray, cards: int, risk: float) -> float:
    """The lowest confidence at which so few readings (N,) are wrong that the upper 95 % bound of their rate among all
    `cards` is at most `risk`.

    Where the cards are too few to prove that, the lowest at which none is wrong, and half way on from there to the
    highest confidence of all in log odds.
    """
    wrong = np.sort(confidences[~right])[::-1]
    allowed = max((k for k in range(len(wrong)) if upper_bound(k, cards) <= risk), default=0)
    surest = float(wrong[allowed]) if len(wrong) > allowed else 0.0
    if upper_bound(allowed, cards) <= risk:
        return _above(surest)
    low, high = _logit(surest), _logit(float(confidences.max()))
    return _above(1 / (1 + float(np.exp(-(low + _MARGIN * max(0.0, high - low))))))


def _above(value: float) -> float:
    """The next confidence, which are rounded to 1e-4."""
    return round(min(1.0, value + 1e-4), 4)


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-4), 1 - 1e-4)
    return float(np.log(held / (1 - held)))


def _scaling(odds: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Scale and constant that turn log odds (N,) into those of the readings `right` (N,): by logistic loss, with the
    targets of Platt 1999, which are not quite 0 and 1, so that readings without a wrong one near do not count as
    certain."""
    good, bad = int(right.sum()), int((~right).sum())
    targets = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        worth = values[0] * odds + values[1]
        slopes = expit(worth) - targets
        total = float((np.logaddexp(0, worth) - targets * worth).sum())
        return total, np.array([float(slopes @ odds), float(slopes.sum())])

    bounds = [(_LEAST_SCALE, None), (None, None)]
    scale, constant = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(scale), float(constant)
