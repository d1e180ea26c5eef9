"""A picture that differs from both neighbours stands alone; cuts, motion and few pictures do not make one."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.stats import ROW
from stream.candidates.lone_pictures import lone_pictures
from stream.candidates.moments import Timeline


def changes(**at: float) -> np.ndarray:
    """(30,) float32: 2.0 everywhere, but 0 of the first, and as given (`p10=9.0`)."""
    found = np.full(30, 2.0, np.float32)
    found[0] = 0.0
    for name, change in at.items():
        found[int(name[1:])] = change
    return found


@pytest.mark.parametrize(
    ("change", "cell_change", "expected"),
    [
        (changes(p10=9.0, p11=8.0), changes(), [10]),
        (changes(), changes(p10=40.0, p11=30.0), [10]),
        (changes(p10=9.0), changes(), []),  # a cut
        (changes(p10=5.9, p11=9.0), changes(), []),  # less than three times the usual
        (changes(p1=9.0, p2=9.0, p28=9.0, p29=9.0), changes(), [1, 28]),
        (np.zeros(30), changes(p10=9.0, p11=9.0), [10]),
        (np.zeros(30), np.zeros(30) + np.isin(np.arange(30), (10, 11)) * 8.0, []),  # never unusual
        (np.zeros(30) + np.isin(np.arange(30), (10, 11)) * 1.0, np.zeros(30), []),
        (np.array([0.0, 50.0, 60.0]), np.zeros(3), []),
        (np.array([0.0, 50.0, 60.0, 2.0]), np.zeros(4), [1]),
        (np.zeros(0), np.zeros(0), []),
    ],
)
def test_both_changes_of_a_lone_picture_are_unusual(
    change: np.ndarray, cell_change: np.ndarray, expected: list[int]
) -> None:
    assert np.flatnonzero(lone_pictures(change, cell_change)).tolist() == expected


def test_a_timeline_tells_their_times_over_its_batches() -> None:
    rows = np.zeros(30, ROW)
    rows["pts_s"], rows["change"] = np.arange(30) / 25, changes(p10=9.0, p11=8.0)
    timeline = Timeline()
    assert timeline.lone_s().tolist() == []
    timeline.add(rows[:11], np.zeros(11, np.bool_))
    timeline.add(rows[11:], np.zeros(19, np.bool_))
    assert timeline.lone_s().tolist() == [0.4]
