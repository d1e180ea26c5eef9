"""The pixel operations of a device: the Protocols that the CPU and CUDA implementations share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from .balance import PixelBox
from .surface import Array, Geometry, Rect, Surface

Device = Literal["cpu", "cuda"]
Part = tuple[Surface, Rect | None]
"""A picture and a rectangle of it in displayed pixels; None: the whole picture."""
Warps = tuple[Surface, np.ndarray]
"""A picture and the matrices (n, 2, 3) of the chips to cut from it, see `Ops.warp`."""


class Meter(Protocol):
    """Measures the frames of one video in presentation order and keeps what the next frame is compared with."""

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Measures a batch: rows (N,) of dtype `kernels.stats.ROW` on the host, one for each surface. Synchronises (on
        a device).

        pts_s: (N,) float64 presentation times in seconds. frames: (N,) frame numbers, -1 where unknown.
        """
        ...

    def small(self, place: int) -> Surface:
        """The picture at index `place` of the last batch as it was measured: longer side at most 480 pixels, small
        chroma, 8 bits, the same display size. It is finished, and the decoder does not reuse its memory."""
        ...

    def thumbnails(self) -> Array:
        """The pictures of the last batch at 48×27 (`kernels.stats.THUMB_WIDTH`), (N, 27, 48, 3) uint8 R'G'B' in full
        range, on the meter's device: rotated as they are displayed, the whole picture without regard to its shape.

        They are finished, new memory for each batch, and cost no copy to the host. On a device what reads them in
        another stream must keep them until that stream was synchronised. On the host they have a length and are made
        when NumPy reads them (`kernels.cpu_thumbnails.HostThumbnails`); that may be after the next batch.
        """
        ...

    def borders(self) -> np.ndarray:
        """What the last batch shows along the borders of the picture: (N,) of dtype `kernels.bars.BORDERS`, one for
        every eighth frame of the video (`kernels.bars.DARKNESS_STRIDE`). It came with the rows."""
        ...


class Ops(Protocol):
    """The pixel operations of one device. Results of device operations are queued, not finished, until `to_host`."""

    def meter(self, geometry: Geometry) -> Meter:
        """A new meter for a video with this geometry."""
        ...

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        """(h, w, 3) uint8 R'G'B' of `rect` (displayed pixels, default: all) at `size` (width, height, default: that of
        `rect`).

        `rect` may be fractional and may reach beyond the picture, whose edge pixels are repeated there. The fast filter
        halves by 2×2 means and ends bilinear (bicubic when it enlarges); `fine` uses Lanczos at every scale, for
        pictures that people look at. Raises ValueError for a rectangle or size without area.
        """
        ...

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> Array:
        """(N, h, w, 3) uint8: `rgb` of each part by the fast filter, all at `size` (width, height). One launch on a
        device. Raises ValueError for a rectangle or size without area."""
        ...

    def warp(self, parts: Sequence[Warps], size: int) -> Array:
        """(N, size, size, 3) uint8 R'G'B' chips of all pictures, in order. One launch on a device.

        Matrices are similarities that map displayed pixels to chip pixels; whole numbers are pixel centres, as in
        `cv2.warpAffine`. Pixels outside the picture are black.
        """
        ...

    def balance(self, picture: Array, subject: PixelBox) -> Array:
        """(5,) float64 in the order of `kernels.balance.Balance`.

        picture: a small contiguous (h, w, 3) uint8 R'G'B' picture. subject: the box of pixels that do not count as
        background.
        """
        ...

    def detail(self, picture: Array, size: tuple[int, int]) -> Array:
        """(rows, columns) int32 for `size` (columns, rows): the largest |4c - n - e - s - w| of luma in each of so many
        equal cells of a picture, whose edge pixels are repeated; `kernels.detail.LUMA_UNIT` is one code value.

        picture: a small contiguous (h, w, 3) uint8 R'G'B' picture. Cells begin at whole pixels; where there are more
        cells than pixels, some share one.
        """
        ...

    def field_votes(self, first: Surface, second: Surface) -> Array:
        """(7,) int32 in the order of `kernels.combing.FieldVotes`: what the blocks of two pictures in a row say of
        their fields. Raises ValueError for pictures of two shapes or bit depths."""
        ...

    def copy(self, surface: Surface) -> Surface:
        """A copy of the picture whose planes share their memory with nothing else. Use it to keep what `Meter.small`
        returns: on a device that is a view of memory for a whole batch. On the host a plane that already owns its
        memory is not copied again.

        On a device the copy is queued. Another stream may read it after a later `to_host` of these operations returned.
        """
        ...

    def to_host(self, array: Array) -> np.ndarray:
        """The array in host memory. Synchronises (on a device)."""
        ...
