"""Chunks of lines for the training: half of each drawn for it, half seen once before and changed a little."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from engines.ocr import VERTICAL_ASPECT, WIDTHS_PX, width_of

from .lines import Line, Source
from .texts import Random

WIDEST_SHOWN_PX = 768
"""Of the widths of `LineReader`; what is longer would make a batch of mostly padding."""
_LATER = 8
"""Chunks after which a line comes once more. A multiple of the number of processes that draw, so that each has drawn
it itself."""


@dataclass(slots=True)
class LineChunks:
    """A data set as PyTorch's loader takes it. Chunk `c` has `size` lines, always the same ones. Drawing a line costs a
    third of what learning it costs, so each is used twice."""

    source: Source
    size: int
    _drawn: dict[int, list[Line]] = field(default_factory=dict)

    def __getitem__(self, chunk: int) -> list[Line]:
        rng = np.random.default_rng((self.source.seed, chunk, 2))
        before = chunk - _LATER if chunk >= _LATER else chunk
        lines = [*self._fresh(chunk), *(changed(rng, line) for line in self._fresh(before))]
        self._drawn = {at: of for at, of in self._drawn.items() if at > chunk - _LATER}
        return lines

    def _fresh(self, chunk: int) -> list[Line]:
        if chunk not in self._drawn:
            half, rng = self.size // 2, np.random.default_rng((self.source.seed, chunk, 3))
            lines = (self.source.line(index) for index in range(chunk * half, (chunk + 1) * half))
            self._drawn[chunk] = [as_shown(rng, line) for line in lines]
        return self._drawn[chunk]


def as_shown(rng: Random, line: Line) -> Line:
    """The line as `engines.ocr.LineReader` shows it: half of the lines at the width that stretches them least, a
    quarter at the next one, where those go that leave a doubt; a quarter stay as they are."""
    kind = rng.random()
    height, width = line.picture.shape[:2]
    if kind < 0.25 or height >= VERTICAL_ASPECT * width:
        return line
    place = WIDTHS_PX.index(width_of((0, 0, width, height))) + (kind >= 0.75)
    to = min(WIDTHS_PX[place], WIDEST_SHOWN_PX)
    filter_ = cv2.INTER_AREA if to < width else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(line.picture, (to, height), interpolation=filter_))
    return replace(line, picture=picture, centres=line.centres * to / width)


def changed(rng: Random, line: Line) -> Line:
    """The line somewhat wider or narrower and higher or lower, brighter or darker, in other colours, half of them
    negative."""
    height, width = line.picture.shape[:2]
    to = int(np.clip(round(width * rng.uniform(0.84, 1.16) / 8) * 8, 16, WIDEST_SHOWN_PX))
    move = np.array([[to / width, 0, 0], [0, 1, rng.uniform(-2.5, 2.5)]])
    picture = cv2.warpAffine(
        line.picture, move, (to, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if rng.random() < 0.5:
        picture = 255 - picture
    if rng.random() < 0.5:
        picture = picture[..., rng.permutation(3)]
    levels = np.clip(np.arange(256) * rng.uniform(0.75, 1.15) + rng.uniform(-15, 25), 0, 255).astype(np.uint8)
    return replace(line, picture=levels[picture], centres=line.centres * to / width)
