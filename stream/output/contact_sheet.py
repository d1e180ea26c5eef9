"""The contact sheet: each chosen picture as a whole frame, with the outlines of its crops, and the crops below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kernels.surface import Rect

from ..dataflow.cancellation import checkpoint

TILE_WIDTH = 384
_CROPS_HEIGHT = 216
"""Height of the row of crops, pixels; less where they would be wider than the tile."""
_MARGIN, _GAP = 12, 6
_CAPTION = 26
_BACKGROUND, _INK = (24, 24, 26), (225, 225, 220)
_OUTLINES = ((250, 210, 80), (120, 200, 250), (240, 130, 150), (150, 220, 130))
"""Colours of the outlines and of the crops' frames, one format after the other."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`frame`: (h, TILE_WIDTH, 3) uint8 RGB, the picture inside `area` (displayed pixels). `sources`: the crops in
    displayed pixels. `crops`: the same cut, each (h, w, 3) uint8 RGB of the size that `crop_sizes` says."""

    frame: np.ndarray
    area: Rect
    sources: Sequence[Rect]
    crops: Sequence[np.ndarray]
    caption: str


def frame_size(area: Rect) -> tuple[int, int]:
    """Width and height of the whole frame in a tile."""
    return TILE_WIDTH, max(1, round(TILE_WIDTH * area[3] / area[2]))


def crop_sizes(sources: Sequence[Rect]) -> list[tuple[int, int]]:
    """Width and height of each crop in a tile: side by side, all of one height."""
    ratios = [width / height for _, _, width, height in sources]
    room = TILE_WIDTH - _GAP * (len(sources) - 1)
    height = min(float(_CROPS_HEIGHT), room / sum(ratios)) if ratios else 0.0
    return [(max(1, int(height * ratio)), max(1, int(height))) for ratio in ratios]


def contact_sheet(tiles: Sequence[Tile], columns: int) -> np.ndarray:
    """The sheet, (H, W, 3) uint8 RGB, with the tiles in rows of `columns`. `tiles`: at least one."""
    columns = min(columns, len(tiles))
    rows = [tiles[first : first + columns] for first in range(0, len(tiles), columns)]
    heights = [max(_height(tile) for tile in row) for row in rows]
    size = (columns * (TILE_WIDTH + _MARGIN) + _MARGIN, sum(heights) + (len(rows) + 1) * _MARGIN)
    sheet = Image.new("RGB", size, _BACKGROUND)
    y = _MARGIN
    for row, height in zip(rows, heights, strict=True):
        for column, tile in enumerate(row):
            checkpoint()
            _paste(sheet, tile, _MARGIN + column * (TILE_WIDTH + _MARGIN), y)
        y += height + _MARGIN
    return np.asarray(sheet)


def _height(tile: Tile) -> int:
    crops = max((crop.shape[0] for crop in tile.crops), default=0)
    return int(tile.frame.shape[0] + _GAP + crops + _CAPTION)


def _paste(sheet: Image.Image, tile: Tile, x: int, y: int) -> None:
    draw = ImageDraw.Draw(sheet)
    sheet.paste(Image.fromarray(tile.frame), (x, y))
    scale = TILE_WIDTH / tile.area[2]
    for number, source in enumerate(tile.sources):
        left, top = x + (source[0] - tile.area[0]) * scale, y + (source[1] - tile.area[1]) * scale
        right, bottom = left + source[2] * scale - 1, top + source[3] * scale - 1
        draw.rectangle((left, top, right, bottom), outline=_OUTLINES[number % len(_OUTLINES)])
    below, across = y + tile.frame.shape[0] + _GAP, x
    for number, crop in enumerate(tile.crops):
        sheet.paste(Image.fromarray(crop), (across, below))
        ends = (across, below, across + crop.shape[1] - 1, below + crop.shape[0] - 1)
        draw.rectangle(ends, outline=_OUTLINES[number % len(_OUTLINES)])
        across += crop.shape[1] + _GAP
    deepest = below + max((crop.shape[0] for crop in tile.crops), default=0)
    draw.text((x, deepest + 4), tile.caption, fill=_INK, font=ImageFont.load_default(size=15))
