"""Whatever the format, the bars and the faces: a crop stays in the picture, has its shape and keeps the person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.faces import Face
from stream.framing.crops import crop_for
from stream.people.looks import leading_face
from stream.records import ActiveRect
from stream.settings.formats import Format, shipped_formats

from ..portraits import face

ROUNDING_PX = 0.0101
"""Corners and sides are rounded to hundredths of a pixel."""


@st.composite
def own_formats(draw: st.DrawFn) -> Format:
    across, down = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    pixels = draw(st.integers(20, 200))
    return Format(
        name="own",
        aspect=(across, down),
        size=(across * pixels, down * pixels),
        eyes_line=draw(st.floats(0, 1)),
        headroom=draw(st.floats(0, 0.5)),
        face_margin=draw(st.floats(0, 2)),
        max_enlargement=draw(st.floats(1, 4)),
    )


FORMATS = st.sampled_from(list(shipped_formats().values())) | own_formats()
ACTIVE = st.builds(ActiveRect, st.integers(0, 400), st.integers(0, 400), st.integers(64, 4096), st.integers(64, 4096))


@st.composite
def faces_in(draw: st.DrawFn, active: ActiveRect, count: int) -> list[Face]:
    """Whole faces inside the picture, from a sixteenth of it to all of it."""
    found = []
    for _ in range(count):
        width, height = (draw(st.floats(1 / 16, 1)) * side for side in (active.width, active.height))
        x = active.x + draw(st.floats(0, 1)) * (active.width - width)
        y = active.y + draw(st.floats(0, 1)) * (active.height - height)
        found.append(face((x, y, width, height)))
    return found


def scenes(most: int, least: int = 0) -> st.SearchStrategy[tuple[ActiveRect, list[Face]]]:
    counts = st.integers(least, most)
    return ACTIVE.flatmap(lambda active: st.tuples(st.just(active), counts.flatmap(lambda n: faces_in(active, n))))


def largest(form: Format, active: ActiveRect) -> tuple[float, float]:
    """Width and height of the largest rectangle of the format's shape."""
    height = min(active.height, active.width / form.aspect_ratio)
    return height * form.aspect_ratio, height


@given(FORMATS, scenes(3))
def test_a_crop_stays_inside_and_has_the_formats_shape(form: Format, scene: tuple[ActiveRect, list[Face]]) -> None:
    active, faces = scene
    x, y, width, height = crop_for(form, active, faces, leading_face(tuple(faces))).source
    assert min(width, height) > 0
    assert active.x - ROUNDING_PX <= x and x + width <= active.x + active.width + ROUNDING_PX
    assert active.y - ROUNDING_PX <= y and y + height <= active.y + active.height + ROUNDING_PX
    assert abs(width - height * form.aspect_ratio) <= ROUNDING_PX * (1 + form.aspect_ratio)


@given(FORMATS, scenes(3))
def test_nothing_is_enlarged_beyond_the_formats_limit(form: Format, scene: tuple[ActiveRect, list[Face]]) -> None:
    active, faces = scene
    crop = crop_for(form, active, faces, leading_face(tuple(faces)))
    (across, down), height = crop.size, crop.source[3]
    assert crop.scale <= form.max_enlargement + 1e-4
    assert 1 <= across <= form.size[0] and 1 <= down <= form.size[1]
    assert down <= height * form.max_enlargement + 0.5 + ROUNDING_PX * form.max_enlargement or down == 1
    if crop.size != form.size:
        assert crop.scale == pytest.approx(form.max_enlargement, abs=1e-4)
        assert abs(across - down * form.aspect_ratio) <= 0.5 + 0.5 * form.aspect_ratio + 1e-6 or 1 in crop.size


@given(FORMATS, scenes(3, least=1))
def test_the_leading_face_is_whole_wherever_it_fits(form: Format, scene: tuple[ActiveRect, list[Face]]) -> None:
    active, faces = scene
    lead = leading_face(tuple(faces))
    assert lead is not None
    room = largest(form, active)
    assume(lead.box[2] <= room[0] and lead.box[3] <= room[1])
    x, y, width, height = crop_for(form, active, faces, lead).source
    left, top, right, bottom = lead.box[0], lead.box[1], lead.box[0] + lead.box[2], lead.box[1] + lead.box[3]
    assert x <= left + ROUNDING_PX and right <= x + width + 2 * ROUNDING_PX
    assert y <= top + ROUNDING_PX and bottom <= y + height + 2 * ROUNDING_PX


@given(FORMATS, scenes(2, least=2))
def test_a_second_face_is_cut_only_where_no_slide_gets_it_out(
    form: Format, scene: tuple[ActiveRect, list[Face]]
) -> None:
    active, faces = scene
    lead = leading_face(tuple(faces))
    assert lead is not None
    other = next(one for one in faces if one is not lead)
    assume(lead.box[2] <= largest(form, active)[0])
    x, _, width, _ = crop_for(form, active, faces, lead).source
    left, right = other.box[0], other.box[0] + other.box[2]
    slack = 2 * ROUNDING_PX
    if any(left + slack < edge < right - slack for edge in (x, x + width)):
        lowest = max(active.x, lead.box[0] + lead.box[2] - width)
        highest = min(active.x + active.width - width, lead.box[0])
        assert not any(lowest + slack <= out <= highest - slack for out in (right, left - width))


@given(FORMATS, scenes(1, least=1), st.integers(-50, 50), st.integers(-50, 50))
def test_where_the_picture_lies_and_which_way_it_faces_changes_nothing(
    form: Format, scene: tuple[ActiveRect, list[Face]], across: int, down: int
) -> None:
    active, (lead,) = scene
    x, y, width, height = lead.box
    rect = crop_for(form, active, [lead], lead).source

    moved = replace(active, x=active.x + across, y=active.y + down)
    other = face((x + across, y + down, width, height))
    assert crop_for(form, moved, [other], other).source == pytest.approx(
        (rect[0] + across, rect[1] + down, rect[2], rect[3]), abs=2 * ROUNDING_PX
    )

    mirrored = face((2 * active.x + active.width - x - width, y, width, height))
    assert crop_for(form, active, [mirrored], mirrored).source == pytest.approx(
        (2 * active.x + active.width - rect[0] - rect[2], *rect[1:]), abs=3 * ROUNDING_PX
    )
