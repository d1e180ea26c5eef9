"""Bounds by cards, and the curve of risk over coverage."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.episode_cards.risk import curve_of, precision_at, upper_bound


def test_no_fault_in_three_thousand_cards_bounds_the_rate_at_a_thousandth() -> None:
    assert upper_bound(0, 3000) == pytest.approx(0.000998, abs=1e-6)
    assert upper_bound(0, 750) == pytest.approx(0.00399, abs=1e-5)
    # 1 − .05 ** (1 / n), the rule of three
    assert upper_bound(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))


def test_a_fault_raises_the_bound() -> None:
    assert upper_bound(1, 3000) > upper_bound(0, 3000)
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(5, 5) == 1.0


def test_the_curve_of_a_reader_that_is_wrong_only_where_it_is_unsure() -> None:
    curve = curve_of([0.9, 0.2, 0.8, 0.7], [True, False, True, True])
    assert np.allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    assert np.allclose(curve.risk, [0, 0, 0, 0.25])
    assert curve.aurc == pytest.approx(0.0625)
    assert precision_at(curve, 0.75) == 1.0
    assert precision_at(curve, 0.8) == 0.75


def test_cards_of_one_confidence_are_answered_together() -> None:
    curve = curve_of([0.5, 0.5], [True, False])
    assert np.allclose(curve.coverage, [1, 1])
    assert np.allclose(curve.risk, [0.5, 0.5])
