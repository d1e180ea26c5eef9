"""Weights and thresholds from cards."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.episode_cards.__main__ import as_toml
from benchmarks.episode_cards.fit import fitted, threshold_for
from benchmarks.episode_cards.readings import ReadCard
from benchmarks.episode_cards.risk import upper_bound
from stream.episode.confidence import confidence, load_table
from stream.errors import KeyartError

from .made_cards import DOUBTFUL, SURE, card, read


def cards(right: int, wrong: int) -> list[ReadCard]:
    """Right readings agree in all crops, wrong ones in few, both to different degrees."""
    good = [read(card(i), "12", replace(SURE, crops=0.8 + 0.2 * (i % 7) / 7)) for i in range(right)]
    bad = [read(card(right + i), "2", replace(DOUBTFUL, crops=0.1 + 0.3 * (i % 5) / 5)) for i in range(wrong)]
    return good + bad


def test_the_fit_tells_right_from_wrong() -> None:
    found = fitted(cards(80, 20))
    assert confidence(SURE, found.table) > 0.95
    assert confidence(DOUBTFUL, found.table) < 0.2
    assert (found.cards, found.readings, found.wrong, found.faults) == (100, 100, 20, 0)
    assert found.bound == upper_bound(0, 100)
    assert found.coverage == 0.8  # of all that state a number


def test_more_agreement_never_means_less_confidence() -> None:
    """Among these cards the wrong readings are the taller ones."""
    tall = replace(DOUBTFUL, height=0.9)
    found = fitted([*cards(80, 2), *(read(card(100 + i), "2", tall) for i in range(8))])
    assert found.table.weights["height"] == 0.1
    assert found.table.weights["crops"] > 0.1
    assert {name for name, weight in found.table.weights.items() if weight <= -0.1} == {"against", "bare"}
    assert all(abs(weight) >= 0.1 for weight in found.table.weights.values())


def test_the_same_cards_give_the_same_fit() -> None:
    assert fitted(cards(60, 12)) == fitted(cards(60, 12))


def test_nothing_can_be_fitted_to_right_readings_alone() -> None:
    with pytest.raises(KeyartError, match="some that are not"):
        fitted(cards(50, 2))


def test_many_cards_prove_the_lowest_threshold_above_all_wrong_ones() -> None:
    confidences = np.array([0.99, 0.97, 0.6, 0.3])
    right = np.array([True, True, False, True])
    assert threshold_for(confidences, right, 5000, 0.001) == 0.6001


def test_a_stated_risk_may_allow_faults() -> None:
    confidences, right = np.array([0.99, 0.95, 0.6, 0.3]), np.array([True, False, False, True])
    assert upper_bound(1, 5000) <= 0.001 < upper_bound(2, 5000)
    assert threshold_for(confidences, right, 5000, 0.001) == 0.6001


def test_too_few_cards_give_a_threshold_above_what_they_prove() -> None:
    confidences, right = np.array([0.99, 0.97, 0.6, 0.3]), np.array([True, True, False, True])
    assert upper_bound(0, 100) > 0.001
    assert 0.6001 < threshold_for(confidences, right, 100, 0.001) < 0.99


def test_the_table_that_is_written_can_be_loaded(tmp_path: Path) -> None:
    found = fitted(cards(80, 20))
    file = tmp_path / "confidence.toml"
    file.write_text(as_toml(found), "utf-8")
    assert load_table(file) == found.table
    assert tomllib.loads(file.read_text("utf-8"))["calibrated"] is True
    assert "20 of them wrong" in file.read_text("utf-8")


def test_cards_of_a_finale_are_not_among_those_that_state_a_number() -> None:
    finales = [replace(one, card=card(200 + i, stated="finale")) for i, one in enumerate(cards(40, 0))]
    finales = [replace(one, reading=read(one.card, "finale").reading) for one in finales]
    assert fitted([*cards(80, 20), *finales]).coverage == 0.8
