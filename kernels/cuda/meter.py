"""Measures batches of frames on the device: one launch for each batch, and two more when rows and columns are
measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bars import DARKNESS_STRIDE, SEGMENTS, Darkness
from ..cpu_profile import displayed_lines
from ..geometry import analysis_size, rotated_size
from ..stats import ROW, THUMB_HEIGHT, THUMB_WIDTH
from ..surface import Array, Colour, Geometry, Surface
from .layout import MEASURED, PICTURE, PLAN, SUMS, picture_structs
from .runtime import Runtime

_BLOCK = 256
_TILE = (64, 16)
_THUMB = THUMB_WIDTH * THUMB_HEIGHT


@dataclass(slots=True)
class _Buffers:
    """Device memory for batches of up to `room` pictures."""

    room: int
    sums: Array
    thumbs: Array
    rows: Array
    batch_done: Array


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
        self._count = 0
        self._clear()

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        rows = np.zeros(len(surfaces), ROW)
        rows["pts_s"], rows["frame"] = pts_s, frames
        if not surfaces:
            return rows
        described = picture_structs(surfaces, self._runtime.address)
        device = self._runtime.upload(described.view(np.uint8))
        self._measure_lines(device, len(surfaces))
        luma, chroma = self._small_planes(described)
        measured = self._launch(device, len(surfaces), luma, chroma)
        # The surfaces themselves would keep the decoder's slots occupied.
        self._shown_as = [(surface.colour, surface.geometry) for surface in surfaces]
        self._last = described["chroma_size"].copy(), luma, chroma
        for name in measured.dtype.names or ():
            rows[name] = measured[name]
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

    def take_darkness(self) -> Darkness:
        counts = [len(lines) for lines in self._lines]
        row_bytes, column_bytes = (-(-count // 4) + 1 for count in counts)
        out = self._runtime.empty((row_bytes + column_bytes,), np.uint8)
        arguments = [self._lines[0], counts[0], self._lines[1], counts[1], out]
        self._runtime.launch("darkness_lines", (2, 1, 1), (32 * SEGMENTS, 1, 1), arguments)
        # Synchronises: two bits for each line are downloaded.
        packed, rotation = np.split(self._runtime.download(out), [row_bytes]), self._geometry.rotation
        across, down = map(_unpacked, packed, counts)
        rows, columns = displayed_lines(across, down, rotation)
        lit = packed[0 if rotation % 180 == 0 else 1][-1] > 0
        taken = Darkness(self._line_frames, rows, columns, bool(lit))
        self._clear()
        return taken

    def _clear(self) -> None:
        self._line_frames = 0
        width, height = self._shown
        self._lines = [self._runtime.zeros((count, SEGMENTS), np.float32) for count in (height, width)]

    def _small_planes(self, described: np.ndarray) -> tuple[Array, Array]:
        """New memory for the small pictures of a batch; new because `small` hands it out."""
        self._chroma_room = max(self._chroma_room, int(described["chroma_size"].prod(axis=1).max()))
        count, pixels = len(described), self._size[0] * self._size[1]
        empty = self._runtime.empty
        return empty((count * pixels,), np.uint8), empty((max(1, count * self._chroma_room * 2),), np.uint8)

    def _launch(self, device: Array, count: int, luma: Array, chroma: Array) -> np.ndarray:
        """Rows (count,) of dtype MEASURED. `device`: the PICTUREs of the batch. Synchronises."""
        buffers = self._room_for(count)
        grid = self._tiles[0] * self._tiles[1] + -(-self._chroma_room // _BLOCK), count, 1
        places = [buffers.sums, luma, chroma, buffers.thumbs, buffers.rows, buffers.batch_done]
        self._runtime.launch("measure", grid, (_BLOCK, 1, 1), [device, self._plan(), *places])
        # Synchronises: the rows are all that the host needs of a frame.
        return self._runtime.download(buffers.rows[MEASURED.itemsize :][: count * MEASURED.itemsize]).view(MEASURED)

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
        zeros = self._runtime.zeros
        self._buffers = new = _Buffers(
            count,
            sums=zeros((count * SUMS.itemsize,), np.uint8),
            thumbs=zeros((count + 1, _THUMB), np.float32),
            rows=zeros(((count + 1) * MEASURED.itemsize,), np.uint8),
            batch_done=zeros((1,), np.uint32),
        )
        if old is not None:
            self._runtime.copy(new.thumbs[0], old.thumbs[0])
            self._runtime.copy(new.rows[: MEASURED.itemsize], old.rows[: MEASURED.itemsize])
        return new

    def _measure_lines(self, device: Array, count: int) -> None:
        """Measures rows and columns of every eighth picture of the film. `device`: the PICTUREs of a batch of
        `count`."""
        sampled = range(-self._count % DARKNESS_STRIDE, count, DARKNESS_STRIDE)
        if not sampled:
            return
        width, height = self._shown
        which, block = [device, sampled.start, DARKNESS_STRIDE, count], (32 * SEGMENTS, 1, 1)
        self._runtime.launch("darkness_rows", (height, 1, 1), block, [*which, self._lines[0], height])
        self._runtime.launch("darkness_columns", (-(-width // 32), 1, 1), block, [*which, self._lines[1], width])
        self._line_frames += len(sampled)


def _unpacked(packed: np.ndarray, count: int) -> np.ndarray:
    """(count,) uint8 classes of lines from the packed output of the kernel `darkness_lines`."""
    lines: np.ndarray = (packed[:-1, None] >> np.arange(0, 8, 2, dtype=np.uint8) & 3).reshape(-1)[:count]
    return lines


assert PICTURE.itemsize == 208, "PICTURE differs from Picture in kernels/cuda/pixels.h"
