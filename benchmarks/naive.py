"""Baselines: choices of ten frames that need little work. Keyart's choice must be better than all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .recall import TOP
from .survey import Survey

BASELINES: Mapping[str, str] = {
    "random": "expected value over random draws of ten frames of the grid",
    "uniform": "the frames in the middle of ten equal parts",
    "ffmpeg_thumbnail": "FFmpeg's `thumbnail` filter, one frame of each tenth",
    "sharpest_per_shot": "the sharpest frame of each shot, the ten sharpest of those",
}


def uniform(survey: Survey) -> list[float]:
    """Times in seconds of the middles of ten equal parts."""
    length_s = survey.end_s - survey.first_pts_s
    return [survey.first_pts_s + length_s * (i + 0.5) / TOP for i in range(TOP)]


def ffmpeg_thumbnail(survey: Survey) -> list[float]:
    """Times in seconds of the frames that FFmpeg's filter took."""
    return [float(t) for t in survey.thumbnails_s[:TOP]]


def sharpest_per_shot(survey: Survey, shots: Sequence[tuple[float, float]]) -> list[float]:
    """Times in seconds of each shot's sharpest frame, the sharpest first. `shots`: (start, end) in seconds, ends
    exclusive."""
    best: list[tuple[float, float]] = []
    for start_s, end_s in shots:
        inside = np.flatnonzero((survey.times_s >= start_s - 1e-6) & (survey.times_s < end_s - 1e-6))
        if len(inside):
            at = inside[int(np.argmax(survey.sharpness[inside]))]
            best.append((float(survey.sharpness[at]), float(survey.times_s[at])))
    return [time_s for _, time_s in sorted(best, reverse=True)[:TOP]]
