"""The orders in which a wipe covers a picture, and how well each explains the rows between two pictures.

An order says when each place changes: along a line, about the middle, as the hand of a clock turns, from doors. With an
edge of some width and a share of the way that is done, it says how much of the new picture each cell of the luma grid
shows. A row is explained by an order as well as by the best share of its way; in a dissolve all cells show the same
share. In a slide one picture pushes the other away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from .window import LUMA_CELLS, LUMA_SHAPE

_SHARES = 15
"""Steps into which the way of an order is divided. Chosen by eye, as all numbers here: a column of the grid is one."""
_EDGES = (0.02, 0.35, 1.0)
"""Widths of the edge, as shares of the whole way: hard, soft, and as wide as the picture."""
_SUB = 4
"""Places of a cell at which an order is told, down and across."""
_DIRECTIONS, _QUARTERS = 8, 4
"""Of lines; from which the hand of a clock starts."""
_ABOUT_HALF = np.array([0.45, 0.55])
"""Shares of the way of a slide at which a pair's middle row is looked at first; of an order a third to two thirds."""
_ROWS_AT_ONCE = 256
"""Rows that are compared with all covers at once: a few megabytes."""


@dataclass(frozen=True, slots=True)
class Explained:
    """How the rows between two pictures are explained best, (N,) each, for N pairs of pictures.

    `left`: mean squared difference that is left, as a share of that between the pictures; `most_left`: that of the row
    that is explained worst; `mixed`: what a mix leaves in the mean; `uneven`: largest deviation of the share of the way
    from the share of the time; `back`: the largest step back.
    """

    left: np.ndarray
    most_left: np.ndarray
    mixed: np.ndarray
    uneven: np.ndarray
    back: np.ndarray


def by_orders(shown: np.ndarray, starts: np.ndarray, ends: np.ndarray, times: np.ndarray) -> Explained:
    """The best of all orders. `shown`: (N, R, 144) luma cells of R rows between the pictures `starts` and `ends`
    (N, 144); `times`: (R,) when they come, 0–1."""
    number, rows = shown.shape[:2]
    difference = ends - starts
    whole = np.maximum((difference**2).sum(axis=1), 1.0)
    away = shown - starts[:, None]
    along, across = (away * difference[:, None]).reshape(-1, LUMA_CELLS), (difference**2)
    left = np.empty((number * rows, len(covers())), np.float32)
    shares = np.empty(left.shape, np.intp)
    flat, squares = covers().reshape(-1, LUMA_CELLS), cover_squares()
    squared = (away**2).sum(axis=2).reshape(-1, 1)
    for low in range(0, number * rows, _ROWS_AT_ONCE):
        part = np.s_[low : low + _ROWS_AT_ONCE]
        of = np.arange(number * rows)[part] // rows
        apart = (squared[part] - 2 * along[part] @ flat.T + across[of] @ squares.T).reshape(len(of), len(covers()), -1)
        left[part], shares[part] = apart.min(axis=2) / whole[of, None], apart.argmin(axis=2)
    mixed = squared[:, 0] / np.repeat(whole, rows) - np.clip(along.sum(axis=1) / np.repeat(whole, rows), 0, 1) ** 2
    way = shares.reshape(number, rows, -1) / _SHARES
    return _best(left.reshape(number, rows, -1), way, mixed.reshape(number, rows).mean(axis=1), times)


def by_slides(shown: np.ndarray, starts: np.ndarray, ends: np.ndarray, times: np.ndarray) -> Explained:
    """As `by_orders`, for slides to the left, to the right, up and down."""
    whole = np.maximum(((ends - starts) ** 2).sum(axis=1), 1.0)[:, None, None]
    way = np.arange(1, _SHARES) / _SHARES
    left, shares = [], []
    for moved in _slid(starts, ends, way):
        # (N, R, S): of each row to each place on the way.
        apart = ((shown**2).sum(axis=2)[..., None] + (moved**2).sum(axis=2)[:, None]) - 2 * shown @ moved.swapaxes(1, 2)
        left.append(np.maximum(apart.min(axis=2), 0) / whole[..., 0])
        shares.append(way[apart.argmin(axis=2)])
    difference = (ends - starts)[:, None]
    off = shown - starts[:, None]
    along = np.clip((off * difference).sum(axis=2) / whole[..., 0], 0, 1)
    mixed = (off**2).sum(axis=2) / whole[..., 0] - along**2
    return _best(np.stack(left, axis=2), np.stack(shares, axis=2), mixed.mean(axis=1), times)


