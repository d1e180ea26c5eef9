"""Pictures that are shown for seconds: each that is unlike the one before is a shot."""

from __future__ import annotations

import numpy as np
import pytest

from stream.settings.sections import ShotSettings
from stream.shots.slides import are_slides
from stream.shots.splitter import ShotSplitter

from .made_films import Film, rows_of, still


def starts(film: Film, seconds: float, claimed_fps: float | None) -> list[int]:
    rows = rows_of(film)
    rows["pts_s"] = np.arange(len(rows)) * seconds
    splitter = ShotSplitter(ShotSettings(), claimed_fps)
    shots = [*splitter.add(rows), *splitter.finish(len(rows) * seconds)]
    assert shots[-1].end_s == pytest.approx(len(rows) * seconds)
    return [shot.first_row for shot in shots[1:]]


@pytest.mark.parametrize("claimed_fps", [None, 0.2, 25.0])
def test_every_other_picture_begins_a_shot(claimed_fps: float | None) -> None:
    film = still(1, 1) + still(2, 1) + still(3, 2) + still(4, 1) + still(5, 3) + still(6, 1)
    assert starts(film, 5.0, claimed_fps) == [1, 2, 4, 5, 8]


def test_many_slides() -> None:
    film: Film = [picture for number in range(100) for picture in still(number % 7, 1)]
    assert starts(film, 5.0, 0.2) == list(range(1, 100))


def test_slides_are_told_by_how_long_a_transition_may_last() -> None:
    assert are_slides(0.2, ShotSettings()) and not are_slides(1.0, ShotSettings())
    assert are_slides(1.0, ShotSettings(longest_transition_s=0.5))
