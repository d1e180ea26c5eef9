"""The definition of TOP-10 recall, on times and vectors small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import recall
from benchmarks.ceiling import most_different
from benchmarks.recall import Figures

EYE = np.eye(100, dtype=np.float32)
"""Likeness of a hundred pictures that all differ."""


def unit(*angles_deg: float) -> np.ndarray:
    """(N, 2) unit vectors; two match when they are at most 60° apart."""
    radians = np.radians(angles_deg)
    return np.stack([np.cos(radians), np.sin(radians)], 1).astype(np.float32)


def test_a_match_is_near_in_time_and_alike() -> None:
    chosen_s = np.array([10.0, 13.0, 13.01, 10.0])
    matched = recall.matches(chosen_s, unit(0, 59, 0, 61), np.array([10.0]), unit(0))
    assert matched[:, 0].tolist() == [True, True, False, False]


def test_three_seconds_to_the_rounding_of_times_still_match() -> None:
    """45.583333 + 3 is 48.583333, and slightly more as a sum of floats."""
    assert recall.matches(np.array([48.583333]), unit(0), np.array([45.58333299]), unit(0)).all()


def test_a_flat_picture_matches_nothing() -> None:
    nothing = np.zeros((1, 2), np.float32)
    assert not recall.matches(np.array([1.0]), nothing, np.array([1.0]), nothing).any()


def test_figures_of_a_choice() -> None:
    matched = np.zeros((10, 4), bool)
    matched[1, 0] = matched[4, 0] = matched[4, 2] = True
    on_never = np.zeros(10, bool)
    on_never[3] = True
    alike = np.eye(10, dtype=np.float32)
    alike[7, 2] = alike[2, 7] = alike[9, 2] = 0.5
    found = recall.figures_of(matched, on_never, alike)
    assert found == Figures(0.0, 1.0, 1.0, 0.2, 0.5, 1.0, 8.0, 2.0, 10.0)
    alike[4, 1] = alike[1, 4] = 0.5
    assert recall.figures_of(matched, on_never, alike).different_matches == 1.0


def test_only_ten_count_and_missing_images_do_not_match() -> None:
    matched = np.ones((12, 1), bool)
    matched[:10] = False
    assert recall.figures_of(matched, np.zeros(12, bool), EYE).hit_at_10 == 0.0
    assert recall.figures_of(np.ones((4, 1), bool), np.zeros(4, bool), EYE[:4, :4]).precision_at_10 == 0.4
    assert recall.figures_of(np.ones((0, 1), bool), np.zeros(0, bool), EYE[:0, :0]).hit_at_1 == 0.0


def test_never_reaches_three_tenths_of_a_second() -> None:
    near = recall.near_never(np.array([9.69, 9.7, 10.3, 10.31]), np.array([10.0]))
    assert near.tolist() == [False, True, True, False]
    assert not recall.near_never(np.array([1.0]), np.zeros(0)).any()


def test_precision_curve_counts_missing_ranks() -> None:
    curve = recall.precision_at(np.array([[True], [False], [True]]), 4)
    assert curve == [1.0, 0.5, pytest.approx(2 / 3), 0.5]


def test_random_is_the_mean_over_draws() -> None:
    matched = np.zeros((100, 1), bool)
    matched[:20] = True
    figures, curve = recall.expected_of_random(matched, np.zeros(100, bool), EYE, 1000, seed=1)
    assert figures.precision_at_10 == pytest.approx(0.2, abs=0.02)
    no_hit = np.prod([(80 - i) / (100 - i) for i in range(10)])
    assert figures.hit_at_10 == pytest.approx(1 - no_hit, abs=0.04)
    assert curve[0] == pytest.approx(figures.hit_at_1, abs=1e-6)
    assert (
        recall.expected_of_random(matched, np.zeros(100, bool), EYE, 50, seed=1)[0]
        == (recall.expected_of_random(matched, np.zeros(100, bool), EYE, 50, seed=1)[0])
    )


def test_interval_holds_the_mean_and_shrinks_to_a_point() -> None:
    figures = [Figures(0, 0, 1, p, 0, 0, 10, 10, 10) for p in (0.1, 0.3, 0.5)]
    summary = recall.summary(figures, seed=3)
    assert summary["precision_at_10"]["mean"] == pytest.approx(0.3)
    assert summary["precision_at_10"]["low"] < 0.3 < summary["precision_at_10"]["high"]
    assert summary["hit_at_10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}


@pytest.mark.parametrize(
    ("angles", "wanted", "most"),
    [
        ((0, 1, 2), 10, 1),
        ((0, 90, 180, 270), 10, 4),
        ((0, 90, 180, 270), 3, 3),
        ((0, 50, 100, 150, 200), 10, 3),
        ((), 10, 0),
    ],
)
def test_most_different_pictures(angles: tuple[float, ...], wanted: int, most: int) -> None:
    """Pictures 50° apart count as the same, so of five in a row every other one can be chosen."""
    assert most_different(unit(*angles), wanted) == (most, True)
