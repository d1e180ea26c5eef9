"""The composition of a picture, measured on a small grey copy: symmetry and clutter."""

from __future__ import annotations

from math import ceil

from engines.faces import Face
from kernels.balance import Balance, PixelBox
from kernels.ops import Ops
from kernels.surface import Surface

from ..records import ActiveRect, Composition

SIZE = (96, 54)
"""Width and height of the copy that is measured. Chosen by eye."""
_SUBJECT_MARGIN = 0.6
"""The subject is the face box, widened by this share of its size on each side, and everything below it (the body).
Chosen by eye."""


def measure_composition(
    ops: Ops, surface: Surface, lead: Face | None, inside: ActiveRect | None = None
) -> Composition:
    """The composition of `surface`. `lead`: the leading face, in displayed pixels; None when there is none. `inside`:
    what is measured of the picture; None: all of it.

    Copies five sums to the host. Synchronises (device ops only).
    """
    geometry = surface.geometry
    shown = inside or ActiveRect(0.0, 0.0, geometry.display_width, geometry.display_height)
    small = ops.rgb(surface, None if inside is None else inside.rect, SIZE)
    sums = ops.to_host(ops.balance(small, _subject_span(shown, lead)))
    return _composed(Balance(*sums.tolist()))


def _composed(sums: Balance) -> Composition:
    """The composition that follows from the sums over a copy of `SIZE`; the same code for every device."""
    clutter = sums.gradient_outside / sums.pixels_outside if sums.pixels_outside else 0.0
    return Composition(_symmetry(sums), round(clutter, 4))


def _symmetry(sums: Balance) -> float:
    even = sums.luma**2 / (SIZE[0] * SIZE[1])
    spread = sums.luma_squared - even
    return 1.0 if spread < 1e-3 else round(max(0.0, (sums.luma_mirrored - even) / spread), 4)


def _subject_span(shown: ActiveRect, lead: Face | None) -> PixelBox:
    """The subject in the copy: left, top, right, bottom in its pixels, ends exclusive; all 0 without a face. `shown`:
    what the copy is of."""
    if lead is None:
        return 0, 0, 0, 0
    (x, y, width, height), sx, sy = lead.box, SIZE[0] / shown.width, SIZE[1] / shown.height
    x, y = x - shown.x, y - shown.y
    left, right = (x - _SUBJECT_MARGIN * width) * sx, (x + (1 + _SUBJECT_MARGIN) * width) * sx
    top = (y - _SUBJECT_MARGIN * height) * sy
    return int(left), int(top), ceil(right), SIZE[1]
