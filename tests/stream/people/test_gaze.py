"""Eyes that look ahead or at the camera against eyes cast down, rolled aside or crossed."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face, Gaze
from stream.people.gaze import gaze_score
from stream.settings.sections import FaceSettings

LIMIT = FaceSettings().gaze_below


def score(gaze: Gaze | None, yaw: float = 0.0) -> float | None:
    return gaze_score(
        Face(
            (0, 0, 80, 100), 0.9, np.zeros((5, 2), np.float32), 40.0, 0.3, (0.3, 0.3), (yaw, 0.0, 0.0), None, None,
            UNMEASURED, gaze=gaze,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "gaze", [Gaze(0, 0, 0), Gaze(0.08, 0, 0), Gaze(-0.08, 0, 0), Gaze(0, -0.1, 0), Gaze(0, 0, -0.1), Gaze(0, 0, None)]
)
def test_eyes_that_look_about_ahead_or_up_are_as_good_as_any(gaze: Gaze) -> None:
    assert score(gaze) == 1.0


@pytest.mark.parametrize(
    "gaze", [Gaze(0.23, 0, 0), Gaze(-0.23, 0, 0), Gaze(0, 0.11, 0), Gaze(0, 0.11, None), Gaze(0, 0, 0.11)]
)
def test_eyes_rolled_aside_cast_down_or_crossed_are_refused(gaze: Gaze) -> None:
    assert (score(gaze) or 0.0) < LIMIT


def test_a_glance_aside_costs_and_is_not_refused() -> None:
    assert LIMIT < (score(Gaze(0.15, 0, 0)) or 0.0) < 1.0


def test_eyes_of_a_turned_head_may_look_to_the_camera_or_with_the_head_but_not_beyond() -> None:
    to_camera, beyond = Gaze(-0.2, 0, None), Gaze(0.2, 0, None)
    assert score(to_camera, yaw=30) == 1.0 and score(to_camera, yaw=-30) == score(beyond, yaw=30)
    assert (score(beyond, yaw=30) or 0.0) < 0.5
    assert score(Gaze(0, 0, None), yaw=30) == 1.0


def test_an_unknown_gaze_has_no_score() -> None:
    assert score(None) is None
