"""Counts the chosen images that a film's truth calls unfit, by the fault that a filter should have prevented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.manifest import ImageEntry, Manifest

from .bars import TOLERANCE_PX
from .characters import shot_at
from .labelled_frames import shows_text
from .layouts import Truth

FAULTS = ("degraded", "with text", "nobody", "not main", "with bars")
"""In shots that were made blurred, dark, …; over titles, credits or subtitles; without people; of minor characters
only; with crops that reach into the film's black bars."""


def faults_of(manifest: Manifest, truth: Truth) -> dict[str, int]:
    """Number of chosen images with each fault."""
    main = {person["id"] for person in truth["cast"]["main"]}
    counts = dict.fromkeys(FAULTS, 0)
    for image in manifest.images:
        shot = shot_at(truth, image.time_s)
        persons = set(shot["persons"])
        counts["degraded"] += shot["degradation"] is not None
        counts["with text"] += shows_text(shot)
        counts["nobody"] += not persons
        counts["not main"] += bool(persons) and not persons & main
        counts["with bars"] += _shows_bars(image, truth)
    return counts


def _shows_bars(image: ImageEntry, truth: Mapping[str, Any]) -> bool:
    bars = truth["bars"]
    right, bottom = truth["width"] - bars["right"], truth["height"] - bars["bottom"]
    return any(
        x < bars["left"] - TOLERANCE_PX
        or y < bars["top"] - TOLERANCE_PX
        or x + width > right + TOLERANCE_PX
        or y + height > bottom + TOLERANCE_PX
        for x, y, width, height in (crop.source_rect for crop in image.crops)
    )
