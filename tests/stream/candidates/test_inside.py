"""Pictures and candidates between their bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Geometry, Surface
from stream.candidates.composition import measure_composition
from stream.candidates.inside import inside_pictures, settle_inside
from stream.records import ActiveRect, Candidate, Picture

from ...kernels.samples import Kind, surface_of
from .. import portraits

SHOWN = Geometry(640, 360)
WHOLE = ActiveRect(0.0, 0.0, 640.0, 360.0)
INSIDE = ActiveRect(0.0, 60.0, 640.0, 240.0)


def in_bars(surface: Surface) -> Surface:
    """The picture with black bars outside `INSIDE`."""
    planes = []
    for plane, black in ((surface.y, 16), (surface.u, 128), (surface.v, 128)):
        top, bottom = (round(y * len(plane) / 360) for y in (INSIDE.y, INSIDE.y + INSIDE.height))
        drawn = plane.copy()
        drawn[:top] = drawn[bottom:] = black
        planes.append(drawn)
    y, u, v = planes
    return replace(surface, y=y, u=u, v=v)


def picture_of(surface: Surface) -> Picture:
    return Picture(CpuOps().meter(SHOWN).measure([surface], np.zeros(1), np.zeros(1, np.int32))[0], 0, surface)


def test_what_is_measured_between_bars_does_not_depend_on_what_lies_outside() -> None:
    bare = surface_of(Kind((640, 360)))
    given = [picture_of(one) for one in (bare, in_bars(bare))]
    assert given[1].row["laplacian_var"] != pytest.approx(given[0].row["laplacian_var"], rel=0.1)
    first, second = inside_pictures(CpuOps(), given, INSIDE)
    assert first.inside == second.inside == INSIDE
    for name in ("luma_mean", "luma_std", "laplacian_var", "sobel_energy", "colourfulness", "histogram"):
        np.testing.assert_array_equal(first.row[name], second.row[name])
    compositions = [measure_composition(CpuOps(), one.surface, None, INSIDE) for one in (first, second)]
    assert compositions[0] == compositions[1] != measure_composition(CpuOps(), second.surface, None)
    np.testing.assert_array_equal(second.row["signature_y"], given[1].row["signature_y"])


def test_a_picture_without_bars_is_left_as_it_is() -> None:
    given = [picture_of(surface_of(Kind((640, 360))))]
    assert inside_pictures(CpuOps(), given, WHOLE) == given
    assert inside_pictures(CpuOps(), [], INSIDE) == []


def measured(luma: float, inside: ActiveRect | None) -> Candidate:
    row = np.zeros(1, ROW)[0]
    row["luma_mean"], row["histogram"][0] = luma, 65535
    return replace(portraits.candidate(), row=row, inside=inside)


def test_a_candidate_of_before_the_bars_were_known_is_brought_between_them() -> None:
    early = measured(40.0, None)
    settle_inside(early, INSIDE, SHOWN)
    assert early.row["luma_mean"] == pytest.approx(60.0)
    settle_inside(early, INSIDE, SHOWN)
    assert (early.row["luma_mean"], early.inside) == (pytest.approx(60.0), INSIDE)


@pytest.mark.parametrize("inside", [INSIDE, ActiveRect(0.0, 120.0, 640.0, 120.0)])
def test_one_that_was_measured_there_or_in_a_part_of_it_stays(inside: ActiveRect) -> None:
    one = measured(40.0, inside)
    settle_inside(one, INSIDE, SHOWN)
    assert (one.row["luma_mean"], one.inside) == (40.0, inside)
