"""Pictures to JPEG, and the contact sheet that shows a film's choice at one glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kernels.surface import Array

from .errors import KeyartError

TILE_WIDTH = 384
_MARGIN = 12
_CAPTION = 26
_BACKGROUND, _INK = (24, 24, 26), (225, 225, 220)


class Encoder(Protocol):
    """Encodes pictures that lie on its device."""

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """A baseline JPEG (sRGB, no metadata) of (H, W, 3) uint8."""
        ...


class CpuEncoder:
    """libjpeg-turbo through OpenCV."""

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """See `Encoder`. Raises KeyartError when the picture cannot be encoded."""
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
        if not done:
            raise KeyartError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} could not be encoded, report this")
        return data.tobytes()


def contact_sheet(tiles: Sequence[tuple[np.ndarray, str]], columns: int) -> np.ndarray:
    """Pictures (h, TILE_WIDTH, 3) uint8 of one size with their captions, in rows of `columns`; (H, W, 3) uint8."""
    height = tiles[0][0].shape[0]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    cell = (TILE_WIDTH + _MARGIN, height + _CAPTION + _MARGIN)
    sheet = Image.new("RGB", (columns * cell[0] + _MARGIN, rows * cell[1] + _MARGIN), _BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for number, (picture, caption) in enumerate(tiles):
        x, y = _MARGIN + number % columns * cell[0], _MARGIN + number // columns * cell[1]
        sheet.paste(Image.fromarray(picture), (x, y))
        draw.text((x, y + height + 5), caption, fill=_INK, font=font)
    return np.asarray(sheet)
