"""What the engines need of a device beside its pixel operations. Which one serves a run is decided once, with `Ops`.

Between the engines stands arithmetic written for any array module: on the device NumPy's functions hand CuPy's arrays
on to CuPy. What follows are the places where that is not enough.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np

from kernels.surface import Array

from .grey import grey
from .pooling import picture_numbers
from .quality import measure_quality


class EngineTools(Protocol):
    """Behind the door: one device and, where it has streams, the one in which its sessions run."""

    def scope(self) -> AbstractContextManager[object]:
        """Within the block this thread's array arithmetic joins the order of the sessions."""
        ...

    def engine_input(
        self, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Array:
        """(N, h, w, 3) uint8 → (N, 3, height, width) float32, each value over `divisor`, `subtract` taken off.

        size: (width, height), not smaller than the pictures, which lie at its top left; the rest is 0 before scaling.
        """
        ...

    def grey_input(self, chips: Array) -> Array:
        """(N, h, w, 3) uint8 RGB → (N, 1, h, w) float32 luma, −1…1."""
        ...

    def qualities(self, chips: Array, side: int) -> Array:
        """(N, w, w, 3) uint8 RGB → (N, 5) float32: `quality.measure` of their middle, `side` wide."""
        ...

    def picture_numbers(self, features: Array, pictures: Array) -> Array:
        """`pooling.picture_numbers` as they travel to the host: from a device in half precision, three digits each."""
        ...

    def suppress(self, boxes: Array, scores: Array, pictures: Array, overlap: float) -> Array:
        """Indices of the boxes (N, 4) left, top, right, bottom to keep, best first: greedy non-maximum suppression.

        A box goes when a better one that stays, of the same picture (N,), covers more than `overlap` of both
        (intersection over union). Equal scores go by order. On the device it synchronises: how many are kept is known
        on the host.
        """
        ...


class HostTools:
    """NumPy."""

    def scope(self) -> AbstractContextManager[object]:
        """Host arithmetic has no order to join."""
        return nullcontext()

    def engine_input(
        self, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Array:
        """See `EngineTools`; a new array, contiguous."""
        planes = pictures.transpose(0, 3, 1, 2).astype("float32", order="C")
        if size is not None:
            height, width = planes.shape[2:]
            planes = np.pad(planes, ((0, 0), (0, 0), (0, size[1] - height), (0, size[0] - width)))
        if divisor != 1.0:
            planes = planes / np.float32(divisor)
        return planes - np.float32(subtract) if subtract else planes

    def grey_input(self, chips: Array) -> Array:
        """See `EngineTools`."""
        return (grey(chips)[:, None] / np.float32(255) - np.float32(0.5)) * np.float32(2)

    def qualities(self, chips: Array, side: int) -> Array:
        """See `EngineTools`."""
        start = (chips.shape[1] - side) // 2
        return measure_quality(chips[:, start : start + side, start : start + side])

    def picture_numbers(self, features: Array, pictures: Array) -> Array:
        """See `EngineTools`: float32, nothing travels."""
        return picture_numbers(features, pictures)

    def suppress(self, boxes: Array, scores: Array, pictures: Array, overlap: float) -> Array:
        """See `EngineTools`."""
        order = np.argsort(-scores, kind="stable")
        sizes = boxes[:, 2:] - boxes[:, :2]
        shares = intersection_over_union(*(np.concatenate([boxes[:, :2], sizes], 1)[order],) * 2)
        shares[pictures[order][:, None] != pictures[order]] = 0
        dropped = np.zeros(len(order), bool)
        for rank in range(len(order)):
            if not dropped[rank]:
                dropped[rank + 1 :] |= shares[rank, rank + 1 :] > overlap
        return np.asarray(order[~dropped])


HOST_TOOLS = HostTools()


def intersection_over_union(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N, M) of boxes (N, 4) and (M, 4) given as x, y, width, height."""
    ends = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    common = np.clip(ends - np.maximum(first[:, None, :2], second[None, :, :2]), 0, None).prod(-1)
    union = first[:, 2:].prod(-1)[:, None] + second[:, 2:].prod(-1)[None] - common
    return np.asarray(common / np.maximum(union, 1e-9))
