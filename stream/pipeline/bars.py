"""The active area of the film and of each shot that has another, once all shots are known."""

from __future__ import annotations

from collections.abc import Mapping

from kernels.bars import ActiveArea

from ..film import Film
from ..records import Notice, counted


def active_areas(film: Film, find_bars: bool) -> tuple[ActiveArea, Mapping[int, ActiveArea]]:
    """The film's area: that of the shots that can win, which are those with candidates. Then those of shots that prove
    another one, by index. Adds a notice where shots that can win differ."""
    if not find_bars:
        return ActiveArea(), {}
    can_win = {candidate.shot for candidate in film.candidates}
    area = film.bars.among(can_win).active_area()
    areas = {index: film.bars.area_of(shot, area) for index, shot in enumerate(film.bars.shots)}
    others = {index: own for index, own in areas.items() if own != area}
    if not can_win.isdisjoint(others):
        count = len(can_win & others.keys())
        have = "has its" if count == 1 else "have their"
        shots = f"{count} of {counted(len(can_win), 'shot')} with pictures {have} own"
        message = f"the black bars change within the film, {shots}"
        film.notices.append(Notice("bars_change", message))
    return area, others
