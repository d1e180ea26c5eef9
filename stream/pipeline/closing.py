"""What is kept of frames until their shot closes, and what is made of it then: its probes, judged inside the bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kernels.active_areas import ShotBorders
from kernels.bars import ActiveArea
from kernels.inside import inside_share
from kernels.surface import Array, Surface

from ..candidates.probes import PendingPictures, ShotPictures
from ..film import Film
from ..framing.borders import PendingBorders
from ..records import FrameBatch, Shot
from ..settings.model import Settings


@dataclass(frozen=True, slots=True)
class Measured:
    """A batch with its rows (N,) of dtype `kernels.stats.ROW`. `borders`: (n,) of dtype `kernels.bars.BORDERS`, for
    some of its pictures. `small`: index in the batch → small copy of the picture, for some of them. `thumbnails`: of
    all pictures, (N, 27, 48, 3) uint8 (`kernels.ops.Meter.thumbnails`); None where nobody asks for them."""

    batch: FrameBatch
    rows: np.ndarray
    borders: np.ndarray
    small: Mapping[int, Surface]
    thumbnails: Array | None = None


class ClosingShots:
    """The frames since the last shot closed. All they say comes with them, what was found before is this object's own:
    so nothing depends on how fast other stages are."""

    def __init__(self, film: Film, settings: Settings) -> None:
        self._film, self._find_bars = film, settings.crop.bars
        self._pictures = PendingPictures(settings.probes, film.info.fps, settings.faces.moment_s, film.pace)
        self._borders = PendingBorders()
        self._share = 1.0

    def add(self, measured: Measured) -> None:
        """Take the next batch."""
        self._pictures.add(measured.batch, measured.rows, measured.small, self._share)
        added = [surface.bars for surface in measured.batch.surfaces]
        self._borders.add(len(measured.rows), measured.borders, added)

    def close(self, shot: Shot) -> ShotPictures:
        """The probes of the next shot. Adds the shot and what it shows along its borders to the film."""
        borders = self._borders.take(shot)
        self._film.shots.append(shot)
        self._film.bars.add(borders)
        if not self._find_bars:
            return self._pictures.take(shot)
        self._share, area = self._share_of(self._area_of(None)), self._area_of(borders)
        return replace(self._pictures.take(shot, self._share_of(area)), area=area)

    def _area_of(self, borders: ShotBorders | None) -> ActiveArea:
        """The active area of a shot, as far as the film is known."""
        bars = self._film.bars
        return bars.area_of(borders, bars.common_area())

    def _share_of(self, area: ActiveArea) -> float:
        return inside_share(self._film.info.geometry, area)
