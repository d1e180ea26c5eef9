"""Fits the weights of the confidence to calibration cards, and chooses the threshold for a stated risk.

The features say what agrees (`stream.episode.confidence.Features`); a logistic regression of them gives the probability
that the number read is the card's own. Few readings are wrong, so the signs of the weights are given: more agreement
never means less confidence. What a card gets for the threshold comes from weights that have not seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from stream.episode.confidence import Features, Table, confidence
from stream.episode.numbers import compatible
from stream.errors import KeyartError

from .readings import ReadCard
from .risk import upper_bound

_C = 1.0
"""How weakly the scaled weights are pulled to zero, as C of scikit-learn's logistic regression, whose default it is."""
_AGAINST = frozenset({"against", "bare"})
"""Features that speak against a number."""
_LEAST = 0.1
"""The least weight of a feature, unscaled: none is without a say because the cards have few faults."""
_FOLDS = 5
_DECIMALS = 3
RISK = 0.001
"""Of files with wrong metadata, the share that may be confirmed."""
_MARGIN = 0.5
"""The threshold lies this share of the way, in log odds, from the surest wrong reading to the surest of all."""
NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights and threshold, with what they rest on. `faults`: sure and wrong among `cards` at the threshold; `bound`:
    their rate's upper 95 % bound; `coverage`: of cards that state a number."""

    table: Table
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


def fitted(cards: Sequence[ReadCard], risk: float = RISK) -> Fit:
    """The fit of these cards. Raises KeyartError when they have no right readings, or fewer wrong ones than folds."""
    read = [one for one in cards if one.reading.features is not None]
    features = np.array([list(asdict(found).values()) for one in read if (found := one.reading.features) is not None])
    right = np.array([is_right(one) for one in read], bool)
    if min(right.sum(), (~right).sum(), len(right)) < _FOLDS:
        raise KeyartError("a fit needs cards that are read rightly, and some that are not; give more (--cards)")
    with threadpool_limits(1):  # the same numbers on any machine
        table = _table(features, right)
        held_out = np.zeros(len(right))
        for known, asked in StratifiedKFold(_FOLDS).split(features, right):
            fold = _table(features[known], right[known])
            held_out[asked] = [confidence(Features(*row), fold) for row in features[asked].tolist()]
    threshold = threshold_for(held_out, right, len(cards), risk)
    faults = int((~right & (held_out >= threshold)).sum())
    stated = sum(_states_an_episode(one) for one in cards)
    covered = int((right & (held_out >= threshold) & np.array([_states_an_episode(one) for one in read], bool)).sum())
    bound = upper_bound(faults, len(cards))
    return Fit(table, threshold, len(cards), len(read), int((~right).sum()), faults, bound, covered / max(1, stated))


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


def _table(features: np.ndarray, right: np.ndarray) -> Table:
    """Weights of unscaled features (N, F), by logistic loss with a ridge penalty, each of its given sign."""
    signs = np.array([-1.0 if name in _AGAINST else 1.0 for name in NAMES])
    scaler = StandardScaler().fit(features)
    scaled, sides = scaler.transform(features) * signs, np.where(right, 1.0, -1.0)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = values[:-1], values[-1]
        margins = sides * (scaled @ weights + intercept)
        slopes = -sides * expit(-margins)
        total = float(np.logaddexp(0, -margins).sum() + (weights**2).sum() / (2 * _C))
        return total, np.append(scaled.T @ slopes + weights / _C, slopes.sum())

    bounds = [*((_LEAST * float(scale), None) for scale in scaler.scale_), (None, None)]
    found = minimize(loss, np.zeros(len(NAMES) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = signs * found[:-1] / scaler.scale_
    intercept = float(found[-1] - (weights * scaler.mean_).sum())
    named = {name: round(float(weight), _DECIMALS) for name, weight in zip(NAMES, weights, strict=True)}
    return Table(calibrated=True, intercept=round(intercept, _DECIMALS), weights=named)
