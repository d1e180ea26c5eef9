"""The compiled filter compared with the slow one that is written from the formula."""

from __future__ import annotations

import numpy as np
import pytest

from kernels import filtered
from kernels.reference_parts import lanczos_line
from kernels.surface import Rect

RECTS: list[Rect] = [
    (0.0, 0.0, 61.0, 47.0), (3.3, 5.7, 40.2, 31.1), (-9.5, -4.25, 90.0, 60.0), (55.5, 44.5, 30.0, 20.0),
    (70.0, 60.0, 9.0, 9.0),
]  # fmt: skip
SIZES = [(61, 47), (128, 96), (17, 11), (1, 1), (200, 9)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("rect", RECTS)
@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_formula_rounded(dtype: type[np.uint8], rect: Rect, size: tuple[int, int]) -> None:
    top = np.iinfo(dtype).max
    samples = np.random.default_rng(7).integers(0, top, (47, 61), dtype, endpoint=True)
    rows = lanczos_line(samples, rect[1], rect[3], size[1])
    expected = lanczos_line(rows.T, rect[0], rect[2], size[0]).T.clip(0, top)
    got = filtered.lanczos(samples, rect, size)
    assert got.dtype == dtype and got.shape == (size[1], size[0])
    # Half a step for rounding, and a few thousandths for float32 sums of five digits.
    assert np.abs(got - expected).max() <= 0.5 + (0.001 if dtype is np.uint8 else 0.05)


def test_a_strided_plane_is_read_where_it_lies() -> None:
    wide = np.random.default_rng(8).integers(0, 256, (40, 80), np.uint8)
    part, whole = wide[:, 5:69], np.ascontiguousarray(wide[:, 5:69])
    rect = (1.5, 2.5, 50.0, 30.0)
    assert np.array_equal(filtered.lanczos(part, rect, (75, 45)), filtered.lanczos(whole, rect, (75, 45)))
