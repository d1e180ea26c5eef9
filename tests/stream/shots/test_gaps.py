"""A gap in the times of joined streams is no time on screen."""

from __future__ import annotations

import numpy as np
import pytest

from stream.shots.gaps import TimeGaps

from .made_films import rows_of, still
from .test_splitter import split


def test_a_gap_counts_for_the_shot_before_it_less_the_step_that_is_usual() -> None:
    times = np.concatenate([np.arange(50) / 25, 1000 + np.arange(50) / 25])
    first, second = split(rows_of([*still(1, 50), *still(2, 50)], times))
    assert (first.end_s, second.end_s) == (1000.0, pytest.approx(1002.0))
    assert first.end_s - first.start_s - first.gap_s == pytest.approx(2.0)
    assert second.gap_s == 0.0


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_gaps_are_found_between_and_within_batches(batch: int) -> None:
    gaps, times = TimeGaps(), np.concatenate([np.arange(10) / 10, 60 + np.arange(10) / 10, 100 + np.arange(5) / 10])
    for first in range(0, len(times), batch):
        gaps.add(times[first : first + batch], 10.0)
    gaps.add(times[:0], 10.0)
    assert gaps.within_s(0, 25) == pytest.approx(59.0 + 39.0)
    assert gaps.within_s(0, 9) == 0.0
    assert gaps.within_s(9, 10) == pytest.approx(59.0)
    assert gaps.within_s(19, 25) == pytest.approx(39.0)


def test_slides_have_none() -> None:
    slides, held = TimeGaps(), TimeGaps()
    slides.add(np.arange(20) * 6.0, 1 / 6)
    held.add(np.array([0.0, 4.9, 9.8]), 30.0)
    assert slides.within_s(0, 20) == held.within_s(0, 3) == 0.0
