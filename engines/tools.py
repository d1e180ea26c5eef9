"""What the models need of a device in addition to its pixel operations. A run chooses it once, together with `Ops`.

The arithmetic between models is written for any array module: NumPy's functions pass CuPy arrays on to CuPy. The
operations here are those for which that is not enough.
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
    """Operations between models on one device and, where the device has streams, in the stream in which its sessions
    run."""

    few_shapes: bool
    """Whether a session is planned for the shape of its input, for so long that few shapes should come: inputs whose
    size follows the picture are then placed on one of a few canvases."""

    def scope(self) -> AbstractContextManager[object]:
        """Within the block array arithmetic in this thread runs in the order of the sessions."""
        ...

    def engine_input(
        self, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Array:
        """(N, 3, height, width) float32 from pictures (N, h, w, 3) uint8: each value divided by `divisor`, then
        `subtract` taken off.

        size: (width, height), not smaller than the pictures, which are placed at its top left; the rest is 0 before
        scaling.
        """
        ...

    def grey_input(self, chips: Array) -> Array:
        """(N, 1, h, w) float32 luma, −1…1, of chips (N, h, w, 3) uint8 RGB."""
        ...

    def qualities(self, chips: Array, side: int) -> Array:
        """(N, 6) float32: `quality.measure_quality` of the middle `side`×`side` pixels of chips (N, w, w, 3) uint8
        RGB."""
        ...

    def picture_numbers(self, features: Array, pictures: Array) -> Array:
        """`pooling.picture_numbers`, in the precision in which it is downloaded: on a device float16 (three digits),
        else float32."""
        ...

    def suppress(self, boxes: Array, scores: Array, pictures: Array, overlap: float) -> Array:
        """Greedy non-maximum suppression: indices of the boxes to keep, best first.

        boxes: (N, 4) left, top, right, bottom. scores: (N,). pictures: (N,) picture of each box. A box is dropped when
        its intersection over union with a better box of the same picture that is kept exceeds `overlap`. Boxes with
        equal scores are taken in order. Synchronises (on a device), because the number of kept boxes must be known.
        """
        ...


class HostTools:
    """`EngineTools` on the host, with NumPy."""

    few_shapes = False

    def scope(self) -> AbstractContextManager[object]:
        """Does nothing: the host runs arithmetic in order."""
        return nullcontext()

    def engine_input(
        self, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Array:
        """See `EngineTools`. Returns a new contiguous array."""
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
        """See `EngineTools`."""
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
    """(N, M) of boxes (N, 4) and (M, 4), each x, y, width, height."""
    ends = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    common = np.clip(ends - np.maximum(first[:, None, :2], second[None, :, :2]), 0, None).prod(-1)
    union = first[:, 2:].prod(-1)[:, None] + second[:, 2:].prod(-1)[None] - common
    return np.asarray(common / np.maximum(union, 1e-9))
