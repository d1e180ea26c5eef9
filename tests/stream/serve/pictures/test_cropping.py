"""Whatever an editor drags: the crop has the format's shape, stays in the picture and is not enlarged too far."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.faces import Face
from kernels.surface import Rect
from stream.errors import KeyartError
from stream.framing.crops import crop_for, file_size
from stream.manifest import ActiveAreaEntry
from stream.people.looks import leading_face
from stream.records import ActiveRect
from stream.serve.pictures.cropping import fitted
from stream.settings.formats import Format, shipped_formats

from ...portraits import face

ROUNDING_PX = 0.0101
FORMATS = st.sampled_from(list(shipped_formats().values()))
SIDES = st.integers(64, 4096)
BARS = st.integers(0, 200)
PLACES = st.floats(-5000, 9000)
RECTS = st.tuples(PLACES, PLACES, st.floats(0.001, 9000), st.floats(0.001, 9000))
FULL = ActiveAreaEntry(top=0, bottom=0, left=0, right=0)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[ActiveAreaEntry, tuple[int, int], ActiveRect]:
    """Bars, the displayed size, and what lies between the bars."""
    top, bottom, left, right = (draw(BARS) for _ in range(4))
    inner = ActiveRect(left, top, draw(SIDES), draw(SIDES))
    display = (left + right + round(inner.width), top + bottom + round(inner.height))
    return ActiveAreaEntry(top=top, bottom=bottom, left=left, right=right), display, inner


@given(FORMATS, pictures(), RECTS)
def test_a_crop_stays_inside_and_has_the_formats_shape(form: Format, picture: tuple, rect: Rect) -> None:
    bars, display, inner = picture
    x, y, width, height = fitted(form, bars, display, rect).source
    assert min(width, height) > 0
    assert inner.x <= x and x + width <= inner.x + inner.width + 1e-6
    assert inner.y <= y and y + height <= inner.y + inner.height + 1e-6
    assert abs(width - height * form.aspect_ratio) <= ROUNDING_PX * (1 + form.aspect_ratio)


@given(FORMATS, pictures(), RECTS)
def test_a_fitted_crop_is_left_as_it_is(form: Format, picture: tuple, rect: Rect) -> None:
    bars, display, _ = picture
    once = fitted(form, bars, display, rect)
    assert fitted(form, bars, display, once.source) == once


@given(FORMATS, pictures(), RECTS)
def test_the_enlargement_limit_decides_the_files_size(form: Format, picture: tuple, rect: Rect) -> None:
    bars, display, _ = picture
    crop = fitted(form, bars, display, rect)
    assert crop.size == file_size(form, crop.source[3])[0]
    assert crop.scale <= form.max_enlargement + 1e-4
    if form.size[1] <= crop.source[3] * form.max_enlargement:
        assert crop.size == form.size


@given(FORMATS, pictures(), st.none() | st.tuples(*[st.floats(0.1, 0.9)] * 2, st.floats(1 / 16, 0.9)))
def test_the_crops_of_a_result_are_left_as_they_are(
    form: Format, picture: tuple, person: tuple[float, float, float] | None
) -> None:
    bars, display, inner = picture
    found: list[Face] = []
    if person is not None:
        side = person[2] * min(inner.width, inner.height)
        found = [
            face((inner.x + person[0] * (inner.width - side), inner.y + person[1] * (inner.height - side), side, side))
        ]
    own = crop_for(form, inner, found, leading_face(tuple(found)))
    crop = fitted(form, bars, display, own.source)
    assert crop.source == own.source
    assert max(abs(a - b) for a, b in zip(crop.size, own.size, strict=True)) <= math.ceil(form.aspect_ratio)


@given(FORMATS, pictures(), st.floats(0.2, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_rectangle_of_the_right_shape_moves_by_nothing_but_rounding(
    form: Format, picture: tuple, share: float, across: float, down: float
) -> None:
    bars, display, inner = picture
    height = share * min(inner.height, inner.width / form.aspect_ratio)
    width = height * form.aspect_ratio
    rect = (inner.x + across * (inner.width - width), inner.y + down * (inner.height - height), width, height)
    assert fitted(form, bars, display, rect).source == pytest.approx(rect, abs=0.02)


def test_a_rectangle_beyond_the_edge_is_moved_back_and_one_too_large_made_smaller() -> None:
    form = shipped_formats()["landscape"]
    assert fitted(form, FULL, (1920, 1080), (1500.0, -300.0, 960.0, 540.0)).source == (960.0, 0.0, 960.0, 540.0)
    assert fitted(form, FULL, (1920, 1080), (-10.0, -10.0, 9600.0, 5400.0)).source == (0.0, 0.0, 1920.0, 1080.0)


def test_beside_bars_a_margin_is_left_out_too() -> None:
    form, bars = shipped_formats()["landscape"], ActiveAreaEntry(top=140, bottom=140, left=0, right=0)
    wide = of_wide_shape(form)
    assert fitted(wide, bars, (1920, 1080), (0.0, 0.0, 1920.0, 1080.0), 4).source == (0.0, 144.0, 1920.0, 792.0)


def of_wide_shape(form: Format) -> Format:
    return form.model_copy(update={"aspect": (1920, 792), "size": (1920, 792)})


@pytest.mark.parametrize(
    "rect", [(0, 0, 0, 9), (0, 0, 9, -1), (math.nan, 0, 9, 9), (0, math.inf, 9, 9), (0, 0, math.inf, 9)]
)
def test_a_rectangle_without_area_is_refused(rect: Rect) -> None:
    with pytest.raises(KeyartError, match="the crop has no area, drag it again"):
        fitted(shipped_formats()["portrait"], FULL, (1920, 1080), rect)


def test_bars_that_leave_nothing_are_refused() -> None:
    bars = ActiveAreaEntry(top=540, bottom=540, left=0, right=0)
    with pytest.raises(KeyartError, match="bars leave no picture"):
        fitted(shipped_formats()["portrait"], bars, (1920, 1080), (0, 0, 9, 9))
