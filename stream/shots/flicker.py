"""Light that flickers: how much of a change it explains.

It turns from brighter to darker and back several times within a few rows; between a fade out and a fade in it turns
once.
"""

from __future__ import annotations

import numpy as np

from .window import LUMA_CELLS

_MOST_STEADY = 0.25
"""Share of the squared difference of two rows that a change of light leaves, up to which the rest counts as light that
flickers. Chosen by eye."""
FLICKERS_ROWS, _LEAST_TURN, _LEAST_TURNS = 4, 0.5, 2
"""Rows on either side in which light that flickers turns, by this share of its change at least, and how often. Chosen
by eye."""


def steady_share(grids: np.ndarray) -> np.ndarray:
    """(N,) 0–1: of the change of each row of grids (N, 208) to the one before, the share that counts as motion: in
    light that flickers what a gain and an offset of the luma do not explain, else 1."""
    luma = grids[:, :LUMA_CELLS].astype(np.float64)
    mean = luma.mean(axis=1, keepdims=True)
    off = luma - mean
    spread = np.maximum((off**2).mean(axis=1), 1e-6)
    together = (off[1:] * off[:-1]).mean(axis=1) ** 2 / (spread[1:] * spread[:-1])
    apart = np.maximum(((luma[1:] - luma[:-1]) ** 2).mean(axis=1), 1e-6)
    left = np.minimum((1 - together) * np.maximum(spread[1:], spread[:-1]) / apart, 1.0)
    lit = np.where(left <= _MOST_STEADY, np.diff(mean[:, 0]), 0.0)
    if np.count_nonzero(lit) <= _LEAST_TURNS:  # so much light cannot turn so often
        return np.ones(len(grids))
    flickers = (lit != 0) & (_turns(lit) >= _LEAST_TURNS)
    return np.concatenate([[1.0], np.where(flickers, np.sqrt(np.maximum(left, 0.0)), 1.0)])


def _turns(lit: np.ndarray) -> np.ndarray:
    """(N,): how often the light turns, from brighter to darker or back, in the rows around each of the changes (N,):
    changes of less than a share of it do not count."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(lit, FLICKERS_ROWS), 2 * FLICKERS_ROWS + 1)
    signs = np.where(np.abs(near) >= _LEAST_TURN * np.abs(lit)[:, None], np.sign(near), 0)
    turns, last = np.zeros(len(lit), np.intp), np.zeros(len(lit))
    for sign in signs.T:
        turns += sign * last < 0
        last = np.where(sign != 0, sign, last)
    return turns
