"""When enough probes of a shot were read, and which of them become candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.faces import EMOTIONS, UNMEASURED, Face, Gaze, Reading
from stream.candidates.choice import shows_enough

LANDMARKS = np.array([(30, 40), (70, 40), (50, 60), (35, 80), (65, 80)], np.float32)


def calm(mood: str = "neutral", ratio: float = 0.34, mouth: float = 0.02, yaw_deg: float = 0.0) -> Face:
    """A face with open eyes, turned to the viewer, at rest; arguments change one of these."""
    emotion = np.zeros(len(EMOTIONS), np.float32)
    emotion[EMOTIONS.index(mood)] = 1
    face = Face(
        (0, 0, 100, 100), 0.9, LANDMARKS, 40.0, ratio, (ratio, ratio), (yaw_deg, 0.0, 0.0), None, emotion, UNMEASURED
    )
    return replace(face, mouth_openness_ratio=mouth, mouth_width_ratio=0.9, gaze=Gaze(0.0, 0.0, 0.0))


def readings(*leads: Face | None) -> list[Reading]:
    return [Reading(() if lead is None else (lead,), np.zeros(8, np.float32)) for lead in leads]


@pytest.mark.parametrize("mood", ["neutral", "happy"])
def test_two_good_looks_are_enough(mood):
    assert shows_enough(readings(calm(mood), calm(mood), calm("fear")))
    assert not shows_enough(readings(calm(mood), calm("fear")))


@pytest.mark.parametrize(
    "lead", [calm(mouth=0.4), calm(ratio=0.12), calm(yaw_deg=50.0), calm("angry"), calm("surprise")]
)
def test_talking_blinking_turned_away_or_tense_faces_are_no_good_looks(lead):
    assert not shows_enough(readings(lead, lead, lead, calm()))


def test_a_shot_without_a_face_needs_no_second_look_and_one_with_a_face_does():
    assert shows_enough(readings(None, None))
    assert not shows_enough(readings(None, calm(mouth=0.4)))
