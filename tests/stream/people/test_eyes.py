"""Open eyes: by the common measure, for smiles, and by what is usual for the person."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from stream.people.eyes import eye_score, openness, typical_openness
from stream.records import Character, Track


def face(ratio: float | None, happy: float = 0.0) -> Face:
    emotion = np.full(7, (1 - happy) / 6, np.float32)
    emotion[3] = happy
    return Face(
        (0, 0, 80, 100), 0.9, np.zeros((5, 2), np.float32), 40.0, ratio, (ratio, ratio), (0.0, 0.0, 0.0), None, emotion,
        UNMEASURED,
    )  # fmt: skip


def test_a_smile_does_not_close_eyes():
    assert openness(face(0.18, happy=1.0)) == pytest.approx(0.18 / 0.85)
    assert openness(face(0.18)) == pytest.approx(0.18)
    assert openness(face(None)) is None


def test_scores_run_from_closed_to_open_and_do_not_guess():
    assert eye_score(0.10) == 0.0 and eye_score(0.40) == 1.0
    assert 0.0 < eye_score(0.20) < eye_score(0.24) < 1.0
    assert eye_score(None) == 0.5


def test_large_eyes_half_closed_are_known_by_the_person():
    assert eye_score(0.29) == 1.0
    assert eye_score(0.29, typical=0.45) < 0.5
    assert eye_score(0.20, typical=0.22) == eye_score(0.20)


def test_the_usual_is_told_only_of_people_seen_often_and_blinks_do_not_lower_it():
    ratios = [0.4] * 8 + [0.05] * 3
    often = Track(0, 0, [(float(i), face(r)) for i, r in enumerate(ratios)])
    seldom = Track(1, 0, [(0.0, face(0.3))])
    people = [
        Character("c01", True, (0,), (0,), 1.0, np.zeros(128, np.float32)),
        Character("c02", False, (1,), (0,), 1.0, np.zeros(128, np.float32)),
    ]
    assert typical_openness([often, seldom], people) == {"c01": pytest.approx(0.4)}
