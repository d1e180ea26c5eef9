"""How a picture is put together, measured on a small grey copy: balance, a calm background, where its weight lies."""

from __future__ import annotations

from math import ceil

from engines.faces import Face
from kernels.balance import Balance, Span
from kernels.ops import Ops
from kernels.surface import Geometry, Surface

from ..records import Composition

SIZE = (96, 54)
"""Width and height of the copy that is measured."""
_AROUND = 0.6
"""The subject is the face box and this share of its size on each side, and everything below it: the body."""


def measure(ops: Ops, surface: Surface, lead: Face | None) -> Composition:
    """Of the surface; `lead` in its displayed pixels. Eight sums reach the host. Synchronises (device ops only)."""
    sums = ops.to_host(ops.balance(ops.rgb(surface, None, SIZE), _subject(surface.geometry, lead)))
    return _composed(Balance(*sums.tolist()))


def _composed(sums: Balance) -> Composition:
    """The numbers that follow from the sums over a copy of `SIZE`, on every device."""
    total = sums.gradient + 1e-6
    across, down = sums.gradient_x / total / (SIZE[0] - 1), sums.gradient_y / total / (SIZE[1] - 1)
    clutter = sums.gradient_outside / sums.pixels_outside if sums.pixels_outside else 0.0
    return Composition(_symmetry(sums), round(clutter, 4), (round(across, 4), round(down, 4)))


def _symmetry(sums: Balance) -> float:
    even = sums.luma**2 / (SIZE[0] * SIZE[1])
    spread = sums.luma_squared - even
    return 1.0 if spread < 1e-3 else round(max(0.0, (sums.luma_mirrored - even) / spread), 4)


def _subject(geometry: Geometry, lead: Face | None) -> Span:
    """Where the subject is in the copy."""
    if lead is None:
        return 0, 0, 0, 0
    x, y, width, height = lead.box
    sx, sy = SIZE[0] / geometry.display_width, SIZE[1] / geometry.display_height
    left, right = (x - _AROUND * width) * sx, (x + (1 + _AROUND) * width) * sx
    top = (y - _AROUND * height) * sy
    return int(left), int(top), ceil(right), SIZE[1]
