"""Pictures of wipes that editors make: one scene gives way to another part by part, along a line, a circle, the hand of
a clock or doors, behind a hard or a soft edge, while both move on; and slides, in which one pushes the other away.

A function takes excerpts, (F, H, W, 3) uint8 RGB, and returns the frames of a composed clip, of the same size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .composed_pictures import Frames

_EDGES = (0.2, 0.4, 0.8)
"""Widths of soft edges, as shares of the whole way."""
_DIRECTIONS = 8
"""Of lines: to the sides and into the corners."""


def line(shape: tuple[int, int], number: int) -> np.ndarray:
    """(H, W) when each pixel changes, 0 to 1: along a line in one of eight directions."""
    across, down = _places(shape)
    angle = 2 * np.pi * (number % _DIRECTIONS) / _DIRECTIONS
    return _from_0_to_1(across * np.cos(angle) + down * np.sin(angle))


def circle(shape: tuple[int, int], number: int) -> np.ndarray:
    """(H, W): an iris that opens, or closes, about the middle or a place beside it."""
    across, down = _places(shape)
    beside = 0.15 * (number // 2 % 2)
    order = _from_0_to_1(np.hypot((across - beside) * shape[1] / shape[0], down + beside))
    return 1 - order if number % 2 else order


def clock(shape: tuple[int, int], number: int) -> np.ndarray:
    """(H, W): the hand of a clock, one way or the other, from the top or from a side."""
    across, down = _places(shape)
    turned = (np.arctan2(across, -down) / (2 * np.pi) + 0.25 * (number // 2 % 4)) % 1.0
    return np.asarray(1 - turned if number % 2 else turned)


def doors(shape: tuple[int, int], number: int) -> np.ndarray:
    """(H, W): doors that open or close, across or up and down."""
    across, down = _places(shape)
    order = _from_0_to_1(np.abs(across if number // 2 % 2 else down))
    return 1 - order if number % 2 else order


Order = Callable[[tuple[int, int], int], np.ndarray]
ORDERS: tuple[Order, ...] = (line, circle, clock, doors)


def wiped(before: np.ndarray, after: np.ndarray, frames: int, order: Order, number: int, soft: bool) -> Frames:
    """The last `frames` of one scene give way to the first of the other. `number` sets direction and edge."""
    kept, times = len(before) - frames, order(before.shape[1:3], number)[..., None]
    edge = _EDGES[number % len(_EDGES)] if soft else 1e-6
    shares = (np.arange(frames) + 1) / (frames + 1) * (1 + edge)
    covers = [np.clip((share - times) / edge, 0, 1) for share in shares]
    mixed = [((1 - c) * before[kept + i] + c * after[i]).astype(np.uint8) for i, c in enumerate(covers)]
    return [*before[:kept], *mixed, *after[frames:]]


def slide(before: np.ndarray, after: np.ndarray, frames: int, number: int) -> Frames:
    """One scene pushes the other away: to the left, to the right, up or down, evenly."""
    kept, axis, forward = len(before) - frames, 1 if number % 4 < 2 else 0, number % 2 == 0
    size = before.shape[1 + axis]
    moved: Frames = []
    for i in range(frames):
        strip = [before[kept + i], after[i]] if forward else [after[i], before[kept + i]]
        gone = round((i + 1) / (frames + 1) * size)
        start = gone if forward else size - gone
        moved.append(np.take(np.concatenate(strip, axis=axis), np.arange(start, start + size), axis=axis))
    return [*before[:kept], *moved, *after[frames:]]


def _places(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) each, −½ to ½: how far to the right and how far down."""
    down, across = np.mgrid[: shape[0], : shape[1]]
    return across / (shape[1] - 1) - 0.5, down / (shape[0] - 1) - 0.5


def _from_0_to_1(order: np.ndarray) -> np.ndarray:
    return np.asarray((order - order.min()) / (order.max() - order.min()))
