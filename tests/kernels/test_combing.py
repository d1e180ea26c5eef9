"""The weaves of two pictures' fields, compared with the formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.combing import BLOCK, FieldVotes, weave_sums
from kernels.cpu import CpuOps
from kernels.ops import Ops
from kernels.reference_parts import weave_roughness
from kernels.surface import Surface

from ..stream.decode.woven import pulled_down, sliding, woven
from .samples import grey_surface, padded, placed


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


def deeper(luma: np.ndarray, bits: int) -> Surface:
    """A picture of `bits` bits from one of eight, with padding after its rows."""
    samples = luma if bits == 8 else luma.astype(np.uint16) << (bits - 8)
    return replace(grey_surface(padded(samples)), bit_depth=bits)


def doubled(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Each line twice, and each picture two lines lower than the one before."""
    return [np.roll(np.repeat(picture[::2], 2, axis=0), 2 * k, axis=0) for k, picture in enumerate(pictures)]


PAIRS = {
    "whole": (sliding(2), lambda votes: votes.whole > 20 > 5 > votes.even_first + votes.odd_first),
    "even lines first": (woven(sliding(4)), lambda votes: votes.even_first > 20 > 5 > votes.odd_first),
    "odd lines first": (woven(sliding(4), False), lambda votes: votes.odd_first > 20 > 5 > votes.even_first),
    "telecine": (
        pulled_down(sliding(8))[1:3],
        lambda votes: votes.second_mixed > votes.even_first / 2 > votes.first_mixed,
    ),
    "lines doubled": (doubled([sliding(1)[0]] * 2), lambda votes: votes.doubled * 2 > votes.even_first),
    "still": ([sliding(1)[0]] * 2, lambda votes: not any(votes[:6])),
}


@pytest.mark.parametrize("bits", [8, 10, 16])
@pytest.mark.parametrize("name", PAIRS)
def test_every_device_counts_the_same_votes(name: str, bits: int, ops: Ops, device: str) -> None:
    pictures, expected = PAIRS[name]
    first, second = (placed(deeper(picture, bits), device) for picture in pictures)
    votes = FieldVotes(*ops.to_host(ops.field_votes(first, second)).tolist())
    assert votes.blocks == 50
    assert expected(votes), votes
    first, second = (deeper(picture, bits) for picture in pictures)
    assert votes == FieldVotes(*CpuOps().field_votes(first, second).tolist())


@pytest.mark.parametrize(
    ("shape", "looked_at"),
    [((728, 64), (slice(4, 724), slice(None))), ((40, 1304), (slice(None), slice(12, 1292)))],
)
def test_the_middle_of_a_large_picture_is_looked_at(
    shape: tuple[int, int], looked_at: tuple[slice, slice], ops: Ops, device: str
) -> None:
    """From an even line on: of 728 lines the fifth to the 724th. Outside, one picture is black and the other white."""
    grain = np.random.default_rng(3).integers(30, 220, shape, np.uint8)
    pictures = [np.full(shape, edge, np.uint8) for edge in (0, 255)]
    for picture in pictures:
        picture[looked_at] = grain[looked_at]
    votes = ops.to_host(ops.field_votes(*(placed(grey_surface(one), device) for one in pictures)))
    height, width = grain[looked_at].shape
    # Blocks begin at the second line and need one below their last.
    assert votes.tolist() == [0] * 6 + [(height - 2) // 16 * (width // 16)]


def test_pictures_of_two_shapes_have_no_votes(ops: Ops, device: str) -> None:
    with pytest.raises(ValueError, match="bits"):
        ops.field_votes(*(grey_surface(np.zeros((height, 40), np.uint8)) for height in (40, 42)))
    small = grey_surface(np.zeros((17, 40), np.uint8))
    assert not ops.to_host(ops.field_votes(*[placed(small, device)] * 2)).any()
