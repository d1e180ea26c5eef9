"""What draws the eye: one thing on an even ground, wherever it lies; people, however small."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.framing.crops import crop_for
from stream.framing.saliency import Saliency, between_rows, map_size, saliency_of
from stream.records import ActiveRect
from stream.settings.formats import shipped_formats

from ..portraits import face

AREA = (0.0, 0.0, 1920.0, 1080.0)
ACTIVE = ActiveRect(0, 0, 1920, 1080)


def scene(*spots: tuple[float, float]) -> np.ndarray:
    """A small grey picture with a bright square at each spot (shares of width and height)."""
    width, height = map_size(AREA)
    picture = np.full((height, width, 3), 90, np.uint8)
    picture += np.random.default_rng(3).integers(0, 6, picture.shape, np.uint8)
    for across, down in spots:
        column, row = int(across * width), int(down * height)
        picture[row - 2 : row + 3, column - 2 : column + 3] = (200, 180, 60)
    return picture


@pytest.mark.parametrize("across", [0.12, 0.3, 0.7, 0.88])
def test_a_portrait_crop_goes_where_the_only_thing_is(across: float):
    saliency = saliency_of(scene((across, 0.5)), AREA)
    x, _, width, _ = crop_for(shipped_formats()["portrait"], ACTIVE, [], None, (), saliency).source
    assert x < across * 1920 < x + width


def test_where_nothing_stands_out_the_middle_is_cut():
    flat = saliency_of(np.full((36, 64, 3), 90, np.uint8), AREA)
    x, _, width, _ = crop_for(shipped_formats()["portrait"], ACTIVE, [], None, (), flat).source
    assert x + width / 2 == pytest.approx(960, abs=40)


def test_a_small_person_outweighs_a_bright_spot():
    saliency = saliency_of(scene((0.85, 0.5)), AREA)
    with_person = saliency.with_people([face((200, 500, 60, 80))])
    form = shipped_formats()["portrait"]
    assert crop_for(form, ACTIVE, [], None, (), saliency).source[0] > 960
    x, y, width, height = crop_for(form, ACTIVE, [], None, (), with_person).source
    assert x <= 200 and x + width >= 260 and y <= 500 <= y + height


def test_of_a_tall_thing_the_top_stays_in():
    weights = np.zeros((64, 36))
    weights[16:60, 10:26] = 1.0
    area = (0.0, 0.0, 1080.0, 1920.0)
    saliency = Saliency(weights / weights.sum(), area)
    _, y = saliency.place(ActiveRect(*area), 1080.0, 600.0)
    assert y == pytest.approx(16 * 30, abs=40)


def test_what_is_heaviest_in_its_middle_is_cut_below_under_a_ceiling_that_weighs_little():
    """A figure of rows 20 to 60 whose belly stands out most. Where a face leads that is not asked."""
    weights = np.full((64, 36), 0.3)
    weights[20:60, 10:26] = 1.0
    weights[36:48, 10:26] = 1.7
    area = (0.0, 0.0, 1080.0, 1920.0)
    saliency = Saliency(weights / weights.sum(), area)
    _, y = saliency.place(ActiveRect(*area), 1080.0, 607.5)
    assert 15 * 30 < y < 21 * 30
    assert saliency.place(ActiveRect(*area), 1080.0, 607.5, tops=False)[1] > 22 * 30


def test_no_edge_runs_through_a_thing_that_cannot_be_whole():
    """Beside the large thing there is room for a third of the small one."""
    weights = np.zeros((36, 64))
    weights[:, 30:50], weights[:, 22:28] = 1.0, 0.6
    x, _ = Saliency(weights / weights.sum(), AREA).place(ACTIVE, 720.0, 1080.0)
    assert 28 * 30 <= x <= 30 * 30


def test_a_large_figure_is_whole_on_busy_ground():
    """Of a figure larger than the grain around it the signature sees the outline at most."""
    width, height = map_size(AREA)
    picture = np.random.default_rng(5).integers(80, 130, (height, width, 3)).astype(np.uint8)
    picture[8:32, 8:28] = (40, 60, 90)
    x, _ = saliency_of(picture, AREA).place(ACTIVE, 720.0, 1080.0)
    assert x <= 8 * 30 + 10 and x + 720 >= 28 * 30 - 10


def test_the_shares_inside_crops_add_up():
    saliency = saliency_of(scene((0.2, 0.4), (0.7, 0.6)), AREA)
    assert saliency.held(AREA) == pytest.approx(1)
    left, right = saliency.held((0, 0, 700, 1080)), saliency.held((700, 0, 1220, 1080))
    assert left + right == pytest.approx(1)
    assert saliency.held((0, 0, 960, 1080)) == pytest.approx(float(saliency.weights[:, :32].sum()))


@given(st.integers(2, 65), st.integers(1, 65), st.integers(0, 2**32 - 1))
def test_a_map_is_read_between_its_cells_as_numpy_reads_each_column(rows: int, columns: int, seed: int):
    random = np.random.default_rng(seed)
    table = random.random((rows, columns))
    places = np.concatenate([random.random(9) * (rows - 1), np.arange(rows)])
    expected = np.stack([np.interp(places, np.arange(rows), line) for line in table.T], axis=1)
    np.testing.assert_array_equal(between_rows(table, places), expected)
