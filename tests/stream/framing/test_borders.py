from __future__ import annotations

import numpy as np

from kernels.active_areas import ShotBorders
from kernels.bars import BORDERS
from stream.framing.borders import PendingBorders
from stream.records import Shot


def borders(*found: tuple[int, int]) -> np.ndarray:
    """(N,) for pictures at these places; each is dark down to its second number, bright from there."""
    return np.array([(place, (edge, 0, 0, 0), (edge, 0, 0, 0), edge < 90) for place, edge in found], BORDERS)


def shot(first: int, end: int, clean: tuple[int, int] | None = None) -> Shot:
    return Shot(0, first, end, *(clean or (first, end)), first / 25, end / 25, first, end, "cut")


def test_each_frame_speaks_for_its_own_shot_however_frames_are_batched() -> None:
    found = [(0, 40), (8, 38), (16, 90), (24, 7), (32, 5), (40, 60)]
    for size in (1, 7, 16, 48):
        pending = PendingBorders()
        for first in range(0, 48, size):
            pending.add(size, borders(*((row - first, edge) for row, edge in found if first <= row < first + size)))
        assert pending.take(shot(0, 12)) == ShotBorders(2, (38, 0, 0, 0), (38, 0, 0, 0), True)
        assert pending.take(shot(12, 20)) == ShotBorders(1, (90, 0, 0, 0), (90, 0, 0, 0), False)
        assert pending.take(shot(20, 23)) is None
        # A dissolve mixes rows 23 to 30 with the shot before.
        assert pending.take(shot(23, 48, (30, 48))) == ShotBorders(2, (5, 0, 0, 0), (5, 0, 0, 0), True)
        assert not pending._batches


def test_a_film_without_frames_shows_nothing() -> None:
    assert PendingBorders().take(shot(0, 1)) is None


def test_bars_that_most_frames_of_a_shot_got_are_its_own() -> None:
    wide, none = (30, 30, 0, 0), (0, 0, 0, 0)
    for size in (1, 7, 48):
        pending = PendingBorders()
        added = [wide] * 22 + [none] * 20 + [wide] + [none] * 5
        for first in range(0, 48, size):
            pending.add(min(size, 48 - first), borders(), added[first : first + size])
        assert pending.take(shot(0, 20)) == ShotBorders(0, (1 << 30,) * 4, (1 << 30,) * 4, False, wide)
        assert pending.take(shot(20, 24)) is not None  # two with, two without
        assert pending.take(shot(24, 48)) is None
        assert not pending._added
