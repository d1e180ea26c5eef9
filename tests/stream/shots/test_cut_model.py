"""Log odds of a cut, alone and with a second opinion, and what the shipped weights make of plain evidence."""

from __future__ import annotations

import numpy as np
import pytest

from stream.shots.cut_evidence import EVIDENCE
from stream.shots.cut_model import MODEL, CutModel, logit, probability

TWO = CutModel(alone=(1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, -0.5), joint=(0.5, 2.0, 0.25), doubt=(-1.0, 2.0))


def evidence(**numbers: float) -> np.ndarray:
    """(8,): these pieces of evidence; the others are 0."""
    return np.array([numbers.get(name, 0.0) for name in EVIDENCE])


def test_log_odds_are_the_weighted_sum_and_the_constant() -> None:
    assert TWO.log_odds(evidence(likeness=3.0, separation=100.0, tones=-1.0)) == pytest.approx(3.0 - 2.0 - 0.5)


def test_a_second_opinion_adds_its_log_odds() -> None:
    assert TWO.joint_log_odds(1.0, 0.5) == pytest.approx(0.75)
    assert TWO.joint_log_odds(1.0, 0.9) == pytest.approx(0.75 + 2.0 * np.log(9), abs=0.05)
    assert TWO.joint_log_odds(1.0, 0.9) - 0.75 == pytest.approx(0.75 - TWO.joint_log_odds(1.0, 0.1))


@pytest.mark.parametrize(("log_odds", "asks"), [(-1.01, False), (-0.99, True), (1.99, True), (2.01, False)])
def test_doubt_lies_between_its_limits(log_odds: float, asks: bool) -> None:
    assert TWO.is_in_doubt(log_odds) is asks


def test_log_odds_and_probabilities_are_each_others_inverse_but_at_certainty() -> None:
    for odds in (-3.0, -0.5, 0.0, 2.0):
        assert logit(probability(odds)) == pytest.approx(odds, abs=0.02)
    assert (logit(0.0), logit(1.0)) == pytest.approx((-6.9, 6.9), abs=0.01)
    assert (probability(-1e9), probability(1e9)) == pytest.approx((0.0, 1.0))


def test_the_shipped_weights_call_a_new_picture_a_cut_and_a_small_change_none() -> None:
    names = EVIDENCE[:-2]
    new = dict(zip(names, (0.1, 0.9, 0.95, 3.0, 1.5, 0.5), strict=True))
    same = dict(zip(names, (0.95, 0.6, 0.3, 1.0, -0.5, -1.5), strict=True))
    new, same = evidence(**new, likeness_drop=1.0, distance_rise=0.5), evidence(**same, likeness_drop=-0.5)
    assert probability(MODEL.log_odds(new)) > 0.9
    assert probability(MODEL.log_odds(same)) < 0.05
    assert not MODEL.is_in_doubt(MODEL.log_odds(new)) and not MODEL.is_in_doubt(MODEL.log_odds(same))


def test_the_shipped_second_opinion_decides_where_our_own_evidence_says_nothing() -> None:
    assert MODEL.is_in_doubt(0.0)
    assert probability(MODEL.joint_log_odds(0.0, 0.95)) > 0.5 > probability(MODEL.joint_log_odds(0.0, 0.05))
