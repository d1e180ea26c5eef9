"""What the frames of a film show along the borders of the picture, while it is not yet known where shots end."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

import numpy as np

from kernels.active_areas import NO_BARS, Bars, ShotBorders, shot_borders
from kernels.bars import BORDERS

from ..records import Shot


class PendingBorders:
    """The borders of the frames since the last shot closed. Memory: about 6 bytes a frame of the shot, more
    where the decoder adds bars."""

    def __init__(self) -> None:
        self._rows_seen = 0
        self._batches: deque[tuple[np.ndarray, np.ndarray]] = deque()
        self._added: deque[tuple[int, Bars]] = deque()

    def add(self, rows: int, borders: np.ndarray, added: Iterable[Bars] = ()) -> None:
        """Take the next batch. `rows`: its frames. `borders`: (N,) of dtype `kernels.bars.BORDERS`, for some. `added`:
        the bars that the decoder added, for each frame; none where no frame has any."""
        self._added += [(self._rows_seen + place, bars) for place, bars in enumerate(added) if any(bars)]
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
        return shot_borders(np.concatenate([np.zeros(0, BORDERS), *own]), self._added_to(shot))

    def _added_to(self, shot: Shot) -> Bars:
        """The bars that most frames of the shot got, or half of them; `NO_BARS` where most got none. Drops the shot's
        frames."""
        own: Counter[Bars] = Counter()
        while self._added and self._added[0][0] < shot.end_row:
            row, bars = self._added.popleft()
            own[bars] += row >= shot.first_row
        own[NO_BARS] += shot.end_row - shot.first_row - own.total()
        return own.most_common(1)[0][0]
