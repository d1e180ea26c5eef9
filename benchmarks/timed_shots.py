"""Shots of a truth.json that gives only their starts in seconds, and their transitions in words.

    {"start_s": 5.005, "transition_in": "dissolve 5.00-5.95"}

The first word that names a kind says what it is ("effect wipe", "whip pan", "match cut"); an extent in seconds may
follow. What names none, or is hidden or uncertain, is neither missed when it is not found nor invented when it is.
Boundaries are counted in milliseconds instead of frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .layouts import Truth
from .shots import DetectedShots

UNCERTAIN = "uncertain"
"""The kind of a transition whose words name none that is known."""
_KINDS = {kind: kind for kind in ("cut", "dissolve", "fade", "wipe", "zoom", "whip")} | {"crossfade": "dissolve"}
_DOUBTS = {"hidden", "uncertain"}
_AROUND_S = 0.5
"""Half the extent of a gradual transition whose words give none."""
_EXTENT = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


def in_milliseconds(truth: Mapping[str, Any]) -> Truth:
    """The shots with numbers of milliseconds as numbers of frames. Raises KeyError for a shot without `start_s`."""
    return {"shots": [_shot(shot["start_s"], str(shot.get("transition_in", "cut"))) for shot in truth["shots"]]}


def detected_in_milliseconds(starts_s: list[float], times_s: np.ndarray) -> DetectedShots:
    """Starts of detected shots, without the first, and the times of all measured frames (F,), both in seconds."""
    return DetectedShots([_ms(start_s) for start_s in starts_s], np.round(np.asarray(times_s) * 1000).astype(np.int64))


def kind_of(words: str) -> str:
    """What the words of a transition say it is: `cut`, `dissolve`, `fade`, `wipe`, `zoom`, `whip`, or `UNCERTAIN`. No
    words are a cut."""
    found = re.findall(r"[a-z]+", words.lower())
    if _DOUBTS & set(found):
        return UNCERTAIN
    return next((_KINDS[word] for word in found if word in _KINDS), UNCERTAIN if found else "cut")


def extent_of(words: str, start_s: float) -> tuple[float, float]:
    """First and last second of the transition with which a shot begins: twice its start at a cut, half a second to
    either side of it where the words of another kind give no extent."""
    if kind_of(words) == "cut":
        return start_s, start_s
    extent = _EXTENT.search(words)
    return (float(extent[1]), float(extent[2])) if extent else (start_s - _AROUND_S, start_s + _AROUND_S)


def _shot(start_s: float, words: str) -> dict[str, Any]:
    kind = kind_of(words)
    shot: dict[str, Any] = {"start_frame": _ms(start_s), "transition_in": kind, "optional": kind == UNCERTAIN}
    if kind != "cut":
        shot["dissolve_frames"] = [_ms(second) for second in extent_of(words, start_s)]
    return shot


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
