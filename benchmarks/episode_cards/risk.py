"""Selective reading: how much is answered, and how much of that is wrong, by the confidence that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta


@dataclass(frozen=True, slots=True)
class Curve:
    """Risk and coverage, most confident cards first, both (N,): `coverage` the share of all cards that is answered,
    `risk` the share of the answers that is wrong. Cards of one confidence are answered together."""

    coverage: np.ndarray
    risk: np.ndarray
    aurc: float
    """Area under the curve (Geifman et al. 2019): the mean of `risk` over all N numbers of answers."""


def upper_bound(faults: int, cases: int, level: float = 0.95) -> float:
    """The highest rate at which so few faults in so many cases are still as likely as 1 − `level` (Clopper and Pearson
    1934, one-sided). 1 without cases."""
    if faults >= cases:
        return 1.0
    return float(beta.ppf(level, faults + 1, cases - faults))


def curve_of(confidences: Sequence[float], right: Sequence[bool]) -> Curve:
    """The curve of cards by confidence, where `right` says which answers are right."""
    order = np.argsort(-np.asarray(confidences, float), kind="stable")
    values, wrong = np.asarray(confidences, float)[order], ~np.asarray(right, bool)[order]
    count = np.arange(1, len(values) + 1)
    last = np.searchsorted(-values, -values, side="right") - 1
    risk = (np.cumsum(wrong) / count)[last]
    return Curve((count / len(values))[last], risk, float(risk.mean()))


def precision_at(curve: Curve, coverage: float) -> float:
    """Share of right answers when the most confident cards up to this coverage are answered."""
    place = int(np.searchsorted(curve.coverage, coverage - 1e-12))
    return float(1 - curve.risk[min(place, len(curve.risk) - 1)])
