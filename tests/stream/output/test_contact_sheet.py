"""The contact sheet shows each frame, and below it the crops as they are cut."""

from __future__ import annotations

import numpy as np
import pytest

from stream.output.contact_sheet import TILE_WIDTH, Tile, contact_sheet, crop_sizes, frame_size

AREA = (0.0, 100.0, 1920.0, 880.0)
LANDSCAPE, PORTRAIT, SQUARE = (100.0, 120.0, 1422.0, 800.0), (700.0, 110.0, 580.0, 870.0), (0.0, 100.0, 800.0, 800.0)
RED, BLUE = (200, 10, 10), (10, 10, 200)


def tile(*sources: tuple[float, float, float, float]) -> Tile:
    width, height = frame_size(AREA)
    frame = np.full((height, width, 3), RED, np.uint8)
    crops = [np.full((tall, wide, 3), BLUE, np.uint8) for wide, tall in crop_sizes(sources)]
    return Tile(frame, AREA, sources, crops, "1   0:02.00   0.900")


def area_of(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((sheet == colour).all(axis=2).sum())


@pytest.mark.parametrize("sources", [(LANDSCAPE, PORTRAIT), (PORTRAIT,), (LANDSCAPE, PORTRAIT, SQUARE, SQUARE), ()])
def test_a_tile_holds_the_frame_and_all_its_crops(sources):
    one = tile(*sources)
    sheet = contact_sheet([one], 5)
    assert sheet.shape[1] == TILE_WIDTH + 24
    assert area_of(sheet, RED) >= 0.95 * one.frame.shape[0] * one.frame.shape[1]
    shown = sum(crop.shape[0] * crop.shape[1] for crop in one.crops)
    assert 0.9 * shown <= area_of(sheet, BLUE) <= shown
    assert sum(crop.shape[1] for crop in one.crops) <= TILE_WIDTH


def test_crops_keep_their_shape_and_share_a_height():
    sizes = crop_sizes([LANDSCAPE, PORTRAIT])
    assert len({height for _, height in sizes}) == 1
    for (wide, tall), (_, _, width, height) in zip(sizes, [LANDSCAPE, PORTRAIT], strict=True):
        assert wide / tall == pytest.approx(width / height, rel=0.02)


def test_the_outline_lies_where_the_crop_is():
    one = tile(LANDSCAPE)
    sheet = contact_sheet([one], 1)
    scale = TILE_WIDTH / AREA[2]
    left, top = 12 + LANDSCAPE[0] * scale, 12 + (LANDSCAPE[1] - AREA[1]) * scale
    line = sheet[12 : 12 + one.frame.shape[0], round(left)]
    assert not (line[round(top) - 12 + 5] == RED).all()
    assert (sheet[12 + 2, round(left) - 5] == RED).all()


def test_rows_are_as_high_as_their_highest_tile():
    tiles = [tile(LANDSCAPE), tile(PORTRAIT), tile()]
    assert contact_sheet(tiles, 2).shape[0] > contact_sheet(tiles[:2], 2).shape[0]
