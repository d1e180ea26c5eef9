"""Cuts where pictures are shown so long that no transition lasts from one to the next: recorded slides, time lapse.

Nothing around a picture tells how much is usual then, because every picture may be a shot of its own. So a picture that
is unlike the one before begins a shot.
"""

from __future__ import annotations

from ..settings.sections import ShotSettings
from .cuts import Cut, differ_in_light_only
from .window import RowWindow


def are_slides(rows_per_s: float, settings: ShotSettings) -> bool:
    """Whether pictures are further apart than the longest transition lasts."""
    return rows_per_s * settings.longest_transition_s < 1.0


def slide_cuts(window: RowWindow, first: int, end: int, settings: ShotSettings) -> list[Cut]:
    """Cuts at rows `first` to `end` (exclusive), by row: pictures that differ from the one before by what a cut changes
    at least (`shots.cut_floor`), and not in their light alone."""
    first = max(first, window.base + 1)
    changes = window.change(first, end) if first < end else ()
    return [
        Cut(row, float(change))
        for row, change in enumerate(changes, first)
        if change >= settings.cut_floor and not differ_in_light_only(window.grid(row - 1), window.grid(row))
    ]
