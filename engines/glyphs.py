"""Tells a single large letter or digit, as of a countdown, from what the text detector marks beside lettering: heads,
drawn figures, blurs. One glyph is no line of text, so the detector's answer alone does not say.

A glyph that was laid over a picture has one colour all over, an outline that ends in a pixel or two, and strokes much
thinner than it is high; it stands free of the edges of its box.
"""

from __future__ import annotations

import cv2
import numpy as np

LONG_SIDE = 64
"""Longer side, pixels, of the small picture of a mark."""
_STEPS, _MOST_TRIED = 12, 4
"""Into how many steps each channel is divided to find the commonest colours, and how many of these are tried."""
_LEAST_PEAK = 0.05
"""Share of the picture that such a colour has at least."""
_ONE_COLOUR, _UNLIKE = 14, 60
"""Code values (0–255, the channel that differs most) up to which pixels are of one colour, and from which what lies two
pixels outside is another."""
_LEAST_PART, _MOST_PARTS, _ALL_PARTS = 0.15, 3, 0.9
"""Parts of a glyph, such as the stroke and the dot of an i: each has this share of all pixels of the colour, there are
so many at most, and together they have the last share."""
_SHARE = 0.08, 0.55
"""Least and largest share of the box that it fills."""
_STROKE = 0.06, 0.42
"""Least and largest width of its widest stroke, as a share of its height."""
_LEAST_HEIGHT, _MOST_AT_EDGES, _LEAST_OUTSIDE = 0.5, 0.05, 0.85
"""Share of the box that it is high; share of the four edges that it touches, summed; share of what lies just outside
that is another colour.

The numbers were chosen by eye on a countdown over fireworks. In 1,981 frames of 104 films (one each two seconds, read
at 384 and 192 pixels, 2026-11-30) glyphs are found in eight: a calendar sheet's digit, the countdown, an end card's
letter, the words of a logo that grows, and a drawn figure in a white coat, which is none."""


def is_flat_glyph(picture: np.ndarray) -> bool:
    """Whether a small picture (h, w, 3) uint8 RGB of one mark shows a large letter or digit in one colour."""
    if min(picture.shape[:2]) < 8:
        return False
    values = picture.astype(np.int32)
    return any(_is_glyph(values, colour) for colour in _common_colours(values))


def _common_colours(values: np.ndarray) -> list[np.ndarray]:
    steps = (values * _STEPS // 256) @ np.array([_STEPS**2, _STEPS, 1])
    counts = np.bincount(steps.ravel(), minlength=_STEPS**3)
    commonest = np.argsort(-counts, kind="stable")[:_MOST_TRIED]
    often = commonest[counts[commonest] >= _LEAST_PEAK * steps.size]
    return [np.median(values[steps == step], axis=0) for step in often]


def _is_glyph(values: np.ndarray, colour: np.ndarray) -> bool:
    distance = np.abs(values - colour).max(2)
    ink = distance <= _ONE_COLOUR
    glyph = _large_parts(ink)
    if not _SHARE[0] <= glyph.mean() <= _SHARE[1] or glyph.sum() < _ALL_PARTS * ink.sum():
        return False
    edges = glyph[0].mean() + glyph[-1].mean() + glyph[:, 0].mean() + glyph[:, -1].mean()
    rows = np.flatnonzero(glyph.any(1))
    height = int(rows[-1] - rows[0]) + 1
    if edges > _MOST_AT_EDGES or height < _LEAST_HEIGHT * len(glyph):
        return False
    stroke = 2 * float(cv2.distanceTransform(glyph.astype(np.uint8), cv2.DIST_L2, 3).max()) / height
    return _STROKE[0] <= stroke <= _STROKE[1] and _outside(glyph, distance) >= _LEAST_OUTSIDE


def _large_parts(ink: np.ndarray) -> np.ndarray:
    """(h, w) bool: the large parts of the pixels of one colour; none where there are too many."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    large = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= _LEAST_PART * ink.sum()]
    return np.isin(labels, large) if len(large) <= _MOST_PARTS else np.zeros(ink.shape, bool)


def _outside(glyph: np.ndarray, distance: np.ndarray) -> float:
    """Share of the pixels two away from the glyph that are of another colour."""
    near, far = (cv2.dilate(glyph.astype(np.uint8), np.ones((side, side), np.uint8)) for side in (3, 5))
    ring = (far > 0) & (near == 0)
    return float((distance[ring] >= _UNLIKE).mean()) if ring.any() else 0.0
