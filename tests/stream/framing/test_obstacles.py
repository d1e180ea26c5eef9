"""Captions and logos stay out of a crop as far as the people stay in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.surface import Rect
from stream.framing.crops import crop_for
from stream.framing.obstacles import avoiding, is_clear
from stream.records import ActiveRect
from stream.settings.formats import shipped_formats

from ..portraits import face

HD = ActiveRect(0, 0, 1920, 1080)
FORMATS = list(shipped_formats().values())
CAPTION = (400.0, 940.0, 1100.0, 80.0)
LOGO = (1700.0, 60.0, 150.0, 90.0)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_crop_shrinks_until_a_caption_below_the_face_is_out(form):
    lead = face((800, 250, 300, 380))
    plain = crop_for(form, HD, [lead], lead).source
    crop = crop_for(form, HD, [lead], lead, [CAPTION]).source
    assert is_clear(crop, [CAPTION])
    assert crop[1] <= lead.box[1] and lead.box[1] + lead.box[3] <= crop[1] + crop[3]
    assert crop[3] >= 0.62 * min(1080, 1920 / form.aspect_ratio) - 0.01
    assert not is_clear((0, 0, 1920, 1080), [CAPTION]) and crop[3] <= plain[3]


def test_a_logo_in_the_corner_moves_the_crop_no_farther_than_it_must():
    form = shipped_formats()["landscape"]
    lead = face((1200, 300, 300, 400))
    crop = crop_for(form, HD, [lead], lead, [LOGO]).source
    assert is_clear(crop, [LOGO])
    touches = crop[0] + crop[2] >= LOGO[0] - 1 or crop[1] <= LOGO[1] + LOGO[3] + 1
    assert touches


def test_a_caption_across_the_face_stays_in_the_crop_and_is_told():
    lead = face((800, 250, 300, 380))
    across = (300.0, 450.0, 1300.0, 90.0)
    for form in FORMATS:
        plain = crop_for(form, HD, [lead], lead).source
        crop = crop_for(form, HD, [lead], lead, [across]).source
        assert crop == plain and not is_clear(crop, [across])


RECTS = st.tuples(st.floats(0, 900), st.floats(0, 500), st.floats(4, 400), st.floats(4, 300))


@given(RECTS, st.lists(RECTS, max_size=3), st.none() | RECTS)
def test_what_is_found_lies_inside_and_has_the_shape(source: Rect, obstacles: list[Rect], needed: Rect | None):
    active = ActiveRect(0, 0, 1400, 900)
    x, y, width, height = avoiding(source, obstacles, active, 0.6 * source[3], needed)
    assert width / height == pytest.approx(source[2] / source[3])
    assert x >= -1e-6 and y >= -1e-6 and x + width <= 1400 + 1e-6 and y + height <= 900 + 1e-6
    assert (x, y, width, height) == source or is_clear((x, y, width, height), obstacles)
