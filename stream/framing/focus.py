"""Which parts of a picture are out of focus: where there is contrast, but no sharp edge.

An edge of some contrast has a Laplacian as strong as the contrast where it is sharp, and a fraction of it where it is
blurred; how much of the picture is textured does not matter. So the strongest Laplacian around a cell, in a copy of
480 pixels, where grain is gone and defocus is not, is held against the contrast around it in the map's own cells. What
is smooth of itself (a sky, dark cloth, a drawn body) has little contrast, so it is known by the edges around it.

It decides few crops: of 126 pictures (stream/framing/saliency.py) two portrait ones, a sharp leaf before bright bokeh
and a bowl in front of a soft kitchen, of which they show .81 and .90 instead of nothing and .47.
"""

from __future__ import annotations

import cv2
import numpy as np

from kernels.detail import LUMA_UNIT, LUMA_WEIGHTS

DETAIL_LONG_SIDE = 480
"""Longer side of the copy in which detail is sought, pixels; a smaller picture is not enlarged. With half as many or
twice as many nearly the same crops are chosen."""
_AROUND, _SMOOTH = np.ones((5, 5), np.uint8), 2.0
"""Cells in which a cell's sharpest edge and its contrast are sought, and the sigma (cells) over which both are evened
out. From 3×3 to 7×7 and from 1 to 3 crops of 126 pictures show the same of their subjects to .002."""
_LEAST_CONTRAST = 8.0
"""Contrast, code values, that counts at least: a plain cell has no edge to be blurred."""
_SHARP_QUANTILE, _SHARP_AT_MOST = 0.75, 1.0
"""The picture's own sharpness, by which its parts are judged, is that of its sharpest quarter; no more is asked for
than an edge from one pixel to the next has."""
_BLURRED = 0.3
"""A part less sharp than this share of the picture's own sharpness is blurred. With .5 portrait crops of 56 of the
pictures show .002 more of their subjects, but a softly shaded body before leaves in a rendered film is taken for
blurred (bunny, another excerpt)."""
_BLURRED_SHARE = 0.15, 0.3
"""Share of the picture's contrast that lies in blurred parts from which focus begins to count, and where it counts
fully. 4 of the 126 are above the first, 24 with a `_BLURRED` of .5: close-ups before a soft ground."""
_LEAST_WEIGHT, _POWER = 0.05, 2.0
"""What a part that is wholly blurred weighs at least, and the power to which sharpness counts. From .01 to .2 and from
2 to 3 the same is shown; 1 shows less of one subject."""


def focus_weights(picture: np.ndarray, detail: np.ndarray) -> np.ndarray:
    """(h, w) float64, 1 where a picture (h, w, 3) uint8 is as sharp as it is elsewhere, down to `_LEAST_WEIGHT` squared
    where it is blurred; all 1 where it is about as sharp everywhere.

    detail: (h, w) int32, `Ops.detail` of the same part of the film's picture at `DETAIL_LONG_SIDE`.
    """
    luma = (picture.astype(np.float64) @ LUMA_WEIGHTS / LUMA_UNIT).astype(np.float32)
    contrast = _even(cv2.dilate(luma, _AROUND) - cv2.erode(luma, _AROUND))
    sharpness = _even(cv2.dilate(detail.astype(np.float32) / LUMA_UNIT, _AROUND)) / (contrast + _LEAST_CONTRAST)
    own = _BLURRED * min(float(np.quantile(sharpness, _SHARP_QUANTILE)), _SHARP_AT_MOST)
    blurred = float(contrast[sharpness < own].sum()) / max(float(contrast.sum()), 1e-9)
    counts = np.interp(blurred, _BLURRED_SHARE, (0.0, 1.0))
    return np.asarray(np.clip(sharpness / max(own, 1e-9), _LEAST_WEIGHT, 1.0) ** (_POWER * counts))


def _even(cells: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(cells.astype(np.float64), (0, 0), _SMOOTH))
