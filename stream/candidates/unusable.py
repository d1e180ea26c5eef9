"""Frames that are no picture of anything, told from their measurements alone: static, burnt-out frames, colour bars.

They are never used, whatever else is lacking. All measures are relative to the frame's own contrast.
"""

from __future__ import annotations

import numpy as np

from kernels.stats import HISTOGRAM_BINS, HISTOGRAM_SUM

NEVER_USED = frozenset({"dark", "static", "burnt_out", "test_card", "card", "text_overlay"})
"""Reasons that nothing outweighs; the last two are given by `stream.ranking.text`."""

_NOISE_RATIO = 5.0
"""Least Laplacian variance over the variance of luma that is noise: 20 where neighbours are unrelated. (Made snow,
noise of tape and of sensors, 1 to 2 pixels a grain: 6.9 and more; frames of 17 films with a picture: 1.6 at most,
grain of 1922 .6; a shot drowned in noise 1.0 to 3.5, 2026-11-28.)"""
_COARSE_NOISE_RATIO, _COARSE_NOISE_FORMS = 3.0, 0.16
"""The same for coarser snow, if the deviation of 9×16 means is this share of the frame's: it has no large forms. (Snow
of 3 pixels a grain: ratio 3.5, forms .1; frames with ratios above 1: forms .18 and more.)"""
_LEAST_CONTRAST = 12.0
"""Deviation of luma (0–255) below which a frame is flat or dim, and no more: there a little grain is most of what
varies. (Made snow: 17 and more; grainy flat shots taken for noise: 6 to 8.)"""
_MOST_ALIKE = 0.7
"""Largest share of a frame's pixels in one of the 64 bins of luma in noise; letters on a plain ground leave more of it.
Chosen by eye: snow of two tones has .5."""
_CLIPPED_BINS, _CLIPPED_SHARE, _DARK_BELOW, _DARK_SHARE = 2, 0.4, 100.0, 0.05
"""A frame is burnt out when this share of its pixels lies in the highest bins of luma, and of the others no more than
`_DARK_SHARE` lies below `_DARK_BELOW`: a thing on a white ground has dark parts. (All frames of an overexposed
shot of E04; no other frame of 17 films is clipped so far.)"""
_EVEN_ROWS, _EVEN_BY, _STEPS, _STEP = 5, 3, 5, 6
"""Colour bars: so many of the 9 rows of a frame's small luma picture, one below the other, differ by at most
`_EVEN_BY`, and neighbours in them by `_STEP` or more so many times. (No frame of 17 films; 4 steps at most.)"""


def unusable(row: np.void) -> str | None:
    """Why this frame may not be used at all; None when it may. `row`: one record of `kernels.stats.ROW`."""
    if _is_burnt_out(row):
        return "burnt_out"
    if _has_colour_bars(row):
        return "test_card"
    return "static" if _is_noise(row) else None


def _is_noise(row: np.void) -> bool:
    contrast = float(row["luma_std"])
    if contrast < _LEAST_CONTRAST:
        return False
    if float(row["histogram"].max()) > _MOST_ALIKE * HISTOGRAM_SUM:
        return False
    ratio = float(row["laplacian_var"]) / contrast**2
    if ratio <= _COARSE_NOISE_RATIO:
        return False
    forms = float(row["signature_y"].astype(np.float64).std()) / contrast
    return ratio > _NOISE_RATIO or forms < _COARSE_NOISE_FORMS


def _is_burnt_out(row: np.void) -> bool:
    shares = row["histogram"].astype(np.float64) / HISTOGRAM_SUM
    clipped = shares[-_CLIPPED_BINS:].sum()
    dark = shares[: round(_DARK_BELOW / 256 * HISTOGRAM_BINS)].sum()
    return bool(clipped > _CLIPPED_SHARE and dark <= _DARK_SHARE * (1 - clipped))


def _has_colour_bars(row: np.void) -> bool:
    rows = row["signature_y"].astype(np.int64)
    alike = np.abs(np.diff(rows, axis=0)).max(1) <= _EVEN_BY
    runs = [alike[first : first + _EVEN_ROWS - 1].all() for first in range(len(rows) - _EVEN_ROWS + 1)]
    if not any(runs):
        return False
    middle = rows[int(np.argmax(runs)) + _EVEN_ROWS // 2]
    return int((np.abs(np.diff(middle)) >= _STEP).sum()) >= _STEPS
