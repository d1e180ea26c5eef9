"""The definition of TOP-10 recall, on times and vectors small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import recall
from benchmarks.ceiling import most_different
from benchmarks.label_shots import never_within_s
from benchmarks.recall import Compared, Expert, Figures

EYE = np.eye(100, dtype=np.float32)
"""Likeness of a hundred pictures that all differ."""


def unit(*angles_deg: float) -> np.ndarray:
    """(N, 2) unit vectors; two match when they are at most 60° apart."""
    radians = np.radians(angles_deg)
    return np.stack([np.cos(radians), np.sin(radians)], 1).astype(np.float32)


def expert(
    *picks_s: float, vectors: np.ndarray | None = None, never_s: tuple[float, ...] = (),
    starts_s: tuple[float, ...] | None = None,
) -> Expert:  # fmt: skip
    return Expert(
        np.array(picks_s, np.float64), unit(*[0] * len(picks_s)) if vectors is None else vectors,
        np.array(never_s, np.float64), None if starts_s is None else np.array(starts_s), 0.3,
    )  # fmt: skip


def matches(times_s: list[float], vectors: np.ndarray, of: Expert) -> list[list[bool]]:
    return recall.compared(np.array(times_s), vectors, of).matched.tolist()  # type: ignore[no-any-return]


def images(matched: np.ndarray, on_never: np.ndarray | None = None, alike: np.ndarray | None = None) -> Compared:
    """Images that lie within a second of the picks they match."""
    count = len(matched)
    none = np.zeros(count, bool)
    return Compared(
        matched,
        matched,
        matched,
        none if on_never is None else on_never,
        EYE[:count, :count] if alike is None else alike,
    )


def test_a_match_is_near_in_time_and_alike() -> None:
    matched = matches([10.0, 13.0, 13.01, 10.0], unit(0, 59, 0, 61), expert(10.0))
    assert matched == [[True], [True], [False], [False]]


def test_a_match_lies_in_the_shot_of_the_label_where_shots_are_known() -> None:
    """12.3749 is the frame with which the shot of 12.375 begins, rounded otherwise."""
    times_s = [10.0, 12.37, 12.3749, 13.0]
    assert matches(times_s, unit(0, 0, 0, 0), expert(11.0, 12.4, starts_s=(0.0, 12.375))) == [
        [True, False], [True, False], [False, True], [False, True],
    ]  # fmt: skip
    assert np.all(matches(times_s, unit(0, 0, 0, 0), expert(11.0, 12.4)))


def test_figures_by_time_need_no_likeness() -> None:
    """Of three images two lie within a second of a pick; of four picks three have an image within three."""
    of = expert(10.0, 12.0, 16.0, 30.0, starts_s=(0.0, 14.0))
    found = recall.figures_of(recall.compared(np.array([10.9, 13.5, 15.0]), unit(90, 90, 90), of))
    assert (found.precision_at_10, found.precision_1s, found.coverage_3s) == (0.0, pytest.approx(2 / 3), 0.75)
    nothing = recall.figures_of(recall.compared(np.zeros(0), np.zeros((0, 2), np.float32), of))
    assert (nothing.precision_1s, nothing.coverage_3s, nothing.chosen) == (0.0, 0.0, 0.0)


def test_three_seconds_to_the_rounding_of_times_still_match() -> None:
    """45.583333 + 3 is 48.583333, and slightly more as a sum of floats."""
    assert matches([48.583333], unit(0), expert(45.58333299)) == [[True]]


def test_a_flat_picture_matches_nothing() -> None:
    nothing = np.zeros((1, 2), np.float32)
    assert matches([1.0], nothing, expert(1.0, vectors=nothing)) == [[False]]


def test_figures_of_a_choice() -> None:
    matched = np.zeros((10, 4), bool)
    matched[1, 0] = matched[4, 0] = matched[4, 2] = True
    on_never = np.zeros(10, bool)
    on_never[3] = True
    alike = np.eye(10, dtype=np.float32)
    alike[7, 2] = alike[2, 7] = alike[9, 2] = 0.5
    found = recall.figures_of(images(matched, on_never, alike))
    assert found == Figures(0.0, 1.0, 1.0, 0.2, 0.5, 1.0, 8.0, 2.0, 10.0, 0.5, 0.2)
    alike[4, 1] = alike[1, 4] = 0.5
    assert recall.figures_of(images(matched, on_never, alike)).different_matches == 1.0


def test_only_ten_count_and_missing_images_do_not_match() -> None:
    matched = np.ones((12, 1), bool)
    matched[:10] = False
    assert recall.figures_of(images(matched)).hit_at_10 == 0.0
    assert recall.figures_of(images(np.ones((4, 1), bool))).precision_at_10 == 0.4
    assert recall.figures_of(images(np.ones((0, 1), bool))).hit_at_1 == 0.0


def test_never_reaches_three_tenths_of_a_second_in_its_shot() -> None:
    times_s = np.array([9.69, 9.7, 10.3, 10.31])

    def on_never(of: Expert) -> list[bool]:
        return recall.compared(times_s, unit(0, 0, 0, 0), of).on_never.tolist()  # type: ignore[no-any-return]

    assert on_never(expert(never_s=(10.0,))) == [False, True, True, False]
    assert on_never(expert(never_s=(10.0,), starts_s=(0.0, 10.2))) == [False, True, False, False]
    assert not any(on_never(expert()))


def test_never_reaches_less_far_in_films_of_less_than_a_minute() -> None:
    assert [never_within_s(length_s) for length_s in (6.0, 59.9, 59.98, 300.0)] == [0.1, 0.1, 0.3, 0.3]


def test_precision_curve_counts_missing_ranks() -> None:
    curve = recall.precision_at(np.array([[True], [False], [True]]), 4)
    assert curve == [1.0, 0.5, pytest.approx(2 / 3), 0.5]


def test_random_is_the_mean_over_draws() -> None:
    matched = np.zeros((100, 1), bool)
    matched[:20] = True
    figures, curve = recall.expected_of_random(images(matched), 1000, seed=1)
    assert figures.precision_at_10 == pytest.approx(0.2, abs=0.02)
    no_hit = np.prod([(80 - i) / (100 - i) for i in range(10)])
    assert figures.hit_at_10 == pytest.approx(1 - no_hit, abs=0.04)
    assert curve[0] == pytest.approx(figures.hit_at_1, abs=1e-6)
    assert (
        recall.expected_of_random(images(matched), 50, seed=1)[0]
        == (recall.expected_of_random(images(matched), 50, seed=1)[0])
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
