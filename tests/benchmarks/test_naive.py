"""Baselines with ten images, and with as many as were asked for."""

from __future__ import annotations

import numpy as np

from benchmarks.borders import NO_BORDER
from benchmarks.naive import SAME_NUMBER, sharpest_per_shot, uniform, with_count
from benchmarks.survey import Survey

SHOTS = [(0.0, 4.0), (4.0, 6.0)]


def survey() -> Survey:
    """Ten frames a second for 6 s, sharpest at 1.5, 3.5 and 4.5 s."""
    times_s = np.arange(60) / 10
    sharpness = np.zeros(60)
    sharpness[[15, 35, 45]] = 3, 2, 1
    made = Survey(0.0, 6.0, NO_BORDER, times_s, sharpness, times_s, np.arange(10) * 0.6)
    made.more_thumbnails_s[3] = np.array([0.5, 2.5, 4.5])
    return made


def test_baselines_with_as_many_images() -> None:
    found = with_count(survey(), SHOTS, 3)
    assert found["uniform" + SAME_NUMBER] == [1.0, 3.0, 5.0]
    assert found["ffmpeg_thumbnail" + SAME_NUMBER] == [0.5, 2.5, 4.5]
    assert found["sharpest_per_shot" + SAME_NUMBER] == [1.5, 3.5, 4.5]  # the longer shot in two halves
    assert with_count(survey(), SHOTS, 10)["ffmpeg_thumbnail" + SAME_NUMBER] == (np.arange(10) * 0.6).tolist()


def test_ten_images_stay_what_they_were() -> None:
    assert sharpest_per_shot(survey(), SHOTS) == [1.5, 4.5]
    assert len(uniform(survey())) == 10


def test_no_images_at_all() -> None:
    made = survey()
    made.more_thumbnails_s[0] = np.zeros(0)
    assert not any(with_count(made, SHOTS, 0).values())
    assert with_count(made, [], 3)["sharpest_per_shot" + SAME_NUMBER] == []
