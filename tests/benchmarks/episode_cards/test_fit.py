"""Weights and thresholds from cards."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.episode_cards.__main__ import as_toml
from benchmarks.episode_cards.fit import Decided, fitted, threshold_for
from benchmarks.episode_cards.readings import ReadCard
from benchmarks.episode_cards.risk import upper_bound
from stream.episode.confidence import confidence, load_table, shipped_table
from stream.errors import KeyartError

from .made_cards import DOUBTFUL, SURE, card, read


def cards(right: int, wrong: int) -> list[ReadCard]:
    """Right readings agree in all crops, wrong ones in few, both to different degrees."""
    good = [read(card(i), "12", replace(SURE, crops=0.8 + 0.2 * (i % 7) / 7)) for i in range(right)]
    bad = [read(card(right + i), "2", replace(DOUBTFUL, crops=0.1 + 0.3 * (i % 5) / 5)) for i in range(wrong)]
    return good + bad


def test_a_sum_is_worth_what_cards_with_it_are() -> None:
    """Nine of ten readings with the same features are right."""
    some = [read(card(i), "12" if i % 10 else "2", SURE) for i in range(200)]
    poor = [read(card(200 + i), "12" if i % 10 == 0 else "2", DOUBTFUL) for i in range(200)]
    found = fitted([*some, *poor])
    assert confidence(SURE, found.table) == pytest.approx(0.9, abs=0.01)
    assert confidence(DOUBTFUL, found.table) == pytest.approx(0.1, abs=0.01)
    assert (found.cards, found.readings, found.wrong) == (400, 400, 200)


def test_the_fit_counts_what_is_sure_and_wrong() -> None:
    found = fitted(cards(80, 20))
    assert (found.cards, found.readings, found.wrong, found.faults) == (100, 100, 20, 0)
    assert found.bound == upper_bound(0, 100)
    assert found.coverage == 0.8  # of all that state a number


def test_the_proportions_of_the_weights_stay() -> None:
    shipped, found = shipped_table(), fitted(cards(80, 20))
    assert found.table.calibrated
    for name, weight in shipped.weights.items():
        assert found.table.weights[name] == pytest.approx(found.scale * weight, abs=0.01)


def test_a_higher_sum_is_never_worth_less() -> None:
    """Among these cards the wrong readings are the better ones."""
    good = [read(card(i), "12", DOUBTFUL) for i in range(40)]
    bad = [read(card(40 + i), "2", SURE) for i in range(40)]
    found = fitted([*good, *bad])
    assert found.scale == 0.05
    assert confidence(SURE, found.table) >= confidence(DOUBTFUL, found.table)


def test_what_leaves_the_number_open_is_not_fitted_to() -> None:
    some = cards(80, 20)
    open_ = [read(card(200 + i), "2", replace(SURE, strength=0.1)) for i in range(50)]
    assert fitted([*some, *open_]).table == fitted(some).table
    assert (fitted([*some, *open_]).cards, fitted([*some, *open_]).readings) == (150, 100)


def test_films_that_were_decided_count_like_cards() -> None:
    sure = confidence(SURE)
    wrong = [Decided(sure, right=False) for _ in range(100)]
    some = cards(80, 20)
    assert confidence(SURE, fitted(some, wrong).table) < 0.6 < confidence(SURE, fitted(some).table)
    assert (fitted(some, wrong).cards, fitted(some, wrong).wrong) == (200, 120)


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
