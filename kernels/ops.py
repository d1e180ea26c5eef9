"""The pixel operations of one device: the contract that the CPU's and CUDA's keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from .balance import PixelBox
from .bars import Darkness
from .surface import Array, Geometry, Rect, Surface

Device = Literal["cpu", "cuda"]
Part = tuple[Surface, Rect | None]
"""A picture and the rectangle of it (displayed pixels) that is wanted; None: all."""
Warps = tuple[Surface, np.ndarray]
"""A picture and the matrices (n, 2, 3) of the chips that are wanted of it."""


class Meter(Protocol):
    """Measures every frame of one video in presentation order; remembers what the next frame is compared with."""

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Rows of dtype `kernels.stats.ROW`, one a surface, on the host. Synchronises (device meters only)."""
        ...

    def small(self, place: int) -> Surface:
        """The picture at `place` of the last `measure`, as it was measured: luma with its longer side at 480 pixels at
        most, small chroma, 8 bits, shown in the same size. Finished; its planes are its own."""
        ...

    def take_darkness(self) -> Darkness:
        """What rows and columns showed since the last call; starts afresh. Synchronises (device meters only)."""
        ...


class Ops(Protocol):
    """Pixels in, pixels out, on one device."""

    def meter(self, geometry: Geometry) -> Meter: ...

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        """(h, w, 3) uint8 sRGB-range R'G'B' of `rect` (displayed pixels, default all) at `size` (width, height).

        `rect` may be fractional and may stick out: the edge is repeated there. The quick filter halves by 2×2 means
        and ends bilinear (bicubic when enlarging); `fine` is Lanczos at every scale, for pictures people look at.
        Raises ValueError for a rectangle or size without area.
        """
        ...

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> Array:
        """(N, h, w, 3) uint8: `rgb` of each part by the quick filter, all at one size; on a device one launch."""
        ...

    def warp(self, parts: Sequence[Warps], size: int) -> Array:
        """(N, size, size, 3) uint8 chips of all pictures, in their order; on a device one launch.

        Matrices map displayed pixels to chip pixels (similarities). Whole numbers are pixel centres, as in
        `cv2.warpAffine`. What lies outside the picture is black.
        """
        ...

    def balance(self, picture: Array, subject: PixelBox) -> Array:
        """(8,) float64 in the order of `kernels.balance.Balance`, of a small picture (h, w, 3) uint8, side by side in
        memory; `subject`: the pixels that do not count as background."""
        ...

    def copy(self, surface: Surface) -> Surface:
        """A copy of the picture whose planes share their memory with nothing else. Use it to keep what `Meter.small`
        returns: on a device that is a view of memory for a whole batch. On the host a plane that already owns its
        memory is not copied again.

        On a device the copy is queued. Another stream may read it after a later `to_host` of these operations returned.
        """
        ...

    def to_host(self, array: Array) -> np.ndarray:
        """The array in host memory. Synchronises (device ops only)."""
        ...
