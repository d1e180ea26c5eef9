"""Letters that no font of the training has: figures of old style, characters of uneven size, wavy and brushed strokes,
holes and gaps (`carving`), hairlines, a pen's script (`handwriting`).

Few Korean fonts are free, and a reader learns them by heart. Lines drawn so are for training alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .carving import gapped, holed, thinned
from .handwriting import slanted, written
from .strokes import disc, line_kernel
from .texts import Random

_TOLD = re.compile(r"(?<![A-Za-z])(?:S\d+|(?:S\d+[ :]?)?(?:E|EP|Ep|ep)[. ]*\d+|제? ?\d\d+)")
"""Numbers whose noughts are such whatever they look like."""
_SMALL, _LOW = "012", "34579"
"""Figures of old style: as high as an x, and those that reach below the line."""


_OF_OLD, _BY_HAND, _HOLED, _GAPPED = 0.3, 0.64, 0.82, 0.91
"""Kinds of lines, each up to its share of all; the rest is hairlines."""


@dataclass(frozen=True, slots=True)
class Measures:
    """A line and its measures in pixels: the size of its letters, its outline's width, x of the middle of each of its
    characters, y of all of them."""

    text: str
    size_px: int
    outline_px: int
    centres: np.ndarray
    middle_px: float

    def of_syllables(self, width: int) -> np.ndarray:
        """(width,) bool: the columns whose nearest character is a syllable."""
        syllables = np.array([ord(character) >= 0xAC00 for character in self.text])
        return np.asarray(syllables[np.abs(np.arange(width)[:, None] - self.centres).argmin(1)])


@dataclass(frozen=True, slots=True)
class Placed:
    """How one character is drawn: as `drawn`, at `scale` of the size, `drop` of the size below the line."""

    drawn: str
    scale: float = 1.0
    drop: float = 0.0


def placed(rng: Random, text: str) -> list[Placed]:
    """The characters of a line: half of the lines of uneven size, a third with figures of old style, a sixth with a
    letter for each nought that the digits or letters beside it tell to be one."""
    uneven, old_style, capital_one = rng.random() < 0.5, rng.random() < 0.35, rng.random() < 0.4
    spread = rng.uniform(0.03, 0.12) if uneven else 0.0
    height = rng.uniform(0.62, 0.78)
    noughts = _noughts_as_letters(rng, text)
    found = []
    for at, character in enumerate(text):
        scale, drop = 1 + spread * rng.uniform(-1, 1), 0.6 * spread * rng.uniform(-1, 1)
        drawn = noughts.get(at, character)
        if old_style and character in _SMALL:
            scale *= height if drawn != "o" else 1.0
            drawn = "I" if character == "1" and capital_one else drawn
        elif old_style and character in _LOW:
            drop += 0.2
        found.append(Placed(drawn, scale, drop))
    return found


def _noughts_as_letters(rng: Random, text: str) -> dict[int, str]:
    """The letter drawn for each nought of a line by its place; none in five of six lines."""
    if rng.random() > 0.17:
        return {}
    letter = "O" if rng.random() < 0.6 else "o"
    told = {at for found in _TOLD.finditer(text) for at in range(*found.span())}
    return {at: letter for at in told if text[at] == "0"}


def reshaped(rng: Random, layers: Sequence[np.ndarray], line: Measures) -> list[np.ndarray]:
    """Layers (H, W) uint8 of one line: of the strokes and, where there is one, of the strokes with their outline."""
    kind = rng.random()
    if kind < _OF_OLD:
        layers = warped(rng, layers, line.size_px) if rng.random() < 0.6 else layers
        return brushed(rng, layers, line.size_px) if rng.random() < 0.5 else list(layers)
    by_hand = kind < _BY_HAND
    if by_hand:
        layers = slanted(rng, layers, line.centres, line.size_px, line.middle_px)
    elif rng.random() < 0.3:
        layers = warped(rng, layers, line.size_px)
    if by_hand:
        joinable = line.of_syllables(layers[0].shape[1])
        fill = written(rng, layers[0], line.size_px, joinable) if rng.random() < 0.7 else layers[0]
    else:
        carve = holed if kind < _HOLED else gapped if kind < _GAPPED else thinned
        fill = carve(rng, layers[0], line.size_px)
    return [fill, cv2.dilate(fill, disc(2 * line.outline_px + 1))] if len(layers) > 1 else [fill]


def warped(rng: Random, layers: Sequence[np.ndarray], size_px: int) -> list[np.ndarray]:
    """Layers (H, W) uint8 of one line, all moved by the same smooth field, a few hundredths of the size."""
    height, width = layers[0].shape
    cells = (max(2, round(2.5 * height / size_px)), max(2, round(2.5 * width / size_px)))
    reach = np.float32(rng.uniform(0.02, 0.07) * size_px)
    field = rng.standard_normal((2, *cells), np.float32) * reach
    dx, dy = (cv2.resize(of, (width, height), interpolation=cv2.INTER_CUBIC) for of in field)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return [np.asarray(cv2.remap(layer, x + dx, y + dy, cv2.INTER_LINEAR)) for layer in layers]


def brushed(rng: Random, layers: Sequence[np.ndarray], size_px: int) -> list[np.ndarray]:
    """Layers (H, W) uint8 of one line with strokes as a broad pen or a brush draws them: thicker across its slant, or
    of a weight that changes along the line; or the first of them paler inside, as letters of outlines or with holes."""
    kind = rng.random()
    if kind < 0.25:
        return [_emptied(rng, layers[0], size_px), *layers[1:]]
    if kind < 0.6:
        pen = line_kernel(max(2, round(rng.uniform(0.03, 0.09) * size_px)), rng.uniform(0, np.pi))
        return [np.asarray(cv2.dilate(layer, pen)) for layer in layers]
    height, width = layers[0].shape
    cells = (max(2, round(3 * height / size_px)), max(2, round(3 * width / size_px)))
    level = cv2.resize(rng.uniform(0.25, 0.75, cells).astype(np.float32), (width, height))
    soft = np.float32(rng.uniform(0.015, 0.035) * size_px)
    return [_reweighted(layer, level, float(soft)) for layer in layers]


def _emptied(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """The strokes with less of what is not at their edge, but for bridges here and there."""
    edge = max(3, 2 * round(rng.uniform(0.01, 0.03) * size_px) + 1)
    inside = cv2.erode(layer, np.ones((edge, edge), np.uint8))
    if rng.random() < 0.5:
        step, bridge = max(3, round(rng.uniform(0.06, 0.14) * size_px)), rng.uniform(0.25, 0.6)
        rows, columns = np.indices(layer.shape)
        inside = inside * (((rows + columns) % step) >= bridge * step)
    return np.asarray(layer - np.float32(rng.uniform(0.35, 1)) * inside, np.uint8)


def _reweighted(layer: np.ndarray, level: np.ndarray, soft_px: float) -> np.ndarray:
    """The strokes where the blurred layer is above a level, 0–1, which changes smoothly; edges a pixel wide."""
    blurred = cv2.GaussianBlur(layer, (0, 0), max(0.6, soft_px)).astype(np.float32) / 255
    return np.asarray(np.clip((blurred - level) * 3 + 0.5, 0, 1) * 255, np.uint8)
