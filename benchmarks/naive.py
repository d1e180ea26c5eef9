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


SAME_NUMBER = "_same_number"
"""Ends the name of a baseline that gives as many images as Keyart gave of the film, instead of ten."""


def uniform(survey: Survey, count: int = TOP) -> list[float]:
    """Times in seconds of the middles of `count` equal parts."""
    length_s = survey.end_s - survey.first_pts_s
    return [survey.first_pts_s + length_s * (i + 0.5) / count for i in range(count)]


def ffmpeg_thumbnail(survey: Survey) -> list[float]:
    """Times in seconds of the frames that FFmpeg's filter took."""
    return [float(t) for t in survey.thumbnails_s[:TOP]]


def sharpest_per_shot(survey: Survey, shots: Sequence[tuple[float, float]]) -> list[float]:
    """Times in seconds of each shot's sharpest frame, the sharpest first, ten at most. `shots`: (start, end) in
    seconds, ends exclusive."""
    return _sharpest(survey, shots)[:TOP]


def with_count(survey: Survey, shots: Sequence[tuple[float, float]], count: int) -> dict[str, list[float]]:
    """The baselines with `count` images, by name: times in seconds. The survey must know FFmpeg's choice of that many.

    Where there are fewer shots than images, the longest is halved until there are as many parts.
    """
    parts = list(shots)
    while parts and len(parts) < count:
        start_s, end_s = max(parts, key=lambda part: part[1] - part[0])
        parts.remove((start_s, end_s))
        parts += [(start_s, (start_s + end_s) / 2), ((start_s + end_s) / 2, end_s)]
    found = {
        "uniform": uniform(survey, count),
        "ffmpeg_thumbnail": [float(t) for t in survey.thumbnails_of(count)],
        "sharpest_per_shot": _sharpest(survey, parts)[:count],
    }
    return {name + SAME_NUMBER: times_s for name, times_s in found.items()}


def _sharpest(survey: Survey, parts: Sequence[tuple[float, float]]) -> list[float]:
    best: list[tuple[float, float]] = []
    for start_s, end_s in parts:
        inside = np.flatnonzero((survey.times_s >= start_s - 1e-6) & (survey.times_s < end_s - 1e-6))
        if len(inside):
            at = inside[int(np.argmax(survey.sharpness[inside]))]
            best.append((float(survey.sharpness[at]), float(survey.times_s[at])))
    return [time_s for _, time_s in sorted(best, reverse=True)]
