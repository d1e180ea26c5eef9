"""Captions and logos stay out of a crop as far as the people stay in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.surface import Rect
from stream.framing.crops import crop_for
from stream.framing.obstacles import avoiding, is_clear, is_cut, sparing
from stream.framing.saliency import Saliency
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


def spot(across: float, down: float) -> Saliency:
    """A map of one thing at this place (shares of width and height), a fifth as wide as the picture."""
    rows, columns = np.mgrid[:36, :64]
    away = ((columns + 0.5) / 64 - across) ** 2 + ((rows + 0.5) / 64 - down * 36 / 64) ** 2
    weights = np.exp(-away / (2 * 0.05**2))
    return Saliency(weights / weights.sum(), (0.0, 0.0, 1920.0, 1080.0))


PORTRAIT = shipped_formats()["portrait"]
COPYRIGHT = (100.0, 900.0, 1700.0, 60.0)
"""A line near the lower edge, wider than a portrait crop."""


def test_a_crop_ends_above_a_wide_mark_at_the_lower_edge():
    """900 rows, and the thing that draws the eye still in it."""
    x, y, width, height = crop_for(PORTRAIT, HD, [], None, (), spot(0.7, 0.4), [COPYRIGHT]).source
    assert (y, height) == (0, 900)
    assert x < 0.6 * 1920 and x + width > 0.8 * 1920


def test_what_draws_the_eye_comes_before_a_mark():
    """The thing lies on the line: without it the crop would be clear."""
    saliency = spot(0.5, 0.86)
    plain = crop_for(PORTRAIT, HD, [], None, (), saliency).source
    assert crop_for(PORTRAIT, HD, [], None, (), saliency, [COPYRIGHT]).source == plain


def test_a_mark_beside_a_face_is_whole_where_it_cannot_be_left_out():
    """It begins on the chin, so that a crop without it would lose a part of the face; 700 to 1380 is narrower than the
    crop, 720."""
    lead, mark = face((700, 100, 400, 800)), (1050.0, 860.0, 330.0, 60.0)
    plain = crop_for(PORTRAIT, HD, [lead], lead).source
    x, _, width, _ = crop = crop_for(PORTRAIT, HD, [lead], lead, (), None, [mark]).source
    assert is_cut(plain, mark) and not is_cut(crop, mark) and not is_clear(crop, [mark])
    assert x <= 700 and x + width >= 1380


def test_no_caption_comes_in_where_a_mark_is_shown_whole():
    """The same beside a caption from 1300 to 1360, where the crop would move."""
    lead, mark, caption = face((700, 100, 400, 800)), (1050.0, 860.0, 330.0, 60.0), (1300.0, 100.0, 60.0, 40.0)
    plain = crop_for(PORTRAIT, HD, [lead], lead)
    assert crop_for(PORTRAIT, HD, [lead], lead, [caption], None, [mark]) == plain


def test_a_mark_that_no_crop_can_spare_moves_nothing():
    across = (500.0, 500.0, 1000.0, 90.0)
    lead = face((800, 250, 300, 380))
    for people in ([lead], []):
        plain = crop_for(PORTRAIT, HD, people, lead if people else None, (), spot(0.5, 0.5))
        assert crop_for(PORTRAIT, HD, people, lead if people else None, (), spot(0.5, 0.5), [across]) == plain


@given(RECTS, st.lists(RECTS, max_size=3), st.lists(RECTS, max_size=2), st.none() | RECTS)
def test_a_crop_that_spares_marks_cuts_fewer_and_shows_no_caption(
    source: Rect, marks: list[Rect], captions: list[Rect], needed: Rect | None
):
    active = ActiveRect(0, 0, 1400, 900)
    crop = sparing(source, marks, captions, active, 0.6 * source[3], needed)
    x, y, width, height = crop
    assert width / height == pytest.approx(source[2] / source[3]) and height <= source[3] + 1e-6
    assert x >= -1e-6 and y >= -1e-6 and x + width <= 1400 + 1e-6 and y + height <= 900 + 1e-6
    if crop != source:
        assert is_clear(crop, captions)
        assert sum(is_cut(crop, mark) for mark in marks) < sum(is_cut(source, mark) for mark in marks)
