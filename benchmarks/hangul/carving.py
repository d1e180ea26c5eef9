"""Takes away from the strokes of letters: holes, stripes, stencil gaps, wear, all but their middle. For training alone.

Layers are (H, W) uint8 coverage; they are carved several times as large, so that a hole may be smaller than a pixel."""

from __future__ import annotations

import cv2
import numpy as np

from .strokes import disc, middle, thickness
from .texts import Random

CARVED_PX = 110
"""Letters are enlarged to about this size before they are carved."""


def enlarged(layer: np.ndarray, size_px: int) -> tuple[np.ndarray, int]:
    """The layer a whole number of times as large, and how many times."""
    times = max(1, round(CARVED_PX / size_px))
    return np.asarray(cv2.resize(layer, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)), times


def reduced(layer: np.ndarray, times: int) -> np.ndarray:
    """What `enlarged` gave at the size that it had."""
    height, width = layer.shape
    return np.asarray(cv2.resize(layer, (width // times, height // times), interpolation=cv2.INTER_AREA))


def holed(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Round or striped holes, most of them with a rim of the stroke around them."""
    big, times = enlarged(layer, size_px)
    patterns = (_holes_along, _holes_along, _round_holes, _stripes)
    empty = patterns[int(rng.integers(len(patterns)))](rng, big, size_px * times)
    return reduced(_without(big, empty, rng.uniform(0.6, 1.0)), times)


def gapped(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Gaps right through the strokes: a stencil's, regular or not, or what wear leaves of broad ones."""
    big, times = enlarged(layer, size_px)
    fine = thickness(big) < 0.06 * size_px * times
    patterns = (_bars, _cuts) if fine else (_bars, _cuts, _worn)
    empty = patterns[int(rng.integers(len(patterns)))](rng, big, size_px * times)
    return reduced(_without(big, empty, 1.0), times)


def thinned(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Strokes of 1 to 1.6 pixels, some of them pale."""
    big, times = enlarged(layer, size_px)
    width = max(2, round(rng.uniform(1.0, 1.6) * max(1.0, size_px / 48) * times))
    strokes = cv2.GaussianBlur(cv2.dilate(middle(big), disc(width)), (0, 0), 0.25 * width)
    pale = np.float32(rng.uniform(0.7, 1) if rng.random() < 0.5 else 1)
    return np.asarray(reduced(strokes, times) * pale, np.uint8)


def _without(layer: np.ndarray, empty: np.ndarray, depth: float) -> np.ndarray:
    """empty: (H, W) uint8, 255 in the holes."""
    left = 1 - empty.astype(np.float32) * np.float32(depth / 255)
    return np.asarray(layer * left, np.uint8)


def _inside(rng: Random, layer: np.ndarray, size_px: int, most: float = 0.03) -> np.ndarray:
    """The strokes without a rim; in a third of the cases with it."""
    if rng.random() < 0.35:
        return layer
    return np.asarray(cv2.erode(layer, disc(2 * round(rng.uniform(0.008, most) * size_px) + 1)))


def _holes_along(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Discs in a row along the middle of each stroke, as wide as the stroke leaves room for."""
    strokes = (layer > 127).astype(np.uint8)
    depth = cv2.distanceTransform(strokes, cv2.DIST_L2, 3)
    share, step, most = rng.uniform(0.45, 0.8), rng.uniform(2.2, 3.2), rng.uniform(0.015, 0.05) * size_px
    free, empty = np.ones(layer.shape, bool), np.zeros(layer.shape, np.uint8)
    for y, x in np.argwhere(middle(layer) > 0).tolist():
        radius = min(share * float(depth[y, x]), most)
        if radius < 1 or not free[y, x]:
            continue
        cv2.circle(empty, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, 4)
        reach = max(3, round(step * radius))
        free[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = False
    return empty


def _round_holes(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Discs on a slanted grid, cut off at the rim."""
    step = rng.uniform(0.04, 0.11) * size_px
    radius = rng.uniform(0.27, 0.42) * step
    x, y = _turned(layer.shape, rng.uniform(0, np.pi / 2))
    odd = np.floor(y / step) % 2 * 0.5 if rng.random() < 0.5 else np.float32(0)
    off = np.hypot((x / step + odd) % 1 - 0.5, y / step % 1 - 0.5) * step
    return _where(radius - off, _inside(rng, layer, size_px))


def _stripes(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Parallel lines at any angle, most often level."""
    step = rng.uniform(0.03, 0.1) * size_px
    _, y = _turned(layer.shape, 0.0 if rng.random() < 0.4 else rng.uniform(0, np.pi))
    share = rng.uniform(0.3, 0.55)
    return _where((share / 2 - np.abs(y / step % 1 - 0.5)) * step, _inside(rng, layer, size_px))


def _bars(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """A gap every so often, across the whole line."""
    step, gap = rng.uniform(0.22, 0.7) * size_px, rng.uniform(0.02, 0.055) * size_px
    angle = (0.0, np.pi / 2, rng.uniform(0, np.pi))[int(rng.integers(3))]
    _, y = _turned(layer.shape, angle)
    begin = rng.random()
    return _where(gap / 2 - np.abs((y / step + begin) % 1 - 0.5) * step, np.full_like(layer, 255))


def _cuts(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Short cuts anyhow, some two to four a character."""
    empty = np.zeros(layer.shape, np.uint8)
    ys, xs = np.nonzero(layer > 127)
    slants = rng.uniform(0, np.pi) + rng.uniform(0.1, 1.5) * np.array([-1, 0, 1])
    thick = max(1, round(rng.uniform(0.018, 0.045) * size_px))
    count = int(rng.uniform(1.5, 4) * np.ptp(xs) / size_px) + 1 if len(xs) else 0
    for at in rng.integers(max(1, len(xs)), size=count).tolist():
        angle, reach = slants[int(rng.integers(3))], rng.uniform(0.05, 0.2) * size_px
        move = np.array([np.cos(angle), np.sin(angle)]) * reach
        begin, end = ((np.array([xs[at], ys[at]]) + sign * move).astype(int).tolist() for sign in (-1, 1))
        cv2.line(empty, begin, end, 255, thick, cv2.LINE_AA)
    return empty


def _worn(rng: Random, layer: np.ndarray, size_px: int) -> np.ndarray:
    """Spots of any shape, or streaks as a dry brush leaves them."""
    fine = rng.uniform(0.02, 0.05) * size_px
    across, down = (fine, fine) if rng.random() < 0.5 else (fine * rng.uniform(4, 12), 0.7 * fine)
    height, width = layer.shape
    cells = (max(2, round(width / across)), max(2, round(height / down)))
    noise = cv2.resize(rng.standard_normal(cells[::-1], np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    share = float(np.quantile(noise, 1 - rng.uniform(0.05, 0.16)))
    return _where((noise - share) * 4, np.full_like(layer, 255))


def _turned(shape: tuple[int, ...], angle: float) -> tuple[np.ndarray, np.ndarray]:
    """x and y of each pixel in axes turned by `angle`, float32."""
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cos + y * sin, y * cos - x * sin


def _where(inside_px: np.ndarray, within: np.ndarray) -> np.ndarray:
    """255 where `inside_px` is above nought, edges a pixel wide, and where `within` (uint8) is."""
    return np.asarray(np.clip(inside_px + 0.5, 0, 1) * within, np.uint8)

