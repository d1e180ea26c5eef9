"""What the frames of a film show along the borders of the picture, while it is not yet known where shots end."""

from __future__ import annotations

from collections import deque

import numpy as np

from kernels.active_areas import ShotBorders, shot_borders
from kernels.bars import BORDERS

from ..records import Shot


class PendingBorders:
    """The borders of the frames since the last shot closed. Memory: about 6 bytes a frame of the shot."""

    def __init__(self) -> None:
        self._rows_seen = 0
        self._batches: deque[tuple[np.ndarray, np.ndarray]] = deque()

    def add(self, rows: int, borders: np.ndarray) -> None:
        """Take the next batch. `rows`: its frames. `borders`: (N,) of dtype `kernels.bars.BORDERS`, for some."""
        if len(borders):
            self._batches.append((self._rows_seen + borders["place"], borders))
        self._rows_seen += rows

    def take(self, shot: Shot) -> ShotBorders | None:
        """What the shot shows, without the frames that a dissolve or a fade mixes with a neighbour; None when none of
        its frames was looked at. Drops the shot's frames."""
        own = [
            borders[(shot.clean_first_row <= rows) & (rows < shot.clean_end_row)]
            for rows, borders in self._batches
            if rows[0] < shot.clean_end_row
        ]
        while self._batches and self._batches[0][0][-1] < shot.end_row:
            self._batches.popleft()
        return shot_borders(np.concatenate([np.zeros(0, BORDERS), *own]))
