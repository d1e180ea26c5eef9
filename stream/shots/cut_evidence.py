"""What speaks for a cut at a row: eight numbers that motion, light and flashes give otherwise than a new picture."""

from __future__ import annotations

import numpy as np

from ..settings.sections import ShotSettings
from .spans import USUAL_ROWS
from .window import LUMA_CELLS, RowWindow, distance, floor_scale, median_of

EVIDENCE = ("likeness", "separation", "cells", "departure", "structure", "tones", "likeness_drop", "distance_rise")
"""The names of the numbers, in order.

likeness: correlation (−1…1) of the luma cells of the rows before and after. separation: the least distance between any
of the rows before and any of those after, up to a flash's length away, over that between the two rows. cells: share
(0–1) of the cells that changed. departure: log(1 + the least distance between the three rows before and the three
after, code values at full contrast). structure: by how much the three rows of either side are more like each other than
the most alike of different sides, as the difference of Fisher's z of the correlations. tones: log of the change of
tones over that around it. likeness_drop: by how much the rows before and after are less alike than each usually is to
the rows of its own side (the median of `USUAL_ROWS`), as the difference of Fisher's z, −½ to 1. distance_rise: log of
the least distance between the three rows before and the three after over the usual one (the median) of the side that
moves more, −1 to ½. The last two tell a cut between pictures that differ little, as drawings on a plain ground do. All
but `separation` and `distance_rise` are of the lit cells alone, so that black bars and black grounds do not make
pictures alike.
"""
_LIT = 12.0
"""Luma from which on a cell is lit (full-range code values): black bars with their noise are below. Chosen by eye."""
_LEAST_LIT = 0.25
"""Share of the cells that counts as lit at least. Chosen by eye."""
_LEAST_CELLS = 16
"""Lit cells below which two pictures count as alike. Chosen by eye."""
_SIDE_ROWS = 3
"""Rows on either side that are compared for departure and structure. With 2, 4 and 6 in their stead the fit was no
better on films left out."""
_AROUND_ROWS = 8
"""Rows on either side among which a cell must be lit once."""
_NOISE_DISTANCE = 0.5
"""Code values that noise alone puts between two rows. Chosen by eye."""
_DROP_RANGE, _RISE_RANGE = (-0.5, 1.0), (-1.0, 0.5)
"""Beyond, `likeness_drop` and `distance_rise` say no more: far less alike than usual is no surer than clearly less.
With half of these the fit tells two or three more rows wrongly on films left out, with 1.6 times one or two, with .8
and 1.3 times none or one (no second opinion, C of .3 and 1)."""
_CELL_CHANGE = 4.0
"""Code values by which a cell of the grid differs to count as changed, at full contrast."""
_LEAST_Z, _MOST_Z = -0.99, 0.998
"""Correlations beyond count as these, because Fisher's z of 1 is infinite."""


def evidence_at(
    window: RowWindow,
    row: int,
    flash_rows: int,
    tones: tuple[float, float],
    settings: ShotSettings,
    usual_rows: int = USUAL_ROWS,
    *,
    evenly: bool = False,
) -> np.ndarray:
    """(8,) float64: `EVIDENCE` for a cut between `row` − 1 and `row`.

    Reads up to max(8, `flash_rows` + 1, `usual_rows`) rows on either side, as far as the window has them. tones: how
    much the tones change at the row and around it, shares of the pixels (0–1). usual_rows: rows of a side among which
    the usual likeness and distance are taken. evenly: rows are not consecutive frames, so those of either
    side are taken as far apart as the two at the cut (`RowWindow.beside`).
    """
    low, high = max(window.base, row - _AROUND_ROWS), min(window.end, row + _AROUND_ROWS)
    lit = np.asarray((window.grids(low, high)[:, :LUMA_CELLS] > _LIT - 128).any(axis=0))
    share = max(_LEAST_LIT, float(lit.mean()))
    before, after = window.grid(row - 1), window.grid(row)
    contrast = window.contrast(row - 1, row + 1)
    scale = float(floor_scale(contrast[0], contrast[1], settings))
    changed = np.abs(before - after)[:LUMA_CELLS] > _CELL_CHANGE * scale
    own = _own_sides(window, row, usual_rows, evenly)
    near_before, near_after = own[0][:_SIDE_ROWS][::-1], own[1][:_SIDE_ROWS]
    apart = float(distance(near_before[:, None], near_after[None]).min())
    alike = _correlations(np.concatenate([near_before, near_after])[:, :LUMA_CELLS][:, lit])
    sides = len(near_before)
    return np.array([
        alike[sides - 1, sides],
        _separation(window, row, flash_rows),
        min(1.0, float(changed.mean()) / share),
        np.log1p(apart / share / scale),
        _structure(alike, sides),
        np.log(0.05 + tones[0] / share / (settings.cut_tones + 2.0 * tones[1] / share)),
        _likeness_drop(own, lit),
        _distance_rise(own, apart),
    ])  # fmt: skip


def _separation(window: RowWindow, row: int, flash_rows: int) -> float:
    befores = window.grids(max(window.base, row - flash_rows - 1), row)
    afters = window.grids(row, min(window.end, row + flash_rows + 1))
    jump = float(distance(window.grid(row - 1), window.grid(row)))
    return float(distance(befores[:, None], afters[None]).min()) / max(jump, 1e-6)


def _structure(alike: np.ndarray, sides: int) -> float:
    within = min(float(alike[:sides, :sides].min()), float(alike[sides:, sides:].min()))
    return float(_fisher_z(within) - _fisher_z(float(alike[:sides, sides:].max())))


def _own_sides(window: RowWindow, row: int, rows: int, evenly: bool) -> tuple[np.ndarray, np.ndarray]:
    """The grids of up to so many rows of either side, those nearest to the cut first."""
    before, after = window.beside(row, rows, evenly=evenly)
    return window.grids_at(before), window.grids_at(after)


def _likeness_drop(own: tuple[np.ndarray, np.ndarray], lit: np.ndarray) -> float:
    sides = [side[:, :LUMA_CELLS][:, lit] for side in own]
    near = _alike(sides[0][:1], sides[1][0])[0]
    usual = np.concatenate([_fisher_z(_alike(side[1:], side[0])) for side in sides])
    return float(np.clip(median_of(usual) - _fisher_z(near), *_DROP_RANGE)) if len(usual) else 0.0


def _distance_rise(own: tuple[np.ndarray, np.ndarray], apart: float) -> float:
    usual = max((median_of(distance(side[1:], side[0])) for side in own if len(side) > 1), default=apart)
    return float(np.clip(np.log((apart + _NOISE_DISTANCE) / (usual + _NOISE_DISTANCE)), *_RISE_RANGE))


def _alike(cells: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """(N,): correlations of rows (N, C) of cells with a picture (C,)."""
    return _correlations(np.concatenate([picture[None], cells]), 1)[0, 1:]


def _correlations(cells: np.ndarray, first: int | None = None) -> np.ndarray:
    """(M, N): correlations of the `first` rows (all N without) of cells (N, C) with all; 1 everywhere where there are
    too few cells."""
    if cells.shape[1] < _LEAST_CELLS:
        return np.ones((len(cells[:first]), len(cells)))
    centred = cells - cells.mean(axis=1, keepdims=True)
    length = np.maximum(np.sqrt((centred * centred).sum(axis=1, keepdims=True)), 1e-6)
    unit = (centred / length).astype(np.float64)
    return np.asarray(unit[:first] @ unit.T)


def _fisher_z(correlation: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.arctanh(np.minimum(np.maximum(correlation, _LEAST_Z), _MOST_Z)))
