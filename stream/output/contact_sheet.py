"""The contact sheet: all chosen pictures of a film on one page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..dataflow.cancellation import checkpoint

TILE_WIDTH = 384
_MARGIN = 12
_CAPTION = 26
_BACKGROUND, _INK = (24, 24, 26), (225, 225, 220)


def contact_sheet(tiles: Sequence[tuple[np.ndarray, str]], columns: int) -> np.ndarray:
    """The sheet, (H, W, 3) uint8 RGB, with the tiles in rows of `columns`.

    `tiles`: at least one (picture, caption); all pictures are (h, TILE_WIDTH, 3) uint8 RGB of one height.
    """
    height = tiles[0][0].shape[0]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    cell = (TILE_WIDTH + _MARGIN, height + _CAPTION + _MARGIN)
    sheet = Image.new("RGB", (columns * cell[0] + _MARGIN, rows * cell[1] + _MARGIN), _BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for number, (picture, caption) in enumerate(tiles):
        checkpoint()
        x, y = _MARGIN + number % columns * cell[0], _MARGIN + number // columns * cell[1]
        sheet.paste(Image.fromarray(picture), (x, y))
        draw.text((x, y + height + 5), caption, fill=_INK, font=font)
    return np.asarray(sheet)
