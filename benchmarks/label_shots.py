"""In which shot a label lies, where somebody marked the shots, and how far a refused frame reaches.

A frame on the other side of a cut is another picture, however near it is in time.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]

_SLACK_S = 1e-3
"""Starts of shots and times of images are rounded to this or less, so a frame may seem to lie before its own shot."""
_SHORT_FILM_S = 60.0
_NEVER_S, _NEVER_IN_SHORT_S = 0.3, 0.1


def shot_starts(truth: Path | None) -> Times | None:
    """(S,) starts of the shots that a truth.json marks, in seconds, in order; None where it marks none.

    Raises OSError or ValueError for a file that cannot be read as JSON.
    """
    content = json.loads(truth.read_text("utf-8")) if truth is not None else None
    shots = content.get("shots") if isinstance(content, dict) else None
    starts = [shot.get("start_s") for shot in shots if isinstance(shot, dict)] if isinstance(shots, list) else []
    if not starts or any(isinstance(s, bool) or not isinstance(s, int | float) for s in starts):
        return None
    return np.sort(np.array(starts, np.float64))


def same_shot(times_s: Times, label_times_s: Times, starts_s: Times | None) -> npt.NDArray[np.bool_]:
    """(N, P) bool: whether a time (N,) and a label (P,) lie in the same shot; True for all where no shots are known.

    A time belongs to the last shot that starts no later, give or take a millisecond of rounding.
    """
    if starts_s is None:
        return np.ones((len(times_s), len(label_times_s)), bool)
    shots, label_shots = (np.searchsorted(starts_s - _SLACK_S, t, side="right") for t in (times_s, label_times_s))
    return np.asarray(shots[:, None] == label_shots[None, :])


def never_within_s(length_s: float) -> float:
    """How near to a refused frame an image counts as refused, in seconds: 0.3, or 0.1 in a film of less than a minute.

    In a short film refused and chosen frames lie close together.
    """
    return _NEVER_IN_SHORT_S if round(length_s, 1) < _SHORT_FILM_S else _NEVER_S
