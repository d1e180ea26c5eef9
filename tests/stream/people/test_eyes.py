"""Open eyes: by the common measure, for smiles, and by what is usual for the person."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face, Gaze
from stream.people.eyes import UNKNOWN_EYES, eye_score, look_of_eyes, openness, typical_openness
from stream.records import Character, Track


def face(
    ratio: float | None, happy: float = 0.0, other: float | None = None, gaze: Gaze | None = None, lips: float = 0.85
) -> Face:
    emotion = np.full(7, (1 - happy) / 6, np.float32)
    emotion[3] = happy
    both = (ratio, ratio if other is None else other)
    mean = None if ratio is None else (ratio + (ratio if other is None else other)) / 2
    return Face(
        (0, 0, 80, 100), 0.9, np.zeros((5, 2), np.float32), 40.0, mean, both, (0.0, 0.0, 0.0), None, emotion,
        UNMEASURED, 0.1, lips, gaze=gaze,
    )  # fmt: skip


def test_a_broad_smile_narrows_eyes_and_does_not_close_them():
    assert openness(face(0.18, happy=1.0, lips=1.0)) == pytest.approx(0.18 / 0.6)
    assert openness(face(0.18, happy=1.0, lips=0.8)) == pytest.approx(0.18)
    assert openness(face(0.18)) == pytest.approx(0.18)
    assert openness(face(None)) is None


def test_scores_run_from_closed_to_open_and_do_not_guess():
    assert eye_score(0.10) == 0.0 and eye_score(0.40) == 1.0
    assert 0.0 < eye_score(0.20) < eye_score(0.24) < 1.0
    assert 0.0 < eye_score(None) == UNKNOWN_EYES < 1.0


def test_large_eyes_half_closed_are_known_by_the_person():
    assert eye_score(0.34) == 1.0
    assert eye_score(0.31, typical=0.45) < 0.5
    assert eye_score(0.20, typical=0.22) == eye_score(0.20)


def test_a_squint_of_one_eye_counts_and_small_differences_do_not():
    assert openness(face(0.35, other=0.30)) == pytest.approx(0.325)
    assert openness(face(0.40, other=0.16)) == pytest.approx(0.195)
    assert eye_score(openness(face(0.40, other=0.16))) < eye_score(openness(face(0.26))) < 1.0


def test_open_eyes_that_look_ahead_are_best_then_those_of_unknown_gaze_then_downcast_ones():
    ahead, unknown, down = (look_of_eyes(face(0.36, gaze=g)) for g in (Gaze(0, 0, 0), None, Gaze(0, 0.1, 0)))
    assert 1.0 == ahead > unknown > down
    assert ahead > look_of_eyes(face(None)) == UNKNOWN_EYES


def test_the_usual_is_told_only_of_people_seen_often_and_blinks_do_not_lower_it():
    ratios = [0.4] * 8 + [0.05] * 3
    often = Track(0, 0, [(float(i), face(r)) for i, r in enumerate(ratios)])
    seldom = Track(1, 0, [(0.0, face(0.3))])
    people = [
        Character("c01", True, (0,), (0,), 1.0, np.zeros(128, np.float32)),
        Character("c02", False, (1,), (0,), 1.0, np.zeros(128, np.float32)),
    ]
    assert typical_openness([often, seldom], people) == {"c01": pytest.approx(0.4)}