def half_mixed(middles: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(N,): what a mix leaves of each of the rows `middles` (N, 144), as a share as in `Explained`."""
    difference, off = ends - starts, middles - starts
    whole = np.maximum(np.einsum("nc,nc->n", difference, difference), 1.0)
    along = np.clip(np.einsum("nc,nc->n", off, difference) / whole, 0, 1)
    return np.asarray(np.einsum("nc,nc->n", off, off) / whole - along**2)


def half_covered(middles: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(N,): what the orders leave of them, about half way: a quick look by which few pairs pass."""
    difference, off = ends - starts, middles - starts
    squares = difference**2
    flat, flat_squares = middle_covers()
    left = (off**2).sum(axis=1)[:, None] - 2 * (off * difference) @ flat.T + squares @ flat_squares.T
    return np.asarray(left.min(axis=1) / np.maximum(squares.sum(axis=1), 1.0))


def half_slid(middles: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(N,): what slides leave of them, half way."""
    if not len(middles):
        return np.empty(0, np.float32)
    whole = np.maximum(((ends - starts) ** 2).sum(axis=1), 1.0)
    left = [((middles[:, None] - moved) ** 2).sum(axis=2).min(axis=1) for moved in _slid(starts, ends, _ABOUT_HALF)]
    return np.asarray(np.min(left, axis=0) / whole)


def _best(left: np.ndarray, way: np.ndarray, mixed: np.ndarray, times: np.ndarray) -> Explained:
    """Of explanations (N, R, T) with their shares of the way, the one that leaves least in the mean."""
    chosen = left.mean(axis=1).argmin(axis=1)[:, None, None]
    best = np.take_along_axis(left, chosen, axis=2)[..., 0]
    path = np.take_along_axis(way, chosen, axis=2)[..., 0]
    back = np.maximum(0, -np.diff(path, axis=1)).max(axis=1)
    mixed = np.maximum(mixed, 1e-6)
    return Explained(best.mean(axis=1), best.max(axis=1), mixed, np.abs(path - times).max(axis=1), back)


def _slid(starts: np.ndarray, ends: np.ndarray, way: np.ndarray) -> Iterator[np.ndarray]:
    """For each direction (N, S, 144): the grids at these shares of the way (S,); between columns interpolated."""
    a, b = (grids.reshape(-1, *LUMA_SHAPE) for grids in (starts, ends))
    for axis, size in ((2, LUMA_SHAPE[1]), (1, LUMA_SHAPE[0])):
        for forward in (True, False):
            strip = np.concatenate([a, b] if forward else [b, a], axis=axis)
            places = (way if forward else 1 - way) * size
            low = np.floor(places).astype(np.intp)
            weight = (places - low)[None, :, None, None].astype(np.float32)
            near, far = (
                np.stack([np.take(strip, np.arange(p, p + size), axis=axis) for p in low + more], axis=1)
                for more in (0, 1)
            )
            yield ((1 - weight) * near + weight * far).reshape(len(a), len(way), LUMA_CELLS)


@cache
def covers() -> np.ndarray:
    """(T, S, 144) float32, 0–1: for each order and width of edge, at each share of its way, how much of the new picture
    each cell shows."""
    shares = np.arange(_SHARES + 1)[:, None, None] / _SHARES
    rows, columns = LUMA_SHAPE
    found = [
        np.clip((shares * (1 + edge) - order) / edge, 0, 1).reshape(-1, rows, _SUB, columns, _SUB).mean(axis=(2, 4))
        for order in _orders()
        for edge in _EDGES
    ]
    return np.array(found, np.float32).reshape(len(found), _SHARES + 1, LUMA_CELLS)


@cache
def cover_squares() -> np.ndarray:
    """(T · S, 144): the squares of `covers`."""
    return np.asarray(covers().reshape(-1, LUMA_CELLS) ** 2)


@cache
def middle_covers() -> tuple[np.ndarray, np.ndarray]:
    """(M, 144): the covers with a soft edge about half way, and their squares."""
    flat = covers()[1 :: len(_EDGES), _SHARES // 3 : 1 + _SHARES * 2 // 3].reshape(-1, LUMA_CELLS)
    return flat, flat**2


def _orders() -> Iterator[np.ndarray]:
    """When each place changes, 0–1, on a grid of `_SUB` places a cell."""
    rows, columns = LUMA_SHAPE
    down, across = np.mgrid[: rows * _SUB, : columns * _SUB]
    y, x = (down + 0.5) / (rows * _SUB) - 0.5, (across + 0.5) / (columns * _SUB) - 0.5
    for angle in np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS:
        yield _from_0_to_1(x * np.cos(angle) + y * np.sin(angle))
    for order in (np.hypot(x * columns / rows, y), np.hypot(x, y), np.abs(x), np.abs(y)):
        yield _from_0_to_1(order)
        yield 1 - _from_0_to_1(order)
    for quarter in range(_QUARTERS):
        turned = (np.arctan2(x, -y) / (2 * np.pi) + quarter / _QUARTERS) % 1.0
        yield turned
        yield 1 - turned


def _from_0_to_1(order: np.ndarray) -> np.ndarray:
    return np.asarray((order - order.min()) / (order.max() - order.min()))
