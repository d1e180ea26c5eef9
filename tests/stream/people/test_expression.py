"""Extreme expressions: far from the baseline, whichever emotion is the most probable one; open mouths."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from stream.people.expression import (
    emotion_baseline,
    extremeness,
    is_wide_open,
    log_ratios,
    mouth_score,
    shrunk_towards,
)
from stream.settings.sections import ExpressionSettings

RNG = np.random.default_rng(5)
SETTINGS = ExpressionSettings()


def calm(count: int) -> np.ndarray:
    logits = np.array([0, -2, 0, 1, 1, -1, 3.0]) + 0.4 * RNG.normal(size=(count, 7))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


SCREAM = np.array([0.55, 0.1, 0.3, 0.005, 0.02, 0.02, 0.005])


def test_a_scream_among_calm_faces_is_extreme_and_they_are_not():
    faces = calm(60)
    baseline = emotion_baseline(faces)
    assert extremeness(SCREAM, baseline) > SETTINGS.extreme_above
    distances = [extremeness(face, baseline) for face in faces]
    assert np.quantile(distances, 0.95) < SETTINGS.extreme_above


def test_a_few_screams_do_not_move_the_centre():
    faces = np.concatenate([calm(40), np.tile(SCREAM, (8, 1))])
    assert extremeness(SCREAM, emotion_baseline(faces)) > SETTINGS.extreme_above


def test_a_happier_face_than_usual_is_never_extreme_for_its_smile_alone():
    baseline = emotion_baseline(calm(60))
    usual = calm(1)[0]
    ratios = log_ratios(usual[None])[0]
    smile = np.exp(ratios + np.eye(7)[3] * 3)
    smile /= smile.sum()
    frown = np.exp(ratios + np.eye(7)[0] * 3)
    frown /= frown.sum()
    assert extremeness(smile, baseline) < extremeness(frown, baseline)


def test_a_character_with_few_faces_follows_the_film():
    whole, own = emotion_baseline(calm(200)), emotion_baseline(np.tile(SCREAM, (2, 1)))
    drawn = shrunk_towards(own, whole, weight=8)
    assert np.linalg.norm(drawn.centre - whole.centre) < np.linalg.norm(drawn.centre - own.centre)
    assert shrunk_towards(own, whole, weight=0).centre == pytest.approx(own.centre)


def test_certain_zeros_do_not_become_infinite():
    assert np.isfinite(log_ratios(np.eye(7))).all()


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
    assert mouth_score(mouth(0.25, happy=1.0)) == 1.0
    assert not is_wide_open(mouth(0.55, happy=1.0), SETTINGS.mouth_above)


def test_an_unknown_mouth_is_neither_praised_nor_refused():
    assert 0.0 < mouth_score(mouth(None)) < 1.0
    assert not is_wide_open(mouth(None), SETTINGS.mouth_above)


def test_parted_lips_drawn_together_are_in_mid_word_and_closed_ones_are_not():
    assert mouth_score(mouth(0.12, width=0.63)) < 0.3
    assert mouth_score(mouth(0.12, width=0.85)) == 1.0
    assert mouth_score(mouth(0.02, width=0.63)) == 1.0
