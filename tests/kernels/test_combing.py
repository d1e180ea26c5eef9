"""The weaves of two pictures' fields, compared with the formula."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.combing import BLOCK, weave_sums
from kernels.reference_parts import weave_roughness


@pytest.mark.parametrize("shape", [(66, 48), (67, 50), (33, 100), (18, 16)])
@pytest.mark.parametrize("deep", [False, True])
def test_sums_are_those_of_the_formula(shape: tuple[int, int], deep: bool) -> None:
    dtype = np.uint16 if deep else np.uint8
    wide = np.random.default_rng(5).integers(0, np.iinfo(dtype).max, (2, shape[0], shape[1] + 7), dtype, endpoint=True)
    first, second = wide[0, :, : shape[1]], wide[1, :, : shape[1]]  # rows have a pitch
    expected = weave_roughness(first, second, BLOCK)
    assert expected.size
    assert np.array_equal(weave_sums(first, second), expected)


@pytest.mark.parametrize("shape", [(0, 0), (1, 40), (17, 40), (40, 15)])
def test_pictures_smaller_than_a_block_have_none(shape: tuple[int, int]) -> None:
    assert weave_sums(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)).size == 0


def test_fields_that_belong_together_are_smooth_and_others_are_not() -> None:
    at = np.arange(64)
    picture = [np.tile(np.where((at - 3 * step) // 8 % 2, 200, 40).astype(np.uint8), (66, 1)) for step in range(4)]
    first, second = picture[0].copy(), picture[2].copy()
    first[1::2], second[1::2] = picture[1][1::2], picture[3][1::2]
    one, two, even_newer, odd_newer, motion = weave_sums(first, second).sum(axis=(1, 2))
    assert one == two == even_newer > 0
    assert odd_newer > 1.5 * even_newer
    assert motion > 0
