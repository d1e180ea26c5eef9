"""Pictures as they are between the black bars of their shot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.inside import inside_bars, measured_inside
from kernels.ops import Ops
from kernels.stats import ROW
from kernels.surface import Geometry

from ..records import ActiveRect, Candidate, Picture


def inside_pictures(ops: Ops, pictures: Sequence[Picture], active: ActiveRect) -> list[Picture]:
    """The pictures with rows that were measured in this part of them; as they are where it is the whole picture.
    Synchronises (on a device)."""
    if not pictures or _share(active, pictures[0].surface.geometry) >= 1.0:
        return list(pictures)
    rows = np.array([picture.row for picture in pictures], ROW)
    found = measured_inside(ops, [picture.surface for picture in pictures], rows, active.rect)
    return [replace(picture, row=row, inside=active) for picture, row in zip(pictures, found, strict=True)]


def settle_inside(candidate: Candidate, active: ActiveRect, geometry: Geometry) -> None:
    """Bring the row of a candidate between the bars that its shot turned out to have, by arithmetic, where they are
    wider than those it was measured between. `geometry`: of the whole picture."""
    share = _share(active, geometry)
    measured = 1.0 if candidate.inside is None else _share(candidate.inside, geometry)
    if share < measured:
        candidate.row = inside_bars(np.array([candidate.row], ROW), share / measured)[0]
        candidate.inside = active


def _share(active: ActiveRect, geometry: Geometry) -> float:
    """Share of the whole picture, 0 to 1."""
    return active.width * active.height / (geometry.display_width * geometry.display_height)
