"""Extreme expressions: odder than usual, whichever emotion is the most probable one; open mouths."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from stream.people.expression import (
    emotion_baseline,
    extremeness,
    is_wide_open,
    mouth_score,
    odd_log_odds,
    shrunk_towards,
    smile_share,
)
from stream.people.looks import pleasant_score
from stream.settings.sections import ExpressionSettings

RNG = np.random.default_rng(5)
SETTINGS = ExpressionSettings()


def calm(count: int) -> np.ndarray:
    logits = np.array([0, -2, 0, 1, 1, -1, 3.0]) + 0.4 * RNG.normal(size=(count, 7))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


SCREAM = np.array([0.55, 0.1, 0.3, 0.005, 0.02, 0.02, 0.005])
NEUTRAL_ONLY = np.array([0.003, 0.001, 0.001, 0.001, 0.003, 0.001, 0.99])


def test_a_scream_among_calm_faces_is_extreme_and_they_are_not():
    faces = calm(60)
    baseline = emotion_baseline(faces)
    assert extremeness(SCREAM, baseline) > SETTINGS.extreme_above
    assert max(extremeness(face, baseline) for face in faces) < SETTINGS.extreme_above


def test_a_few_screams_do_not_move_the_centre():
    faces = np.concatenate([calm(40), np.tile(SCREAM, (8, 1))])
    assert extremeness(SCREAM, emotion_baseline(faces)) > SETTINGS.extreme_above


def test_a_calm_or_smiling_face_is_never_extreme_however_rare_it_is():
    smile = np.array([0.001, 0.001, 0.001, 0.99, 0.001, 0.001, 0.005])
    for usual in (calm(60), np.tile(SCREAM, (60, 1))):
        baseline = emotion_baseline(usual)
        assert extremeness(NEUTRAL_ONLY, baseline) < 0.05
        assert extremeness(smile, baseline) < 0.05


def test_who_always_frowns_is_not_extreme_for_frowning():
    frown = np.array([0.5, 0.0, 0.02, 0.03, 0.15, 0.0, 0.3])
    frowning = emotion_baseline(np.tile(frown, (20, 1)))
    assert extremeness(frown, frowning) == 0.0
    assert extremeness(frown, emotion_baseline(np.tile(NEUTRAL_ONLY, (20, 1)))) > SETTINGS.extreme_above


def test_a_character_with_few_faces_follows_the_film():
    whole, own = emotion_baseline(calm(200)), emotion_baseline(np.tile(SCREAM, (2, 1)))
    drawn = shrunk_towards(own, whole, weight=8)
    assert abs(drawn.centre - whole.centre) < abs(drawn.centre - own.centre)
    assert shrunk_towards(own, whole, weight=0).centre == pytest.approx(own.centre)


def test_certain_zeros_do_not_become_infinite():
    assert all(np.isfinite(odd_log_odds(emotion)) for emotion in np.eye(7))


def mouth(openness: float | None, happy: float = 0.0, width: float | None = None) -> Face:
    emotion = np.full(7, (1 - happy) / 6, np.float32)
    emotion[3] = happy
    return Face(
        (0, 0, 80, 100), 0.9, np.zeros((5, 2), np.float32), 40.0, 0.3, (0.3, 0.3), (0.0, 0.0, 0.0), None, emotion,
        UNMEASURED, openness, width,
    )  # fmt: skip


def test_a_mouth_at_rest_is_best_a_talking_one_worse_and_a_gaping_one_extreme():
    assert mouth_score(mouth(0.05)) == 1.0
    assert 0.2 < mouth_score(mouth(0.22)) < 0.8
    assert mouth_score(mouth(0.6)) == 0.0
    assert is_wide_open(mouth(0.6), SETTINGS.mouth_above) and not is_wide_open(mouth(0.3), SETTINGS.mouth_above)


def test_a_smile_may_show_teeth_and_a_laugh_opens_more():
    assert mouth_score(mouth(0.25, happy=1.0, width=1.05)) == 1.0
    assert not is_wide_open(mouth(0.55, happy=1.0, width=1.05), SETTINGS.mouth_above)


def test_teeth_without_the_breadth_of_a_smile_are_no_smile():
    """Teeth that show in the middle of a word are read as happy."""
    smile, word = mouth(0.25, happy=1.0, width=1.05), mouth(0.25, happy=1.0, width=0.82)
    assert smile_share(smile) == 1.0 and smile_share(word) == 0.0
    assert mouth_score(word) < mouth_score(smile)
    assert pleasant_score(word) < pleasant_score(smile)
    assert 0.0 < smile_share(mouth(None, happy=1.0)) < 1.0

def test_an_unknown_mouth_is_neither_praised_nor_refused():
    assert 0.0 < mouth_score(mouth(None)) < 1.0
    assert not is_wide_open(mouth(None), SETTINGS.mouth_above)


def test_parted_lips_drawn_together_are_in_mid_word_and_closed_ones_are_not():
    assert mouth_score(mouth(0.12, width=0.63)) < 0.3
    assert mouth_score(mouth(0.12, width=0.85)) == 1.0
    assert mouth_score(mouth(0.02, width=0.63)) == 1.0
