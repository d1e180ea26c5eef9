"""Shots of a truth.json that gives only their starts in seconds, and their transitions in words.

    {"start_s": 5.005, "transition_in": "dissolve 5.00-5.95"}

The first word says what it is: `cut`, `dissolve` or `fade`; an extent in seconds may follow. What is none of these (a
wipe, a cut that something hides) is neither missed when it is not found nor invented when it is. Boundaries are counted
in milliseconds instead of frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .layouts import Truth
from .shots import DetectedShots

_KINDS = ("cut", "dissolve", "fade")
_AROUND_S = 0.5
"""Half the extent of a gradual transition whose words give none."""
_EXTENT = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


def in_milliseconds(truth: Mapping[str, Any]) -> Truth:
    """The shots with numbers of milliseconds as numbers of frames. Raises KeyError for a shot without `start_s`."""
    return {"shots": [_shot(shot["start_s"], str(shot.get("transition_in", "cut"))) for shot in truth["shots"]]}


def detected_in_milliseconds(starts_s: list[float], times_s: np.ndarray) -> DetectedShots:
    """Starts of detected shots, without the first, and the times of all measured frames (F,), both in seconds."""
    return DetectedShots([_ms(start_s) for start_s in starts_s], np.round(np.asarray(times_s) * 1000).astype(np.int64))


def _shot(start_s: float, words: str) -> dict[str, Any]:
    first = words.split()[0].lower() if words.split() else "cut"
    kind = first if first in _KINDS else "uncertain"
    shot: dict[str, Any] = {"start_frame": _ms(start_s), "transition_in": kind, "optional": kind == "uncertain"}
    if kind != "cut":
        extent = _EXTENT.search(words)
        begin, end = map(float, extent.groups()) if extent else (start_s - _AROUND_S, start_s + _AROUND_S)
        shot["dissolve_frames"] = [_ms(begin), _ms(end)]
    return shot


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
