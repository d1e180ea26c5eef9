"""Comparison of found bars with the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.bars import compare_bars, measure_bars
from kernels.bars import ActiveArea

LETTERBOX = {"top": 92, "bottom": 92, "left": 0, "right": 0}


def test_two_pixels_are_forgiven() -> None:
    result = compare_bars(ActiveArea(top=90, bottom=94, left=2), LETTERBOX)
    assert result["passed"]
    assert result["error_px"] == {"top": -2, "bottom": 2, "left": 2, "right": 0}
    assert result["invented"] == []


def test_invented_bars_are_named() -> None:
    result = compare_bars(ActiveArea(top=92, bottom=92, right=3), LETTERBOX)
    assert not result["passed"]
    assert result["invented"] == ["right"]


@pytest.mark.testdata
@pytest.mark.slow
def test_the_quick_episode_has_no_bars(testdata: Path) -> None:
    folder = testdata / "episodes" / "E01"
    truth = json.loads((folder / "truth.json").read_text())
    assert measure_bars(folder / "E01.mp4", truth)["passed"]
