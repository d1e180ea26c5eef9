from __future__ import annotations

from kernels.bars import ActiveArea
from kernels.surface import Geometry
from stream.framing.active import ActiveRects, active_rect, active_rects
from stream.records import ActiveRect

BARS = ActiveArea(top=139, bottom=139)


def test_the_picture_ends_at_the_bars_and_their_margin() -> None:
    assert active_rect(Geometry(1920, 1080), BARS, 1) == ActiveRect(0, 140, 1920, 800)
    assert active_rect(Geometry(1920, 1080), ActiveArea(left=100, right=20), 2) == ActiveRect(102, 0, 1796, 1080)
    assert active_rect(Geometry(1920, 1080), ActiveArea(), 3) == ActiveRect(0, 0, 1920, 1080)


def test_of_a_thin_picture_something_is_left():
    area = ActiveArea(left=159, right=159)
    assert active_rect(Geometry(320, 180), area, 2) == ActiveRect(159, 0, 2, 180)
    assert active_rect(Geometry(321, 180), area, 2) == ActiveRect(160, 0, 1, 180)
    assert active_rect(Geometry(180, 16), ActiveArea(top=5, bottom=5), 2) == ActiveRect(0, 7, 180, 2)


def test_a_shot_with_other_bars_has_a_picture_of_its_own() -> None:
    film, card = ActiveRect(0, 0, 640, 480), ActiveRect(120, 0, 430, 480)
    areas = ActiveRects(film, {3: card})
    assert [areas.of(shot) for shot in (2, 3, 4)] == [film, card, film]
    of_areas = active_rects(Geometry(640, 480), ActiveArea(), {3: ActiveArea(left=119, right=89)}, 1)
    assert of_areas == ActiveRects(film, {3: card})
