"""Colour conversion, crops and chips."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from kernels import reference
from kernels.ops import Ops
from kernels.surface import Colour, Geometry, Rect, Rotation, Surface

from .samples import COLOUR_BARS, SMALL_KINDS, Kind, grey_surface, placed, surface_of
from .tolerances import assert_close


def pixels(ops: Ops, device: str, surface: Surface, *arguments: object, fine: bool = False) -> np.ndarray:
    """`Ops.rgb` on the host, as float64."""
    result = ops.to_host(ops.rgb(placed(surface, device), *arguments, fine=fine))  # type: ignore[arg-type]
    assert result.dtype == np.uint8
    return result.astype(np.float64)


def uniform(y: int, u: int, v: int, colour: Colour, bit_depth: int = 8) -> Surface:
    """A picture of one colour, 32×18."""
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    planes = (np.full((18, 32), y, dtype), np.full((9, 16), u, dtype), np.full((9, 16), v, dtype))
    return Surface(*planes, bit_depth, colour, Geometry(32, 18))


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_whole_picture_agrees_with_the_reference(kind: Kind, ops: Ops, device: str) -> None:
    surface = surface_of(kind)
    assert_close("rgb", pixels(ops, device, surface), reference.rgb(surface))


@pytest.mark.parametrize(("matrix", "codes", "expected"), COLOUR_BARS)
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_known_colours(
    matrix: str, codes: tuple[int, int, int], expected: tuple[int, int, int], bit_depth: int, ops: Ops, device: str
) -> None:
    deep = [code << (bit_depth - 8) for code in codes]
    got = pixels(ops, device, uniform(*deep, Colour(matrix), bit_depth))  # type: ignore[arg-type]
    assert np.abs(got - expected).max() <= 3


def test_full_range_is_not_stretched(ops: Ops, device: str) -> None:
    grey = pixels(ops, device, uniform(200, 128, 128, Colour("bt601", full_range=True)))
    assert (grey == 200).all()


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("size", [(16, 9), (32, 18), (100, 50), (7, 40)])
def test_uniform_pictures_stay_uniform_at_any_size(size: tuple[int, int], fine: bool, ops: Ops, device: str) -> None:
    got = pixels(ops, device, uniform(120, 90, 160, Colour()), (-3.5, 2.25, 40.0, 11.5), size, fine=fine)
    assert got.shape == (size[1], size[0], 3)
    assert np.ptp(got.reshape(-1, 3), axis=0).max() <= 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("fine", [False, True])
def test_rect_is_in_displayed_pixels(rotation: Rotation, fine: bool, ops: Ops, device: str) -> None:
    surface = surface_of(Kind((160, 90), rotation, subsampling=(1, 1)))
    whole = reference.rgb(surface)
    x, y, w, h = 20, 30, 41, 50
    got = pixels(ops, device, surface, (float(x), float(y), float(w), float(h)), fine=fine)
    assert_close("rgb", got[2:-2, 2:-2], whole[y + 2 : y + h - 2, x + 2 : x + w - 2])


@pytest.mark.parametrize("fine", [False, True])
def test_edges_are_repeated_where_the_rect_sticks_out(fine: bool, ops: Ops, device: str) -> None:
    surface = surface_of(Kind((64, 48), subsampling=(1, 1)))
    got = pixels(ops, device, surface, (-16.0, -8.0, 96.0, 64.0), fine=fine)
    whole = reference.rgb(surface)
    assert_close("rgb", got[8:-8, 16:-16], whole)
    assert_close("rgb", got[8:-8, :15], np.repeat(whole[:, :1], 15, axis=1))
    assert_close("rgb", got[:7, 16:-16], np.repeat(whole[:1], 7, axis=0))


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("size", [(320, 180), (200, 150), (641, 359), (1920, 1080)])
def test_scaling_keeps_places_and_brightness(size: tuple[int, int], fine: bool, ops: Ops, device: str) -> None:
    """A ramp is the same ramp at every size, except at the repeated edges."""
    luma = np.tile(np.linspace(20, 220, 1280), (720, 1)).astype(np.uint8)
    got = pixels(ops, device, grey_surface(luma), None, size, fine=fine)
    centres = (np.arange(size[0]) + 0.5) * 1280 / size[0] - 0.5
    expected = np.interp(centres, np.arange(1280), luma[0].astype(float))
    inner = slice(size[0] // 20, -size[0] // 20)
    assert np.abs(got[size[1] // 2, inner, 0] - expected[inner]).max() <= 1.01


@pytest.mark.parametrize("fine", [False, True])
def test_fine_detail_does_not_alias(fine: bool, ops: Ops, device: str) -> None:
    """One-pixel stripes shrink to grey, not to wider stripes."""
    luma = np.tile(np.array([0, 255], np.uint8), (720, 640))
    got = pixels(ops, device, grey_surface(luma), None, (500, 280), fine=fine)
    assert np.abs(got[:, 5:-5] - 127.5).max() <= 4


def test_fine_enlarging_is_sharper_than_linear(ops: Ops, device: str) -> None:
    step = np.full((60, 80), 40, np.uint8)
    step[:, 40:] = 200
    fine = pixels(ops, device, grey_surface(step), None, (240, 180), fine=True)[90, :, 0]
    linear = cv2.resize(step, (240, 180), interpolation=cv2.INTER_LINEAR)[90].astype(float)
    assert np.abs(np.diff(fine)).max() > 1.1 * np.abs(np.diff(linear)).max()


@pytest.mark.parametrize(("rect", "size"), [((0, 0, 0, 5), None), ((0, 0, 5, -1), None), (None, (0, 4))])
def test_nothing_cannot_be_cut_out(rect: Rect | None, size: tuple[int, int] | None, ops: Ops, device: str) -> None:
    with pytest.raises(ValueError, match="no area"):
        ops.rgb(placed(surface_of(Kind((16, 16))), device), rect, size)


def chips_by_opencv(surface: Surface, matrix: np.ndarray, size: int) -> np.ndarray:
    """The simple way: convert the whole picture, then warp."""
    whole = np.rint(reference.rgb(surface)).astype(np.uint8)
    return cv2.warpAffine(whole, matrix, (size, size), flags=cv2.INTER_LINEAR).astype(np.float64)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("scale", [0.6, 1.0, 1.7])
def test_chips_are_the_warped_picture(rotation: Rotation, scale: float, ops: Ops, device: str) -> None:
    surface = surface_of(Kind((320, 240), rotation=rotation))
    centre = surface.geometry.display_width / 2, surface.geometry.display_height / 2
    matrix = cv2.getRotationMatrix2D(centre, 20, scale)
    matrix[:, 2] += 32 - np.array(centre)
    got = ops.to_host(ops.warp([(placed(surface, device), matrix[None])], 64))
    assert got.shape == (1, 64, 64, 3)
    assert got.dtype == np.uint8
    apart = np.abs(got[0].astype(np.float64) - chips_by_opencv(surface, matrix, 64))
    assert_close("warp_mean", apart.mean(), 0.0)
    assert_close("warp", np.quantile(apart, 0.99), 0.0)


def test_chips_are_black_outside_and_none_are_none(ops: Ops, device: str) -> None:
    surface = placed(replace(uniform(235, 128, 128, Colour()), geometry=Geometry(32, 18)), device)
    beside = np.array([[1.0, 0.0, 20.0], [0.0, 1.0, 0.0]])
    far = np.array([[1.0, 0.0, 900.0], [0.0, 1.0, 0.0]])
    chips = ops.to_host(ops.warp([(surface, np.stack([beside, far]))], 40))
    assert not chips[0][:, :19].any()
    assert chips[0][:18, 21:].min() >= 250
    assert not chips[1].any()
    assert ops.to_host(ops.warp([(surface, np.zeros((0, 2, 3)))], 40)).shape == (0, 40, 40, 3)


def test_shrunken_chips_do_not_alias(ops: Ops, device: str) -> None:
    luma = np.tile(np.array([0, 255], np.uint8), (1080, 960))
    matrix = np.array([[0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
    chip = ops.to_host(ops.warp([(placed(grey_surface(luma), device), matrix[None])], 64))[0]
    assert np.abs(chip[2:, 2:].astype(float) - 127.5).max() <= 4


def test_parts_and_chips_of_many_pictures_are_those_of_each(ops: Ops, device: str) -> None:
    kinds = Kind((64, 48)), Kind((80, 60), rotation=90, bit_depth=10), Kind((40, 40), subsampling=(1, 1))
    surfaces = [placed(surface_of(kind, seed), device) for seed, kind in enumerate(kinds)]
    rects: list[Rect | None] = [None, (3.0, 4.0, 40.0, 50.0), (1.5, 2.5, 20.0, 10.0)]
    parts = list(zip(surfaces, rects, strict=True))
    together = ops.to_host(ops.rgb_all(parts, (32, 24)))
    for picture, (surface, rect) in zip(together, parts, strict=True):
        np.testing.assert_array_equal(picture, ops.to_host(ops.rgb(surface, rect, (32, 24))))
    turn = np.array([[0.6, 0.2, 1.0], [-0.2, 0.6, 8.0]])
    poses = [(surfaces[0], np.stack([turn, 1.5 * turn])), (surfaces[1], np.zeros((0, 2, 3))), (surfaces[2], turn[None])]
    chips = ops.to_host(ops.warp(poses, 20))
    apart = [ops.to_host(ops.warp([pose], 20)) for pose in poses]
    np.testing.assert_array_equal(chips, np.concatenate(apart))


def test_a_part_without_area_is_refused_among_others(ops: Ops, device: str) -> None:
    surface = placed(surface_of(Kind((16, 16))), device)
    with pytest.raises(ValueError, match="no area"):
        ops.rgb_all([(surface, None), (surface, (0.0, 0.0, 0.0, 4.0))], (8, 8))
