"""What explains the rows between two pictures: an order, a slide or a mix; and the limits of each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stream.shots.dissolves import Dissolve
from stream.shots.gradual import confidence_at, strongest
from stream.shots.wipe_orders import Explained, by_orders, by_slides, covers
from stream.shots.wipes import Wipe

TIMES = np.arange(1, 8) / 8


def pictures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(1, 144) each: two grids of unrelated luma."""
    random = np.random.default_rng(seed)
    return random.uniform(-100, 100, (1, 144)), random.uniform(-100, 100, (1, 144))


def told(by: object, shares: np.ndarray) -> Explained:
    """What `by` makes of rows that show these shares (7, 144) of the second picture."""
    a, b = pictures(1)
    rows = (1 - shares) * a + shares * b
    return by(rows[None].astype(np.float32), a.astype(np.float32), b.astype(np.float32), TIMES)  # type: ignore[operator]


@pytest.mark.parametrize("order", range(0, len(covers()), 3))
def test_each_order_explains_its_own_rows_and_a_mix_does_not(order: int) -> None:
    shown = told(by_orders, covers()[order][[2, 4, 6, 8, 9, 11, 13]])
    assert shown.left[0] < 1e-3 < 0.05 < shown.mixed[0]
    assert shown.uneven[0] <= 0.07 and shown.back[0] == 0


def test_no_order_explains_a_mix_better() -> None:
    shown = told(by_orders, np.repeat(TIMES[:, None], 144, axis=1))
    assert shown.mixed[0] < 1e-3 < 0.01 < shown.left[0]


def test_rows_that_come_back_are_no_way() -> None:
    cover = covers()[0]
    assert told(by_orders, cover[[2, 4, 6, 4, 6, 9, 12]]).back[0] > 0.1


def scenery(seed: int) -> np.ndarray:
    """(9, 32): luma that changes little from column to column."""
    return np.cumsum(np.random.default_rng(seed).normal(0, 10, (9, 32)), axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_a_slide_is_told_by_its_rows(seed: int) -> None:
    strip = np.hstack([scenery(seed)[:, :16], scenery(seed + 10)[:, 16:]])
    rows = np.stack([strip[:, 2 * i : 2 * i + 16].reshape(144) for i in range(1, 8)])[None]
    ends = strip[:, :16].reshape(1, 144), strip[:, 16:].reshape(1, 144)
    slid, ordered = (by(rows, *ends, TIMES) for by in (by_slides, by_orders))
    assert slid.left[0] < 0.25 * ordered.left[0] and slid.uneven[0] < 0.1


def test_confidence_falls_with_doubt_from_1_to_a_half() -> None:
    values = [confidence_at(doubt, 1.35) for doubt in np.linspace(0, 2, 41)]
    assert values[0] == 1 and values[-1] == 0.5
    assert all(a > b for a, b in pairwise(values[:28])) and all(a >= b for a, b in pairwise(values))


def test_of_changes_that_overlap_the_better_one_is_chosen_and_a_doubtful_wipe_last() -> None:
    sure, doubtful = Wipe(10, 20, 0.01, 0.1, 20.0), Wipe(10, 20, 0.13, 0.4, 50.0)
    mix, elsewhere = Dissolve(12, 22, 10.0), Dissolve(30, 40, 1.0)
    assert doubtful.doubt > 1 > sure.doubt
    assert strongest([mix, sure, elsewhere], 0, 100) == [sure, elsewhere]
    assert strongest([mix, doubtful, elsewhere], 0, 100) == [mix, elsewhere]
    assert strongest([doubtful], 0, 100) == [doubtful] and strongest([doubtful], 20, 100) == []
