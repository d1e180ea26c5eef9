"""Distances of all pairs of rows, which are kept from one block to the next, are those of each pair."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.stats import ROW
from stream.settings.sections import ShotSettings
from stream.shots.window import RowWindow, grids_of, median_of


def noise(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    rows = np.zeros(count, ROW)
    for name in ("signature_y", "signature_uv"):
        rows[name] = rng.integers(0, 256, rows[name].shape)
    return rows


def of_each_pair(rows: np.ndarray) -> np.ndarray:
    grids = grids_of(rows).astype(np.int64)
    return np.asarray(((grids[:, None] - grids[None]) ** 2).sum(axis=2))


@pytest.mark.parametrize(
    "asked",
    [
        [(0, 60), (32, 92), (64, 100)],
        [(0, 40), (0, 40), (10, 40), (10, 90)],
        [(50, 90), (20, 60)],
        [(0, 20), (40, 60), (30, 70)],
    ],
)
def test_squared_distances_do_not_depend_on_what_was_asked_before(asked: list[tuple[int, int]]) -> None:
    rows, window = noise(100), RowWindow(ShotSettings())
    window.append(rows)
    for first, end in asked:
        np.testing.assert_array_equal(window.squared_distances(first, end), of_each_pair(rows[first:end]))


def test_squared_distances_are_known_by_row_when_rows_have_left() -> None:
    rows, window = noise(100), RowWindow(ShotSettings())
    window.append(rows[:60])
    window.squared_distances(0, 60)
    window.drop_before(25)
    window.append(rows[60:])
    np.testing.assert_array_equal(window.squared_distances(30, 100), of_each_pair(rows[30:]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 23])
def test_the_median_is_numpys(count: int, kind: type[np.floating]) -> None:
    values = np.random.default_rng(count).normal(size=count).astype(kind)
    assert median_of(values) == float(np.median(values))
