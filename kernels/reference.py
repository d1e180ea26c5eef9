"""Every formula of the measurements in float64 NumPy, written slowly and plainly. Tests compare each device with it.

It shares nothing with the fast implementations but the sizes (`geometry`) and the colour matrices (`colour`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import lcm

import numpy as np

from .colour import chroma_columns, code_range
from .geometry import analysis_size, chroma_halvings, halvings, rotated_size
from .stats import HISTOGRAM_BINS, ROW, THUMB_HEIGHT, THUMB_WIDTH
from .surface import Colour, Surface


def halved(picture: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """Means of 2×2 (2×1, 1×2) pixels, rounded half up to whole numbers. An odd last row or column is dropped."""
    height, width = picture.shape[0] // step[1], picture.shape[1] // step[0]
    cells = picture[: height * step[1], : width * step[0]].reshape(height, step[1], width, step[0])
    result: np.ndarray = np.floor(cells.mean(axis=(1, 3)) + 0.5)
    return result


def bilinear(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture at `size` (width, height), pixel centres aligned, edges repeated."""
    for axis, count in ((0, size[1]), (1, size[0])):
        length = picture.shape[axis]
        at = np.clip((np.arange(count) + 0.5) * length / count - 0.5, 0, length - 1)
        low = np.floor(at).astype(int)
        share = np.expand_dims(at - low, 1 - axis)
        high = np.minimum(low + 1, length - 1)
        picture = np.take(picture, low, axis) * (1 - share) + np.take(picture, high, axis) * share
    return picture


