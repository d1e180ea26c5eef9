"""Measures batches of frames on the device: two launches for each batch, and three more when rows and columns are
measured. All numbers of a batch come to the host in one fetch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bars import BORDERS, DARKNESS_STRIDE, SEGMENTS
from ..geometry import analysis_size, rotated_size
from ..stats import ROW, THUMB_HEIGHT, THUMB_WIDTH
from ..structure import cell_changes
from ..surface import Array, Colour, Geometry, Rotation, Surface
from .layout import MEASURED, PICTURE, PLAN, SUMS, picture_structs
from .runtime import Runtime

_BLOCK = 256
_TILE = (64, 16)
_THUMB = THUMB_WIDTH * THUMB_HEIGHT
_AXIS = np.dtype([("bright", "<i4", (2,)), ("dark", "<i4", (2,)), ("lit", "<i4")])
"""What the kernel `line_borders` writes for the stored rows, then for the stored columns of a picture: numbers of
`kernels.bars.BORDERS` from the first line inwards and from the last one."""
_SIDES: dict[Rotation, tuple[int, ...]] = {0: (0, 1, 2, 3), 90: (2, 3, 1, 0), 180: (1, 0, 3, 2), 270: (3, 2, 0, 1)}
"""Which stored border is the displayed top, bottom, left and right: 0, 1 where rows begin and end, 2, 3 columns."""


@dataclass(slots=True)
class _Buffers:
    """Device memory for batches of up to `room` pictures."""

    room: int
    sums: Array
    thumbs: Array
    rows: Array
    batch_done: Array
    lines: tuple[Array, Array]


class CudaMeter:
    """`kernels.ops.Meter` on a device. One object measures one video; it must not be used by several threads at
    once."""

    def __init__(self, geometry: Geometry, runtime: Runtime) -> None:
        self._geometry = geometry
        self._runtime = runtime
        self._size = analysis_size(geometry)
        self._shown = rotated_size((geometry.display_width, geometry.display_height), geometry.rotation)
        self._tiles = -(-self._size[0] // _TILE[0]), -(-self._size[1] // _TILE[1])
        self._plans: dict[tuple[int, bool], Array] = {}
        self._buffers: _Buffers | None = None
        self._chroma_room = 0
        self._shown_as: list[tuple[Colour, Geometry]] = []
        self._last: tuple[np.ndarray, Array, Array]
        self._thumbnails = runtime.empty((0, THUMB_HEIGHT, THUMB_WIDTH, 3), np.uint8)
        self._count = 0
        self._borders = np.zeros(0, BORDERS)
        self._signature: np.ndarray | None = None

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        rows, self._borders = np.zeros(len(surfaces), ROW), np.zeros(0, BORDERS)
        rows["pts_s"], rows["frame"] = pts_s, frames
        self._thumbnails = self._runtime.empty((len(surfaces), THUMB_HEIGHT, THUMB_WIDTH, 3), np.uint8)
        if not surfaces:
            return rows
        described = picture_structs(surfaces, self._runtime.address)
        device = self._runtime.upload(described.view(np.uint8))
        places = np.arange(-self._count % DARKNESS_STRIDE, len(surfaces), DARKNESS_STRIDE)
        luma, chroma = self._small_planes(described)
        measured, lines = self._launch(device, len(surfaces), luma, chroma, places)
        self._borders = _displayed_borders(lines, places, self._geometry.rotation)
        # The surfaces themselves would keep the decoder's slots occupied.
        self._shown_as = [(surface.colour, surface.geometry) for surface in surfaces]
        self._last = described["chroma_size"].copy(), luma, chroma
        for name in measured.dtype.names or ():
            rows[name] = measured[name]
        rows["cell_change"] = cell_changes(rows["signature_y"], self._signature)
        self._signature = rows["signature_y"][-1].copy()
        self._count += len(surfaces)
        return rows

    def small(self, place: int) -> Surface:
        chroma_sizes, luma, chroma = self._last
        (wide, high), (width, height) = self._size, chroma_sizes[place].tolist()
        y = self._runtime.plane(luma, place * wide * high, (high, wide), (wide, 1))
        colour, geometry = self._shown_as[place]
        if not width:
            return Surface(y, None, None, 8, colour, geometry)
        begin = 2 * place * self._chroma_room
        u, v = (self._runtime.plane(chroma, begin + i, (height, width), (2 * width, 2)) for i in (0, 1))
        return Surface(y, u, v, 8, colour, geometry)

    def thumbnails(self) -> Array:
        return self._thumbnails

    def borders(self) -> np.ndarray:
        return self._borders

    def _small_planes(self, described: np.ndarray) -> tuple[Array, Array]:
        """New memory for the small pictures of a batch; new because `small` hands it out."""
        self._chroma_room = max(self._chroma_room, int(described["chroma_size"].prod(axis=1).max()))
        count, pixels = len(described), self._size[0] * self._size[1]
        empty = self._runtime.empty
        return empty((count * pixels,), np.uint8), empty((max(1, count * self._chroma_room * 2),), np.uint8)

    def _launch(
        self, device: Array, count: int, luma: Array, chroma: Array, places: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (count,) of dtype MEASURED; (N, 2) of dtype _AXIS for the pictures at `places` (N,). Synchronises.

        device: the PICTUREs of the batch.
        """
        buffers, row_bytes = self._room_for(count), count * MEASURED.itemsize
        after_rows = buffers.rows[MEASURED.itemsize + row_bytes :]
        self._measure_lines(device, places, buffers.lines, after_rows)
        grid = self._tiles[0] * self._tiles[1] + -(-self._chroma_room // _BLOCK), count, 1
        memory = [buffers.sums, luma, chroma, buffers.thumbs, buffers.rows, buffers.batch_done]
        self._runtime.launch("measure", grid, (_BLOCK, 1, 1), [device, self._plan(), *memory])
        # Queued before the fetch, so that the pictures are finished when the rows are there.
        arguments = [device, buffers.thumbs, chroma, self._chroma_room, self._geometry.rotation, self._thumbnails]
        self._runtime.launch("rgb_thumbnails", (-(-_THUMB // _BLOCK), count, 1), (_BLOCK, 1, 1), arguments)
        # Synchronises: the rows and the borders behind them are all that the host needs of a frame.
        wanted = row_bytes + len(places) * 2 * _AXIS.itemsize
        found = self._runtime.download(buffers.rows[MEASURED.itemsize :][:wanted])
        return found[:row_bytes].view(MEASURED), found[row_bytes:].view(_AXIS).reshape(-1, 2)

    def _plan(self) -> Array:
        """PLAN on the device; uploaded again when one of its values changed."""
        changing = self._chroma_room, self._count > 0
        if changing not in self._plans:
            tiles_x, tiles_y = self._tiles
            plan = (*self._size, self._geometry.rotation, tiles_x, tiles_x * tiles_y, *changing)
            self._plans[changing] = self._runtime.upload(np.array([plan], PLAN).view(np.uint8))
        return self._plans[changing]

    def _room_for(self, count: int) -> _Buffers:
        """The buffers. When a batch is larger than any before they are allocated again and the last frame's results are
        copied over."""
        old = self._buffers
        if old is not None and old.room >= count:
            return old
        zeros, empty, most = self._runtime.zeros, self._runtime.empty, -(-count // DARKNESS_STRIDE)
        width, height = self._shown
        self._buffers = new = _Buffers(
            count,
            sums=zeros((count * SUMS.itemsize,), np.uint8),
            thumbs=zeros((count + 1, _THUMB), np.float32),
            rows=zeros(((count + 1) * MEASURED.itemsize + most * 2 * _AXIS.itemsize,), np.uint8),
            batch_done=zeros((1,), np.uint32),
            lines=(empty((most * height * SEGMENTS,), np.float32), empty((most * width * SEGMENTS,), np.float32)),
        )
        if old is not None:
            self._runtime.copy(new.thumbs[0], old.thumbs[0])
            self._runtime.copy(new.rows[: MEASURED.itemsize], old.rows[: MEASURED.itemsize])
        return new

    def _measure_lines(
        self, device: Array, places: np.ndarray, lines: tuple[Array, Array], out: Array
    ) -> None:
        """Measures rows and columns of the pictures at `places`, and finds in them what `out` takes.

        device: the PICTUREs of the batch. lines: memory for the profiles.
        """
        if not len(places):
            return
        width, height = self._shown
        which, block, pictures = [device, int(places[0]), DARKNESS_STRIDE], (32 * SEGMENTS, 1, 1), len(places)
        self._runtime.launch("darkness_rows", (height, pictures, 1), block, [*which, lines[0], height])
        self._runtime.launch("darkness_columns", (-(-width // 32), pictures, 1), block, [*which, lines[1], width])
        arguments = [lines[0], height, lines[1], width, out]
        self._runtime.launch("line_borders", (2, pictures, 1), block, arguments)


def _displayed_borders(found: np.ndarray, places: np.ndarray, rotation: Rotation) -> np.ndarray:
    """(N,) of dtype BORDERS. found: (N, 2) of dtype _AXIS, of the pictures at `places` (N,)."""
    borders, sides = np.zeros(len(places), BORDERS), list(_SIDES[rotation])
    borders["place"], borders["lit"] = places, found["lit"][:, 0 if rotation % 180 == 0 else 1] > 0
    for name in ("bright", "dark"):
        borders[name] = found[name].reshape(-1, 4)[:, sides]
    return borders


assert PICTURE.itemsize == 208, "PICTURE differs from Picture in kernels/cuda/pixels.h"
