"""Letters as a pen or a brush writes them: each slanted its own way, its parts shifted, strokes joined and of uneven
thickness. For training alone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .carving import enlarged, reduced
from .strokes import disc, ends, line_kernel, middle
from .texts import Random


def slanted(
    rng: Random, layers: Sequence[np.ndarray], centres: np.ndarray, size_px: int, middle_px: float
) -> list[np.ndarray]:
    """Layers (H, W) uint8 of one line, each character slanted its own way and its parts shifted. centres: x of the
    characters' middles; middle_px: y of theirs."""
    height, width = layers[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    of_line, apart, along = rng.uniform(-0.12, 0.36), rng.uniform(0.03, 0.13), np.arange(width)
    lean, climb = (
        np.interp(along, centres, rng.normal(mean, apart, len(centres))).astype(np.float32)
        for mean in (of_line, rng.uniform(-0.05, 0.05))
    )
    off_middle = along - centres[np.abs(along[:, None] - centres).argmin(1)] if len(centres) else 0 * along
    dx, dy = _parts(rng, height, width, size_px)
    turned = climb * np.clip(off_middle, -0.6 * size_px, 0.6 * size_px).astype(np.float32)
    across, down = x + dx + lean * (y - np.float32(middle_px)), y + dy + turned
    return [np.asarray(cv2.remap(layer, across, down, cv2.INTER_LINEAR)) for layer in layers]


def _parts(rng: Random, height: int, width: int, size_px: int) -> np.ndarray:
    """(2, H, W) float32: by how many pixels the parts of each syllable are shifted."""
    cells = (max(2, round(2.2 * height / size_px)), max(2, round(2.2 * width / size_px)))
    field = rng.standard_normal((2, *cells), np.float32) * np.float32(rng.uniform(0.02, 0.08) * size_px)
    return np.stack([cv2.resize(of, (width, height), interpolation=cv2.INTER_CUBIC) for of in field])


def written(rng: Random, layer: np.ndarray, size_px: int, joinable: np.ndarray) -> np.ndarray:
    """The strokes as a nib or a brush draws them, thick and thin by turns. joinable (W,) bool: the columns in which
    strokes may be joined; a digit that is closed is another one."""
    big, times = enlarged(layer, size_px)
    size = size_px * times
    if rng.random() < 0.35:
        wide = disc(2 * round(rng.uniform(0.015, 0.035) * size) + 1)
        closed = np.where(np.repeat(joinable, times), cv2.morphologyEx(big, cv2.MORPH_CLOSE, wide), big)
        return reduced(_uneven(rng, closed, size, 0.22), times)
    lines = middle(big)
    if rng.random() < 0.6:
        lines = _joined(rng, lines, size, np.repeat(joinable, times))
    width = rng.uniform(0.03, 0.085) * size
    if rng.random() < 0.5:
        nib = line_kernel(max(2, round(width)), rng.uniform(0, np.pi))
        strokes = cv2.dilate(cv2.dilate(lines, disc(max(2, round(0.3 * width)))), nib)
    else:
        strokes = cv2.dilate(lines, disc(max(2, round(width))))
    return reduced(_uneven(rng, strokes, size, 0.22), times)


def _joined(rng: Random, lines: np.ndarray, size_px: float, joinable: np.ndarray) -> np.ndarray:
    """Of the ends of strokes that have another near most go on to it in some lines, few in others."""
    joined, points = lines.copy(), ends(lines)
    points = points[joinable[points[:, 0]]]
    near, share = rng.uniform(0.1, 0.42) * size_px, rng.uniform(0.25, 0.95)
    for at, point in enumerate(points):
        off = np.hypot(*(points - point).T)
        off[at] = np.inf
        other = int(off.argmin())
        if off[other] < near and rng.random() < share:
            cv2.line(joined, point.tolist(), points[other].tolist(), 255, 1)
    return joined


def _uneven(rng: Random, layer: np.ndarray, size_px: float, most: float) -> np.ndarray:
    """The strokes with a thickness that changes smoothly and softer corners."""
    height, width = layer.shape
    cells = (max(2, round(4 * height / size_px)), max(2, round(4 * width / size_px)))
    level = 0.45 + cv2.resize(rng.uniform(-most, most, cells).astype(np.float32), (width, height))
    blurred = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.012, 0.03) * size_px).astype(np.float32) / 255
    return np.asarray(np.clip((blurred - level) * 5 + 0.5, 0, 1) * 255, np.uint8)