def cell_means(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(height, width) means over `size` (width, height) equal cells. A pixel that lies in two cells counts in each by
    its share."""
    wide, high = lcm(size[0], picture.shape[1]), lcm(size[1], picture.shape[0])
    fine = np.repeat(np.repeat(picture, high // picture.shape[0], axis=0), wide // picture.shape[1], axis=1)
    cells = fine.reshape(size[1], high // size[1], size[0], wide // size[0])
    return np.asarray(cells.mean(axis=(1, 3)))


def to_displayed(picture: np.ndarray, rotation: int) -> np.ndarray:
    """The picture turned clockwise by `rotation` degrees."""
    return np.rot90(picture, -rotation // 90)


def analysis_luma(surface: Surface) -> np.ndarray:
    """The measured luma picture in stored orientation: 8-bit code values, whole numbers in float64."""
    picture, size = surface.y.astype(float), analysis_size(surface.geometry)
    for step in halvings((picture.shape[1], picture.shape[0]), size):
        picture = halved(picture, step)
    return np.asarray(np.rint(np.rint(bilinear(picture, size)) / 2 ** (surface.bit_depth - 8)).clip(max=255))


def gradients(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sobel x and y, each an eighth of the 3×3 sum, and the 4-neighbour Laplacian; edges repeated."""
    p = np.pad(luma, 1, mode="edge")
    gx = (p[:-2, 2:] + 2 * p[1:-1, 2:] + p[2:, 2:] - p[:-2, :-2] - 2 * p[1:-1, :-2] - p[2:, :-2]) / 8
    gy = (p[2:, :-2] + 2 * p[2:, 1:-1] + p[2:, 2:] - p[:-2, :-2] - 2 * p[:-2, 1:-1] - p[:-2, 2:]) / 8
    laplacian = p[1:-1, :-2] + p[1:-1, 2:] + p[:-2, 1:-1] + p[2:, 1:-1] - 4 * p[1:-1, 1:-1]
    return gx, gy, laplacian


def blur(gx: np.ndarray, gy: np.ndarray, rotation: int) -> tuple[float, float]:
    """Coherence of the structure tensor (0–1) and the displayed direction of its smaller eigenvalue, radians in [0,
    π)."""
    tensor = np.array([[np.mean(gx * gx), np.mean(gx * gy)], [np.mean(gx * gy), np.mean(gy * gy)]])
    values, vectors = np.linalg.eigh(tensor)
    if values.sum() < 1e-12:
        return 0.0, 0.0
    angle = np.arctan2(vectors[1, 0], vectors[0, 0]) + np.radians(rotation)
    return float((values[1] - values[0]) / values.sum()), float(angle % np.pi)


def thumbnail(surface: Surface) -> np.ndarray:
    """(27, 48) luma of the displayed picture, 0–255 full-range units."""
    luma, rotation = analysis_luma(surface), surface.geometry.rotation
    stored = rotated_size((THUMB_WIDTH, THUMB_HEIGHT), rotation)
    if luma.shape[0] >= 2 * stored[1] and luma.shape[1] >= 2 * stored[0]:
        luma = halved(luma, (2, 2))
    return to_displayed(full_luma(cell_means(luma, stored), surface.colour).clip(0, 255), rotation)


def rgb_thumbnail(surface: Surface) -> np.ndarray:
    """(27, 48, 3) float64 R'G'B', 0–255, not rounded: `thumbnail` with the means of chroma over the same cells."""
    out, rotation = np.repeat(thumbnail(surface)[..., None], 3, axis=2), surface.geometry.rotation
    if surface.u is not None and surface.v is not None:
        stored = rotated_size((THUMB_WIDTH, THUMB_HEIGHT), rotation)
        means = [cell_means(small_chroma(plane, surface.bit_depth), stored) for plane in (surface.u, surface.v)]
        pair = [to_displayed(full_chroma(plane, surface.colour), rotation) for plane in means]
        out = out + np.stack(pair, -1) @ chroma_columns(surface.colour.matrix).T
    return np.asarray(out.clip(0, 255))


def full_luma(codes: np.ndarray, colour: Colour) -> np.ndarray:
    """8-bit luma codes in full-range units, not clipped."""
    return codes if colour.full_range else (codes - 16) * 255 / 219


def full_chroma(codes: np.ndarray, colour: Colour) -> np.ndarray:
    """8-bit chroma codes in full-range units, centred on 0."""
    return (codes - 128) * (1 if colour.full_range else 255 / 224)


def small_chroma(plane: np.ndarray, bit_depth: int) -> np.ndarray:
    """A chroma plane as its colours are measured: halved, 8-bit code values in float64."""
    picture = plane.astype(float)
    for _ in range(chroma_halvings((plane.shape[1], plane.shape[0]))):
        picture = halved(picture, (2, 2))
    return np.asarray(np.rint(picture / 2 ** (bit_depth - 8)).clip(max=255))


def colourfulness(cb: np.ndarray, cr: np.ndarray, colour: Colour) -> float:
    """Hasler & Süsstrunk 2003, of R'G'B' made from full-range chroma at any luma (luma cancels out)."""
    r, g, b = np.moveaxis(np.stack([cb, cr], -1) @ chroma_columns(colour.matrix).T, -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def row(surface: Surface, before: Surface | None = None) -> np.void:
    """One measured row (dtype `ROW`, without time and frame number). `before`: the frame before, None for the first."""
    out: np.void = np.zeros(1, ROW)[0]
    codes, gain = analysis_luma(surface), code_range(surface.colour).luma_gain
    full = full_luma(codes, surface.colour)
    out["luma_mean"], out["luma_std"] = full.mean().clip(0, 255), full.std()
    counts = np.histogram(full.clip(0, 255), HISTOGRAM_BINS, (0, 256))[0]
    out["histogram"] = np.rint(counts * 65535 / full.size)
    gx, gy, laplacian = (g * gain for g in gradients(codes))
    out["sobel_energy"], out["laplacian_var"] = np.mean(gx**2 + gy**2), laplacian.var()
    out["blur_anisotropy"], out["blur_angle_rad"] = blur(gx, gy, surface.geometry.rotation)
    thumb = thumbnail(surface)
    out["change"] = 0 if before is None else np.abs(thumb - thumbnail(before)).mean()
    out["signature_y"] = np.rint(thumb.reshape(9, 3, 16, 3).mean(axis=(1, 3)))
    _chroma(out, surface)
    if before is not None:
        last = row(before)
        out["cell_change"] = np.abs(out["signature_y"].astype(float) - last["signature_y"]).max()
        out["chroma_change"] = np.abs(out["signature_uv"].astype(float) - last["signature_uv"]).mean()
        out["tone_change"] = np.abs(out["histogram"].astype(float) - last["histogram"]).sum() / 2 / 65535
    return out


def _chroma(out: np.void, surface: Surface) -> None:
    out["signature_uv"] = 128
    if surface.u is None or surface.v is None:
        return
    pair = [full_chroma(small_chroma(p, surface.bit_depth), surface.colour) for p in (surface.u, surface.v)]
    out["colourfulness"] = colourfulness(pair[0], pair[1], surface.colour)
    rotation = surface.geometry.rotation
    for index, chroma in enumerate(pair):
        tiny = to_displayed(cell_means(chroma, rotated_size((8, 4), rotation)), rotation)
        out["signature_uv"][index] = np.rint(tiny + 128).clip(0, 255)


def rgb(surface: Surface) -> np.ndarray:
    """(h, w, 3) float64 R'G'B', 0–255, not rounded: the displayed picture at its stored size (rotated, not stretched).

    Chroma is enlarged bilinearly.
    """
    size, unit = (surface.y.shape[1], surface.y.shape[0]), 2.0 ** (surface.bit_depth - 8)
    luma = full_luma(surface.y / unit, surface.colour)
    out = np.repeat(luma[..., None], 3, axis=2)
    if surface.u is not None and surface.v is not None:
        pair = [full_chroma(bilinear(p / unit, size), surface.colour) for p in (surface.u, surface.v)]
        out = out + np.stack(pair, -1) @ chroma_columns(surface.colour.matrix).T
    return to_displayed(out.clip(0, 255), surface.geometry.rotation)


def darkness(surface: Surface, segments: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean luma of each part of each displayed row, (h, segments), and column, (w, segments); for pictures whose
    stored size is their display size."""
    luma = full_luma(surface.y / 2 ** (surface.bit_depth - 8), surface.colour)
    picture = to_displayed(luma, surface.geometry.rotation)
    return _parts(picture, segments).clip(0), _parts(picture.T, segments).clip(0)


def classify_lines(profile: np.ndarray) -> list[int]:
    """The class of each line: 0 neither, 1 dark, 2 bright; see `kernels.cpu_borders.classify_lines`."""
    pedestal = min(20.0, float(np.median(profile[0])), float(np.median(profile[-1])))
    lit_from, black_to = np.float32(pedestal + 24), np.float32(pedestal + 8)
    live = [part for part in range(profile.shape[1]) if profile[:, part].max() >= lit_from]
    if len(live) < 4:
        return [0] * len(profile)
    outer = live[:2] + live[-2:] if len(live) == 16 else [live[0], live[-1]]
    found = []
    for line in profile:
        lit = [part for part in live if line[part] >= lit_from]
        black = [part for part in outer if line[part] <= black_to]
        bright = len(lit) / len(live) >= 0.75 and len(set(lit) & set(outer)) / len(outer) >= 0.75
        found.append(2 if bright else 1 if len(black) / len(outer) >= 0.75 else 0)
    return found


def borders(rows: Sequence[int], columns: Sequence[int]) -> tuple[list[int], list[int]]:
    """`bright` and `dark` of `kernels.bars.BORDERS` for lines of these classes."""
    bright, dark = [], []
    for lines in (list(rows), list(rows)[::-1], list(columns), list(columns)[::-1]):
        others = [place for place, kind in enumerate(lines) if kind != 1]
        bright.append(lines.index(2) if 2 in lines else len(lines))
        dark.append(others[0] if others and any(lines) else len(lines))
    return bright, dark


def _parts(lines: np.ndarray, segments: int) -> np.ndarray:
    edges = pairwise(np.arange(segments + 1) * lines.shape[1] // segments)
    return np.stack([lines[:, a : max(a + 1, b)].mean(axis=1) for a, b in edges], axis=1)
