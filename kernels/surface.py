"""A decoded picture in the memory where the decoder put it: planes, colour description and geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Array = Any
"""A NumPy array on the host or a CuPy array on a device. The docstring of the function or field gives shape and
dtype."""

Matrix = Literal["bt601", "bt709", "bt2020"]
Rotation = Literal[0, 90, 180, 270]


@dataclass(frozen=True, slots=True)
class Colour:
    """How code values become colour (ITU-T H.273).

    `matrix` is the luma/chroma matrix; `full_range` says whether 8-bit luma spans 0–255 instead of 16–235. `primaries`
    and `transfer` are named as in the container, `"unknown"` where it names none. `peak_nits`: brightest light of the
    film in cd/m², as its metadata say; 0 where they say nothing.
    """

    matrix: Matrix = "bt709"
    full_range: bool = False
    primaries: str = "unknown"
    transfer: str = "unknown"
    peak_nits: float = 0.0


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a file's pictures are displayed: rotated, with square pixels.

    `rotation` is clockwise, in degrees, and is applied to the stored picture. One geometry serves a whole file: a
    surface of another coded size (a stream that changes resolution) is scaled to the same display size.
    """

    display_width: int
    display_height: int
    rotation: Rotation = 0


@dataclass(frozen=True, slots=True)
class Surface:
    """One stored picture as planes.

    `y` is (H, W), `u` and `v` are (h, w) with h, w the chroma size; uint8, or uint16 with `bit_depth` significant low
    bits. `u` and `v` are None for grey pictures. Rows may have a pitch, and the samples of `u` and `v` may be
    interleaved (see `split_semi_planar`). The planes belong to the decoder. On a device it reuses them after the next
    read, unless they were copied into a pool slot.
    """

    y: Array
    u: Array | None
    v: Array | None
    bit_depth: int
    colour: Colour
    geometry: Geometry
    bars: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Black bars that the decoder added at top, bottom, left and right, because the picture has another shape than its
    film; displayed pixels, rounded up."""

    @property
    def nbytes(self) -> int:
        """Bytes of the samples of all planes, without padding."""
        return sum(int(p.size) * int(p.dtype.itemsize) for p in (self.y, self.u, self.v) if p is not None)


def split_semi_planar(buffer: Array, height: int) -> tuple[Array, Array, Array]:
    """Y, U and V as views of one NV12 or P016 picture (height × 3/2, width): luma above, interleaved U and V below.

    P016 keeps its samples in the high bits, so its surfaces have `bit_depth` 16, whatever the film's depth.
    """
    chroma = buffer[height:]
    return buffer[:height], chroma[:, 0::2], chroma[:, 1::2]


Rect = tuple[float, float, float, float]
"""x, y, width, height in displayed pixels."""
