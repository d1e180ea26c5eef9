"""Peers of the engines and of a film that say what a test tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engines.ocr import LineText
from engines.text import TextReading
from kernels.surface import Colour, Geometry, Rect, Surface
from stream.records import TimedSurface

SIZE = (640, 360)
PLAIN = 249
"""The number of a picture that has lines on a plain ground."""


def picture(number: int) -> Surface:
    """A picture whose luma names it: at its top left it has the value `number`, below it noise of its own."""
    luma = np.random.default_rng(number).integers(60, 200, (SIZE[1] // 40, SIZE[0] // 40)).astype(np.uint8)
    luma = np.kron(luma, np.ones((40, 40), np.uint8))
    if number == PLAIN:
        luma[:], luma[100:200:20, 300:400] = 20, 230
    luma[:40, :40] = number
    return Surface(luma, None, None, 8, Colour(), Geometry(*SIZE))


def number_of(surface: Surface) -> int:
    """The number of a picture."""
    return int(surface.y[0, 0])


@dataclass
class Detector:
    """Finds the boxes (N, 4) of a picture that lie in the area that is asked for. `asked`: (number, area, side)."""

    boxes: Mapping[int, Sequence[Sequence[float]]]
    asked: list[tuple[int, Rect | None, int | None]] = field(default_factory=list)

    def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
        number = number_of(surface)
        self.asked.append((number, area, long_side))
        x, y, width, height = area or (0.0, 0.0, *map(float, SIZE))
        inside = [
            box for box in self.boxes.get(number, ()) if x <= box[0] <= x + width and y <= box[1] <= y + height
        ]
        return TextReading(np.array(inside, np.float32).reshape(-1, 4), np.ones(len(inside), np.float32))


@dataclass
class Reader:
    """Reads at each box's left and top edge what it is told, given the picture's number and the margin. `sure`: its
    confidence. `wider`: the same where a line is shown wider than it is; None for no difference."""

    says: Callable[[int, tuple[int, int], float], str]
    name: str = "text_recognition"
    sure: float = 0.99
    turned: Callable[[int, tuple[int, int]], str] | None = None
    wider: Callable[[int, tuple[int, int], float], str] | None = None
    asked: list[tuple[int, int, float]] = field(default_factory=list)

    def read(self, surface: Surface, boxes: np.ndarray, *, margin: float = 0.0, wider: int = 0) -> list[LineText]:
        number, says = number_of(surface), self.says if not wider or self.wider is None else self.wider
        self.asked.append((number, len(boxes), margin))
        return [_line(says(number, (round(box[0]), round(box[1])), margin), self.sure) for box in boxes.tolist()]

    def read_upside_down(self, surface: Surface, boxes: np.ndarray) -> list[LineText]:
        assert self.turned is not None
        number = number_of(surface)
        return [_line(self.turned(number, (round(box[0]), round(box[1]))), 0.99) for box in boxes.tolist()]


@dataclass
class Direction:
    """Says of every line how surely it stands upside down."""

    probability: float

    def upside_down(self, surface: Surface, boxes: np.ndarray) -> np.ndarray:
        return np.full(len(boxes), self.probability, np.float32)


@dataclass
class Pictures:
    """`Decoder.at` for pictures whose number is a function of their time. `asked`: the times of each pass."""

    number: Callable[[float], int]
    asked: list[list[float]] = field(default_factory=list)

    def at(self, times_s: Sequence[float]) -> list[TimedSurface]:
        self.asked.append(list(times_s))
        return [(time_s, picture(self.number(time_s))) for time_s in times_s]


def _line(text: str, sure: float) -> LineText:
    return LineText(text, sure if text else 0.0, np.full(len(text), sure, np.float32))
