"""The formulas of `reference.py` for parts of a picture: crops, face chips, network inputs, composition sums.

They share nothing with the fast implementations. Planes are rotated first, so that coordinates are those of the
displayed picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log2, sqrt

import numpy as np

from .colour import chroma_columns
from .geometry import halvings
from .reference import bilinear, full_chroma, full_luma, halved, to_displayed
from .surface import Colour, Rect, Surface

LOBES = 3


def lanczos_line(samples: np.ndarray, begin: float, span: float, count: int) -> np.ndarray:
    """(count, …) resampled from a line (n, …) by Lanczos after Duchon 1979, with the filter widened when it shrinks.

    The part begins at `begin` and is `span` long, in samples measured from the corner of the first; the end samples are
    repeated outside the line.
    """
    scale = span / count
    width = max(scale, 1.0)
    out = np.zeros((count, *samples.shape[1:]))
    for pixel in range(count):
        centre, total = begin + (pixel + 0.5) * scale, 0.0
        for place in range(floor(centre - LOBES * width) - 1, floor(centre + LOBES * width) + 2):
            away = (place + 0.5 - centre) / width
            weight = np.sinc(away) * np.sinc(away / LOBES) if abs(away) < LOBES else 0.0
            out[pixel] += weight * samples[min(max(place, 0), len(samples) - 1)]
            total += weight
        out[pixel] /= total
    return out


def fine_rgb(surface: Surface, rect: Rect, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) float64 R'G'B', not rounded: `rect` (displayed pixels) at `size` (width, height) by Lanczos."""
    geometry, sampled = surface.geometry, []
    for plane in _planes(surface):
        sx, sy = plane.shape[1] / geometry.display_width, plane.shape[0] / geometry.display_height
        rows = lanczos_line(plane, rect[1] * sy, rect[3] * sy, size[1])
        both = lanczos_line(rows.T, rect[0] * sx, rect[2] * sx, size[0]).T
        sampled.append(both.clip(0, 2**surface.bit_depth - 1))
    return _rgb(sampled, surface.bit_depth, surface.colour)


def chip(surface: Surface, matrix: np.ndarray, size: int) -> np.ndarray:
    """(size, size, 3) float64 R'G'B': `matrix` (2, 3) maps displayed pixels to chip pixels, centres at whole numbers.

    The picture is halved while the chip is at least twice smaller; pixels outside the picture are black. Only for
    pictures whose stored size is their display size and whose sides can be halved that often.
    """
    steps = max(0, floor(log2(1 / sqrt(abs(float(np.linalg.det(matrix[:, :2])))))))
    luma, *chroma = _planes(surface)
    for _ in range(steps):
        luma = halved(luma, (2, 2))
    small = luma.shape[1], luma.shape[0]
    picture = _rgb([luma, *(_resized(plane, small) for plane in chroma)], surface.bit_depth, surface.colour)
    back, out = np.linalg.inv(np.vstack([matrix, [0, 0, 1]])), np.zeros((size, size, 3))
    for y, x in np.ndindex(size, size):
        at = (back @ (x, y, 1))[:2]
        out[y, x] = _between(picture, (at + 0.5) / 2**steps - 0.5)
    return out


