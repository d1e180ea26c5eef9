"""The film's bars are those of the shots that can win, each shot keeps its own, and pictures are judged inside them."""

from __future__ import annotations

import numpy as np

from kernels.active_areas import ShotBorders
from kernels.bars import BORDERS, ActiveArea
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.film import Film
from stream.pipeline.bars import active_areas
from stream.pipeline.closing import ClosingShots, Measured
from stream.records import FrameBatch, Shot
from stream.settings.model import Settings
from stream.settings.sections import CropSettings

from ..portraits import candidate, film

CARD, SCENE = ActiveArea(left=120, right=89), ActiveArea()
SURFACE = Surface(np.zeros((2, 2), np.uint8), None, None, 8, Colour(), Geometry(640, 480))


def shows(area: ActiveArea, frames: int) -> ShotBorders:
    bars = area.top, area.bottom, area.left, area.right
    return ShotBorders(frames, bars, bars, True)


def silent_film(*can_win: int) -> Film:
    """Long letter cards between short scenes, one of which shows nothing along its borders."""
    found = film([candidate(float(shot), shot=shot) for shot in can_win], size=(640, 480))
    for shot in (shows(CARD, 40), shows(SCENE, 10), shows(CARD, 40), None, shows(SCENE, 10)):
        found.bars.add(shot)
    return found


def test_cards_that_cannot_win_do_not_cut_the_scenes() -> None:
    found = silent_film(1, 3, 4)
    assert active_areas(found, find_bars=True) == (SCENE, {0: CARD, 2: CARD})
    assert found.notices == []


def test_bars_that_change_among_the_shots_that_can_win_are_told() -> None:
    found = silent_film(0, 1, 2, 3, 4)
    area, others = active_areas(found, find_bars=True)
    assert (area, others) == (CARD, {1: SCENE, 4: SCENE})
    (notice,) = found.notices
    assert notice.code == "bars_change" and "2 of 5 shots" in notice.message


def test_bars_may_be_taken_for_picture() -> None:
    assert active_areas(silent_film(1), find_bars=False) == (ActiveArea(), {})


def closed(bars: bool) -> dict[str, int]:
    """Why pictures are rejected of a shot in letterbox whose mean luma is 15, and 20 inside."""
    found = film(size=(640, 480))
    rows = np.zeros(48, ROW)
    rows["pts_s"], rows["luma_mean"], rows["luma_std"], rows["laplacian_var"] = np.arange(48) / 25, 15, 40, 100
    edges = [60, 60, 0, 0]
    borders = np.array([(place, edges, edges, True) for place in range(0, 48, 8)], BORDERS)
    closing = ClosingShots(found, Settings(crop=CropSettings(bars=bars)))
    batch = FrameBatch([SURFACE] * 48, rows["pts_s"], np.arange(48), np.zeros(48, bool))
    closing.add(Measured(batch, rows, borders, {}))
    taken = closing.close(Shot(0, 0, 48, 0, 48, 0.0, 1.92, 0, 48, "cut"))
    assert [shot.index for shot in found.shots] == [0]
    assert found.bars.shots == [ShotBorders(6, tuple(edges), tuple(edges), True)]
    return dict(taken.rejected)


def test_a_shot_is_judged_inside_its_own_bars() -> None:
    assert closed(bars=True) == {}
    assert set(closed(bars=False)) == {"dark"}
