"""One line as the reader sees it, made from a seed and an index alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .alphabet import readable
from .backgrounds import Backgrounds, plain
from .damage import compressed, damaged
from .fonts import Fonts
from .rendering import CLEAR_CONTRAST, LEAST_CONTRAST, Lettering, choose_fonts, compose, letter
from .texts import Random, Written, mistaken_line, number_line, other_line, season_line, short_line

HEIGHT_PX = 48
WIDEST_PX = 640
"""Longer lines are squeezed, as the widest input would be."""


@dataclass(frozen=True, slots=True)
class Line:
    """`picture` (48, W, 3) uint8 RGB, W a multiple of 8; `text`: what is to be read; `written`: what it says. `centres`
    (characters,) float: x of the middle of each character, pixels of `picture`; empty where it is not known."""

    picture: np.ndarray
    text: str
    written: Written
    centres: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Source:
    """What lines are made of.

    seed: together with a line's index it decides everything. numbers: share of lines that state a number. over_footage:
    share that stands on footage. mild: share that is as title cards are: of some size, in a clear colour, compressed,
    but not damaged otherwise. easy: so many of the first lines are of one to four characters and undamaged. latin:
    share of the numbers that are written without a syllable. deformed: share that is drawn as no font has it. seasons:
    share of the numbers that are a season and an episode with many noughts. mistaken: share of the other numbers whose
    signs are easily taken for others.
    """

    fonts: Fonts
    backgrounds: Backgrounds
    seed: int
    numbers: float = 0.6
    over_footage: float = 0.6
    mild: float = 0.5
    easy: int = 0
    latin: float = 0.32
    deformed: float = 0.0
    seasons: float = 0.0
    mistaken: float = 0.0

    def line(self, index: int) -> Line:
        """The line of an index: always the same one. Texts that no font can draw are written anew."""
        rng = np.random.default_rng((self.seed, index))
        while True:
            written, mild = self._written(rng, index), rng.random() < self.mild
            try:
                faces = choose_fonts(rng, self.fonts, written.text)
            except LookupError:
                continue
            size = int(np.exp(rng.uniform(np.log(26 if mild else 16), np.log(72))))
            deformed = bool(self.deformed) and rng.random() < self.deformed
            lettering = letter(rng, written.text, faces, size, deformed)
            if min(lettering.box[2:]) > 3:
                cut = _cut(rng, lettering)
                picture = self._picture(rng, cut, index, mild)
                centres = cut.centres * picture.shape[1] / cut.fill.shape[1]
                return Line(picture, readable(written.text), written, centres)

    def _written(self, rng: Random, index: int) -> Written:
        if index < self.easy:
            return short_line(rng)
        if rng.random() >= self.numbers:
            return other_line(rng)
        if self.seasons and rng.random() < self.seasons:
            return season_line(rng)
        return mistaken_line(rng) if self.mistaken and rng.random() < self.mistaken else number_line(rng, self.latin)

    def _picture(self, rng: Random, cut: Lettering, index: int, mild: bool) -> np.ndarray:
        height, width = cut.fill.shape
        over_footage = self.backgrounds.frames and rng.random() < self.over_footage
        background = self.backgrounds.crop(rng, width, height) if over_footage else plain(rng, width, height)
        picture = compose(rng, cut, background, CLEAR_CONTRAST if mild else LEAST_CONTRAST)
        if index >= self.easy:
            picture = compressed(rng, picture) if mild else damaged(rng, picture, cut.box[3])
        return scaled(picture)


def _cut(rng: Random, lettering: Lettering) -> Lettering:
    """The line with the margins that a detector of text leaves; now and then a pixel of its strokes is lost."""
    x, y, w, h = lettering.box
    shape = lettering.fill.shape
    grow = rng.uniform(-0.03, 0.42, 2) * h if rng.random() < 0.8 else np.full(2, rng.uniform(0.05, 0.2)) * h
    left, right = rng.uniform(0, 0.7, 2) * h
    rows = slice(max(0, int(y - grow[0])), min(shape[0], int(np.ceil(y + h + grow[1]))))
    columns = slice(max(0, int(x - left)), min(shape[1], int(np.ceil(x + w + right))))
    fill = lettering.fill[rows, columns]
    same = lettering.outlined is lettering.fill
    outlined = fill if same else lettering.outlined[rows, columns]
    box = (x - columns.start, max(0, y - rows.start), w, h)
    return Lettering(fill, outlined, box, lettering.centres - columns.start)


def scaled(picture: np.ndarray) -> np.ndarray:
    """(48, W, 3) uint8: a crop at the reader's height, its width in proportion, W a multiple of 8 and at most 640."""
    height, width = picture.shape[:2]
    fitted = min(WIDEST_PX, max(16, round(width * HEIGHT_PX / height / 8) * 8))
    shrinks = height > HEIGHT_PX
    filter_ = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (fitted, HEIGHT_PX), interpolation=filter_))


def batch(pictures: list[np.ndarray], width: int | None = None) -> np.ndarray:
    """(N, 3, 48, W) float32 −1…1: pictures side by side as PP-OCR's readers take them, padded with 0 on the right to
    `width` (default: that of the widest)."""
    wide = width or max(p.shape[1] for p in pictures)
    out = np.zeros((len(pictures), 3, HEIGHT_PX, wide), np.float32)
    for at, picture in enumerate(pictures):
        out[at, :, :, : picture.shape[1]] = picture.transpose(2, 0, 1) / np.float32(127.5) - 1
    return out
