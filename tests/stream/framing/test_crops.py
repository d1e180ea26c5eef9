"""Crops: the format's shape, inside the active area, no face cut, never enlarged too far."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from stream.framing.crops import crop_for
from stream.records import ActiveRect
from stream.settings.formats import Format, shipped_formats

HD = ActiveRect(0, 0, 1920, 1080)
FORMATS = list(shipped_formats().values())


def face_at(x: float, y: float, size: float, score: float = 0.9) -> Face:
    """A frontal face whose box is `size` high at (x, y)."""
    width = 0.75 * size
    eyes = [[x + 0.3 * width, y + 0.4 * size], [x + 0.7 * width, y + 0.4 * size]]
    rest = [[x + 0.5 * width, y + 0.6 * size], [x + 0.35 * width, y + 0.8 * size], [x + 0.65 * width, y + 0.8 * size]]
    return Face(
        (x, y, width, size),
        score,
        np.array(eyes + rest, np.float32),
        0.4 * width,
        0.3,
        (0.3, 0.3),
        (0.0, 0.0, 0.0),
        None,
        None,
        UNMEASURED,
    )


@pytest.mark.parametrize("form", FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize("face", [None, face_at(800, 200, 400), face_at(60, 500, 150), face_at(1700, 20, 220)])
def test_a_crop_has_the_formats_shape_and_stays_inside(form: Format, face: Face | None):
    crop = crop_for(form, HD, [face] if face else [], face)
    x, y, width, height = crop.source
    assert width / height == pytest.approx(form.aspect_ratio, rel=1e-3)
    assert x >= 0 and y >= 0 and x + width <= 1920.02 and y + height <= 1080.02
    assert crop.size[0] / crop.size[1] == pytest.approx(form.aspect_ratio, rel=0.01)


@pytest.mark.parametrize("form", FORMATS, ids=lambda f: f.name)
def test_the_face_is_whole_and_its_eyes_lie_in_the_upper_half(form: Format):
    face = face_at(1100, 250, 330)
    x, y, width, height = crop_for(form, HD, [face], face).source
    assert x <= face.box[0] and face.box[0] + face.box[2] <= x + width
    assert y <= face.box[1] and face.box[1] + face.box[3] <= y + height
    assert 0.2 < (float(face.landmarks[0, 1]) - y) / height < 0.5


def test_bars_stay_out():
    area = ActiveRect(0, 140, 1920, 800)
    face = face_at(900, 150, 500)
    for form in FORMATS:
        _, y, _, height = crop_for(form, area, [face], face).source
        assert y >= 140 and y + height <= 940.02


def test_a_small_source_keeps_the_aspect_at_one_and_a_half():
    crop = crop_for(shipped_formats()["portrait"], ActiveRect(0, 0, 640, 360), [], None)
    assert crop.scale == 1.5
    assert crop.size == (360, 540)


def test_a_second_face_is_taken_whole_or_left_out_whole():
    lead, other = face_at(700, 200, 400), face_at(1060, 260, 300)
    for form in FORMATS:
        x, _, width, _ = crop_for(form, HD, [lead, other], lead).source
        left, right = other.box[0], other.box[0] + other.box[2]
        whole_in = x <= left + 1 and right <= x + width + 1
        whole_out = right <= x + 1 or left >= x + width - 1
        assert whole_in or whole_out, form.name