def engine_input(
    pictures: np.ndarray,
    size: tuple[int, int],
    scale: Sequence[float],
    bias: Sequence[float],
    fill: float = 0.0,
    mix: Sequence[Sequence[float]] = ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    centred: bool = True,
) -> np.ndarray:
    """(N, channels, height, width) float64 of (N, h, w, 3): see `kernels.cuda.ops.CudaOps.engine_input`."""
    count, height, width = pictures.shape[:3]
    left, top = ((size[0] - width) // 2, (size[1] - height) // 2) if centred else (0, 0)
    out = np.zeros((count, len(mix), size[1], size[0]))
    for n, channel, y, x in np.ndindex(out.shape):
        inside = 0 <= y - top < height and 0 <= x - left < width
        mixed = float(np.dot(mix[channel], pictures[n, y - top, x - left])) if inside else fill
        out[n, channel, y, x] = mixed * scale[channel] + bias[channel]
    return out


def detail(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) of (h, w, 3): see `kernels.ops.Ops.detail`."""
    luma = picture.astype(float) @ (54, 183, 19)
    (height, width), (columns, rows), out = luma.shape, size, np.zeros(size[::-1])
    for row, column in np.ndindex(rows, columns):
        top, left = row * height // rows, column * width // columns
        bottom, right = (row + 1) * height // rows, (column + 1) * width // columns
        for y in range(top, max(bottom, top + 1)):
            for x in range(left, max(right, left + 1)):
                beside = luma[y, max(x - 1, 0)] + luma[y, min(x + 1, width - 1)]
                beside += luma[max(y - 1, 0), x] + luma[min(y + 1, height - 1), x]
                out[row, column] = max(out[row, column], abs(4 * luma[y, x] - beside))
    return out


def balance(picture: np.ndarray, subject: tuple[int, int, int, int]) -> np.ndarray:
    """(5,) float64 of (h, w, 3): see `kernels.balance.Balance`."""
    luma, out = picture.astype(float) @ (0.2126, 0.7152, 0.0722), np.zeros(5)
    (height, width), (left, top, right, bottom) = luma.shape, subject
    for y, x in np.ndindex(height, width):
        west, east, north, south = max(x - 1, 0), min(x + 1, width - 1), max(y - 1, 0), min(y + 1, height - 1)
        across = (luma[y, east] - luma[y, west]) / (east - west)
        slope = sqrt(across**2 + ((luma[south, x] - luma[north, x]) / (south - north)) ** 2)
        outside = not (left <= x < right and top <= y < bottom)
        out += outside * slope, outside, 0, 0, 0
        out[2:] += luma[y, x], luma[y, x] ** 2, luma[y, x] * luma[y, -1 - x]
    return out


def _planes(surface: Surface) -> list[np.ndarray]:
    """Code values of the planes in displayed orientation, float64."""
    given = (plane for plane in (surface.y, surface.u, surface.v) if plane is not None)
    return [to_displayed(plane.astype(float), surface.geometry.rotation) for plane in given]


def _resized(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    for step in halvings((plane.shape[1], plane.shape[0]), size):
        plane = halved(plane, step)
    return bilinear(plane, size)


def _rgb(planes: list[np.ndarray], bit_depth: int, colour: Colour) -> np.ndarray:
    """(h, w, 3) R'G'B' of planes of the same size."""
    luma, *chroma = (plane / 2 ** (bit_depth - 8) for plane in planes)
    out = np.repeat(full_luma(luma, colour)[..., None], 3, axis=2)
    if chroma:
        pair = np.stack([full_chroma(plane, colour) for plane in chroma], -1)
        out = out + pair @ chroma_columns(colour.matrix).T
    return np.asarray(out.clip(0, 255))


def _between(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Bilinear value at (x, y); neighbours outside the picture are black."""
    value, (left, upper) = np.zeros(3), np.floor(at).astype(int)
    for y, x in ((upper, left), (upper, left + 1), (upper + 1, left), (upper + 1, left + 1)):
        if 0 <= y < picture.shape[0] and 0 <= x < picture.shape[1]:
            value += picture[y, x] * (1 - abs(at[0] - x)) * (1 - abs(at[1] - y))
    return value


def weave_roughness(first: np.ndarray, second: np.ndarray, block: int) -> np.ndarray:
    """(5, m, n) `kernels.combing.weave_sums` of two planes: sums over blocks of the roughness of four weaves and of the
    motion, of all lines but the first and the last."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    even = np.arange(len(a))[:, None] % 2 == 0
    weaves = a, b, np.where(even, b, a), np.where(even, a, b)
    lines = [np.abs(2 * weave[1:-1] - weave[:-2] - weave[2:]) for weave in weaves] + [np.abs(a - b)[1:-1]]
    rows, columns = lines[0].shape[0] // block, lines[0].shape[1] // block
    whole = np.stack(lines)[:, : rows * block, : columns * block]
    sums: np.ndarray = whole.reshape(5, rows, block, columns, block).sum(axis=(2, 4))
    return sums
