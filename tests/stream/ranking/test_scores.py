"""Provisional scores: by them the pool must keep the pictures that will be chosen at the end of the film."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import EMOTIONS, UNMEASURED, Face
from kernels.stats import ROW
from kernels.surface import Geometry
from stream.ranking.scores import exposure_score, provisional_score
from stream.records import Candidate
from stream.settings.sections import RankWeights

from .. import portraits


def worth(*, size: float = 500, openness: float = 0.3, mood: str = "happy", faces: bool = True) -> float:
    """The provisional score of a picture with one face in its middle."""
    emotion = np.zeros(len(EMOTIONS), np.float32)
    emotion[EMOTIONS.index(mood)] = 1
    landmarks = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32) * size + (600, 100)
    face = Face(
        (600, 100, size, size), 0.9, landmarks, 0.4 * size, openness, (openness, openness), (0.0, 0.0, 0.0), None,
        emotion, UNMEASURED,
    )  # fmt: skip
    row = np.zeros(1, ROW)[0]
    row["luma_mean"], row["luma_std"], row["colourfulness"] = 110, 50, 30
    shown = (face,) if faces else ()
    return provisional_score(Candidate(0, 1.0, 25, row, shown, None, 1.0, 1.0), Geometry(1920, 1080), RankWeights())


def test_what_a_poster_wants_is_worth_more_before_the_film_is_known():
    assert worth() > worth(mood="fear")
    assert worth() > worth(openness=0.18)
    assert worth() > worth(size=150)
    assert 0 < worth(faces=False) < 1
    assert worth() == worth()


def test_light_is_that_of_the_leading_face_where_it_was_looked_at():
    night = portraits.row(luma_mean=10.0, luma_std=40.0, histogram=0)
    assert exposure_score(night, None) == 0.0
    night["histogram"][[0, 20]] = 8000, 2000
    assert exposure_score(night, None) == pytest.approx((0.2 - 0.03) / (0.4 - 0.03))
    assert exposure_score(night, portraits.face(luma=70.0, contrast=30.0)) == 1.0
    day = portraits.row(luma_mean=120.0, luma_std=50.0)
    assert exposure_score(day, portraits.face(luma=30.0)) == pytest.approx(0.25)
    assert exposure_score(day, portraits.face(luma=235.0)) == pytest.approx(0.1)
    assert exposure_score(day, portraits.face(contrast=0.0, luma=0.0)) == exposure_score(day, None) == 1.0
