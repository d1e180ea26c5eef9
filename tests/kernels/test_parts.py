"""Crops, chips and network inputs compared with the reference formulas."""

from __future__ import annotations

import numpy as np
import pytest

from engines.tools import HOST_TOOLS
from engines.tools_cuda import engine_input
from kernels import reference_parts as reference
from kernels.balance import PixelBox
from kernels.cuda.ops import CudaOps
from kernels.ops import Ops
from kernels.surface import Rect

from . import emulated
from .samples import Kind, placed, surface_of
from .tolerances import assert_close

PARTS: list[tuple[Rect, tuple[int, int]]] = [
    ((10.25, 5.5, 60.0, 40.0), (31, 21)),  # smaller
    ((3.0, 7.75, 20.5, 12.25), (37, 24)),  # larger
    ((-6.0, -4.5, 120.0, 30.0), (40, 30)),  # reaches beyond the picture, stretched
]
KINDS = [
    Kind((96, 64)),
    Kind((64, 96), rotation=90, interleaved=True),
    Kind((96, 64), rotation=180, bit_depth=10, matrix="bt2020"),
    Kind((64, 96), rotation=270, subsampling=(1, 1), full_range=True, matrix="bt601"),
    Kind((96, 64), bit_depth=16, interleaved=True),
]


@pytest.mark.parametrize(("rect", "size"), PARTS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_crops_are_lanczos(kind: Kind, rect: Rect, size: tuple[int, int], ops: Ops, device: str) -> None:
    surface = surface_of(kind, 3)
    got = ops.to_host(ops.rgb(placed(surface, device), rect, size, fine=True))
    assert_close("crop", got, reference.fine_rgb(surface, rect, size))


def test_crops_of_a_device_lie_in_planes_as_its_encoder_takes_them(ops: Ops, device: str) -> None:
    crop = ops.rgb(placed(surface_of(KINDS[0], 3), device), (0.0, 0.0, 96.0, 64.0), (60, 40), fine=True)
    assert crop.shape == (40, 60, 3)
    if isinstance(ops, CudaOps):
        assert crop.transpose(2, 0, 1).flags.c_contiguous


@pytest.mark.parametrize("scale", [0.3, 0.55, 1.0, 1.8])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_chips_are_bilinear_in_the_halved_picture(kind: Kind, scale: float, ops: Ops, device: str) -> None:
    surface, size, angle = surface_of(kind, 4), 24, np.radians(25)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([turn, size / 2 - turn @ (kind.geometry.display_width / 2, 30.0)])
    (got,) = ops.to_host(ops.warp([(placed(surface, device), matrix[None])], size))
    apart = np.abs(got - reference.chip(surface, matrix, size))
    # OpenCV's rounding of positions shows only at edges, of which there are few.
    assert_close("warp", np.quantile(apart, 0.99), 0.0)
    assert_close("warp_mean", apart.mean(), 0.0)


def test_networks_are_fed_what_the_formula_says(ops: Ops) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 6, 10, 3), np.uint8)
    expected = reference.engine_input(pictures, (12, 10), [1 / 127.5] * 3, [-1] * 3, centred=False)
    if not isinstance(ops, CudaOps):
        assert_close("engine_input", HOST_TOOLS.engine_input(pictures, (12, 10), 127.5, 1), expected)
        return
    there = ops._runtime.upload(pictures)
    assert_close("engine_input", ops.to_host(engine_input(ops, there, (12, 10), 127.5, 1)), expected)
    scale, bias = (0.5, 0.25, 2.0), (1.0, -1.0, 0.0)
    for mix in (((0, 0, 1), (0, 1, 0), (1, 0, 0)), ((0.3, 0.6, 0.1),)):
        how = scale[: len(mix)], bias[: len(mix)], 114, mix
        expected = reference.engine_input(pictures, (13, 11), *how)
        assert_close("engine_input", ops.to_host(ops.engine_input(there, (13, 11), *how)), expected)


@pytest.mark.parametrize(
    "subject", [(0, 0, 0, 0), (20, 10, 50, 54), (-8, 30, 12, 54), (90, 0, 200, 54), (0, 0, 96, 54)]
)
@pytest.mark.parametrize("size", [(96, 54), (31, 17), (2, 2)])
def test_a_picture_is_summed_as_the_formulae_say(size: tuple[int, int], subject: PixelBox, ops: Ops) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture[: size[1] // 2] //= 4
    there = ops._runtime.upload(picture) if isinstance(ops, CudaOps) else picture
    assert_close("balance", ops.to_host(ops.balance(there, subject)), reference.balance(picture, subject))


@pytest.mark.parametrize("cells", [(64, 36), (9, 5), (1, 1)])
@pytest.mark.parametrize("size", [(96, 54), (31, 17), (5, 3), (1, 1)])
def test_the_strongest_detail_of_a_cell_is_as_the_formula_says(
    size: tuple[int, int], cells: tuple[int, int], ops: Ops
) -> None:
    """Also where there are more cells than pixels. Whole numbers: no tolerance."""
    picture = np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture[: size[1] // 2] //= 4
    there = ops._runtime.upload(picture) if isinstance(ops, CudaOps) else picture
    got = ops.to_host(ops.detail(there, cells))
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got, reference.detail(picture, cells))


def test_a_picture_with_gaps_is_not_summed() -> None:
    ops, gaps = CudaOps(emulated.EmulatedRuntime()), np.zeros((54, 192, 3), np.uint8)[:, ::2]
    with pytest.raises(ValueError, match="gaps"):
        ops.balance(gaps, (0, 0, 0, 0))
    with pytest.raises(ValueError, match="gaps"):
        ops.detail(gaps, (8, 8))
