"""Logos and watermarks that stay in one place through a film, found in pictures of scenes that are otherwise unlike.

An edge of such a mark has the same place and direction in every picture, whatever is behind it; an edge of a scene
does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kernels.surface import Rect

from ..records import ActiveRect
from ..settings.formats import Format
from .crops import Crop, file_size
from .obstacles import is_clear, is_cut

LONG_SIDE = 384
"""Longer side, pixels, of the pictures that are compared: thin letters must keep their edges."""
LEAST_PICTURES, MOST_PICTURES = 5, 10
"""With fewer pictures chance makes edges of scenes agree; more would tell nothing new. Chosen by eye."""
_LEAST_STEP = 1.5
"""Least slope, luma (0–255) a pixel, that an edge of a mark has in every picture but `_MISSES` of them. (A faint
watermark: 2 to 6.) Chosen by eye."""
_AROUND_PX, _LEAST_AROUND = 5, 0.28
"""An edge of a mark has this share of edges around it, in a square so many pixels wide: a line has two sides. Chosen by
eye."""
_MISSES = 0.2
"""Share of the pictures in which an edge may be missing: something of the scene may hide it. Chosen by eye."""
_JOIN_SHARE = 0.02
"""Edges closer than this share of the longer side belong to one mark: letters of a line. Chosen by eye."""
_LEAST_EDGES, _LEAST_DENSITY, _LEAST_PART = 30, 0.2, 0.15
"""Pixels of edge that a mark has at least, their least share of its box, and of all edges that last: where scenes are
busy and few, some agree by chance. (A logo: 347, .75 and .90; groups of a busy film by chance: 54, .18 and .11, 35, .33
and .07.)"""
_MOST_AREA = 0.1
"""Largest share of the picture that one mark takes; more is the set of a show. Chosen by eye."""
_LEAST_READINGS, _SAME_PLACE = 3, 0.7
"""Pictures in which text is sought, at least; overlap (intersection over union) of boxes at one place. Chosen by eye:
boxes of one line vary by a tenth."""
_MARGIN_PX = 2
"""What is added around a mark, pixels of the small pictures."""


def persistent_marks(pictures: Sequence[np.ndarray], area: Rect) -> list[Rect]:
    """Where logos and watermarks stand, in displayed pixels, from left to right; none with fewer than `LEAST_PICTURES`.

    `pictures`: (h, w) uint8 luma of `area` (displayed pixels), all of one size, of scenes unlike each other.
    """
    if len(pictures) < LEAST_PICTURES:
        return []
    edges = _crowded(_lasting_edges(pictures))
    reach = max(1, round(_JOIN_SHARE * max(edges.shape)))
    joined = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((reach, 2 * reach), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    found = [box[:4].tolist() for number, box in enumerate(stats) if number and _is_mark(edges, labels == number, box)]
    return [_placed(box, edges.shape, area) for box in sorted(found)]


def _lasting_edges(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """(h, w) uint8, 1 where nearly all pictures have an edge of the same direction."""
    luma = [picture.astype(np.float32) for picture in pictures]
    across = np.stack([cv2.Sobel(one, cv2.CV_32F, 1, 0, scale=1 / 8) for one in luma])
    down = np.stack([cv2.Sobel(one, cv2.CV_32F, 0, 1, scale=1 / 8) for one in luma])
    mean_across, mean_down = across.mean(0), down.mean(0)
    length = np.maximum(np.hypot(mean_across, mean_down), 1e-6)
    along = (across * mean_across + down * mean_down) / length
    least = np.quantile(along, _MISSES, axis=0, method="lower")
    return np.asarray((least > _LEAST_STEP).astype(np.uint8))


def _crowded(edges: np.ndarray) -> np.ndarray:
    """The edges (h, w) uint8 that have others around them: those that agree by chance are scattered, and would join to
    marks beside them."""
    around = cv2.boxFilter(edges.astype(np.float32), -1, (_AROUND_PX, _AROUND_PX))
    return np.asarray(edges * (around >= _LEAST_AROUND))


def _is_mark(edges: np.ndarray, inside: np.ndarray, box: np.ndarray) -> bool:
    """Whether a group of edges may be a mark: dense, not large, and not part of the frame around the picture.

    `box`: left, top, width, height, pixels and area of the group.
    """
    left, top, width, height = box[:4].tolist()
    rows, columns = edges.shape
    count = int(edges[inside].sum())
    if left == 0 or top == 0 or left + width >= columns or top + height >= rows:
        return False
    small = width * height <= _MOST_AREA * edges.size
    dense = count >= _LEAST_DENSITY * width * height and count >= _LEAST_PART * int(edges.sum())
    return small and dense and count >= _LEAST_EDGES


def _placed(box: Sequence[int], shape: tuple[int, ...], area: Rect) -> Rect:
    """The box with its margin, in displayed pixels, inside `area`."""
    scale_x, scale_y = area[2] / shape[1], area[3] / shape[0]
    left, top = max(0, box[0] - _MARGIN_PX), max(0, box[1] - _MARGIN_PX)
    right = min(shape[1], box[0] + box[2] + _MARGIN_PX)
    bottom = min(shape[0], box[1] + box[3] + _MARGIN_PX)
    return area[0] + left * scale_x, area[1] + top * scale_y, (right - left) * scale_x, (bottom - top) * scale_y


def with_whole_marks(
    form: Format, crop: Crop, active: ActiveRect, captions: Sequence[Rect], marks: Sequence[Rect]
) -> Crop:
    """The crop itself, or the largest one around it where that cuts no mark and has no caption inside."""
    if not any(is_cut(crop.source, mark) for mark in marks):
        return crop
    x, y, width, height = crop.source
    tall = min(active.height, active.width / form.aspect_ratio)
    wide = tall * form.aspect_ratio
    left = min(max(x + (width - wide) / 2, active.x), active.x + active.width - wide)
    top = min(max(y + (height - tall) / 2, active.y), active.y + active.height - tall)
    source = (round(left, 2), round(top, 2), round(wide, 2), round(tall, 2))
    if any(is_cut(source, mark) for mark in marks) or not is_clear(source, captions):
        return crop
    size, scale = file_size(form, tall)
    return Crop(source, size, round(scale, 4))


def lasting_lines(readings: Sequence[Sequence[Rect]]) -> list[Rect]:
    """The lines of text that stand at one place in nearly all of the readings of pictures that are unlike each other:
    a watermark too faint for its edges. Subtitles change their width with their words. None with fewer than
    `_LEAST_READINGS`."""
    if len(readings) < _LEAST_READINGS:
        return []
    found: list[Rect] = []
    for line in (one for lines in readings for one in lines):
        agreeing = sum(any(_iou(line, other) >= _SAME_PLACE for other in lines) for lines in readings)
        if agreeing >= (1 - _MISSES) * len(readings) and all(_iou(line, other) < _SAME_PLACE for other in found):
            found.append(line)
    return found


def _iou(a: Rect, b: Rect) -> float:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0.0, across) * max(0.0, down)
    return common / max(a[2] * a[3] + b[2] * b[3] - common, 1e-9)
