"""The crop that an editor drags, as the crop of a file: the format's shape, without bars, not enlarged too far."""

from __future__ import annotations

from math import isfinite

from kernels.surface import Rect

from ...errors import KeyartError
from ...framing.crops import Crop, file_size
from ...manifest import ActiveAreaEntry
from ...settings.formats import Format

_ROUNDING_PX = 0.005
"""Corners and sides are rounded to hundredths of a pixel, as in a manifest."""
_LEAST_SHARE = 1 / 8
"""The least height of a crop, as a share of the largest one that fits. What is enlarged too far gets a smaller file."""


def fitted(form: Format, active: ActiveAreaEntry, display: tuple[int, int], rect: Rect, margin_px: int = 0) -> Crop:
    """The crop nearest to `rect` that the format allows.

    rect: (x, y, width, height) in displayed pixels. It keeps its centre as far as the picture without its bars allows.
    Where its shape is not the format's, the largest rectangle inside it counts; one that fits already is left as it is.
    display: (width, height) of the whole picture. margin_px: left out beside bars too (`settings.crop.bars_margin_px`).
    Raises KeyartError for a rectangle without area, and where bars leave no picture.
    """
    if not all(map(isfinite, rect)) or min(rect[2:]) <= 0:
        raise KeyartError("the crop has no area, drag it again")
    left, top, right, bottom = _edges(active, display, margin_px)
    source = rect if _fits(form, rect, (left, top, right, bottom)) else _moved(form, rect, (left, top, right, bottom))
    size, scale = file_size(form, source[3])
    return Crop(source, size, round(scale, 4))


def _edges(active: ActiveAreaEntry, display: tuple[int, int], margin_px: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of where a crop may be."""
    bars = active.left, active.top, active.right, active.bottom
    left, top, right, bottom = (bar + margin_px if bar else 0 for bar in bars)
    edges = left, top, display[0] - right, display[1] - bottom
    if edges[2] <= edges[0] or edges[3] <= edges[1]:
        raise KeyartError("bars leave no picture to cut, take a picture as it is offered")
    return edges


def _fits(form: Format, rect: Rect, edges: tuple[int, int, int, int]) -> bool:
    x, y, width, height = rect
    shaped = abs(width - height * form.aspect_ratio) <= _ROUNDING_PX * (1 + form.aspect_ratio) + 1e-9
    slack = 2 * _ROUNDING_PX + 1e-9
    across = edges[0] - slack <= x and x + width <= edges[2] + slack
    down = edges[1] - slack <= y and y + height <= edges[3] + slack
    rounded = all(round(value, 2) == value for value in rect)
    return rounded and shaped and across and down and height >= _least(form, edges) - _ROUNDING_PX


def _moved(form: Format, rect: Rect, edges: tuple[int, int, int, int]) -> Rect:
    x, y, width, height = rect
    wanted = min(height, width / form.aspect_ratio)
    tall = round(min(_largest(form, edges), max(_least(form, edges), wanted)), 2)
    wide = round(min(tall * form.aspect_ratio, edges[2] - edges[0]), 2)
    at_x = _clamp(x + (width - wide) / 2, edges[0], edges[2] - wide)
    at_y = _clamp(y + (height - tall) / 2, edges[1], edges[3] - tall)
    return round(at_x, 2), round(at_y, 2), wide, tall


def _largest(form: Format, edges: tuple[int, int, int, int]) -> float:
    return min(edges[3] - edges[1], (edges[2] - edges[0]) / form.aspect_ratio)


def _least(form: Format, edges: tuple[int, int, int, int]) -> float:
    return _largest(form, edges) * _LEAST_SHARE


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
