"""The coloured thumbnails of a batch compared with the reference, and what holds for any picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from kernels import reference
from kernels.cuda.ops import CudaOps
from kernels.ops import Meter, Ops
from kernels.surface import Colour, Geometry, Matrix, Rotation, Surface, split_semi_planar

from . import emulated
from .device_array import DeviceArray, DeviceRuntime
from .samples import COLOUR_BARS, KINDS, SMALL_KINDS, Kind, grey_surface, placed, surface_of
from .tolerances import assert_close

SHAPE = 27, 48, 3


def measure(meter: Meter, surfaces: Sequence[Surface], device: str = "cpu") -> None:
    count = len(surfaces)
    meter.measure([placed(s, device) for s in surfaces], np.arange(count) / 25, np.arange(count, dtype=np.int32))


def thumbnails(ops: Ops, device: str, *surfaces: Surface) -> np.ndarray:
    """Those of frames of one video, on the host."""
    meter = ops.meter(surfaces[0].geometry)
    measure(meter, surfaces, device)
    found = ops.to_host(meter.thumbnails())
    assert found.dtype == np.uint8 and found.shape == (len(surfaces), *SHAPE) and found.flags.c_contiguous
    return found


def uniform(codes: tuple[int, int, int], colour: Colour, bit_depth: int = 8) -> Surface:
    """A picture of one colour, 96×54, of 8-bit codes scaled to `bit_depth`."""
    deep = [np.uint16(code << (bit_depth - 8)) if bit_depth > 8 else np.uint8(code) for code in codes]
    sizes = (54, 96), (27, 48), (27, 48)
    y, u, v = (np.full(size, code) for size, code in zip(sizes, deep, strict=True))
    return Surface(y, u, v, bit_depth, colour, Geometry(96, 54))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_they_agree_with_the_reference(kind: Kind, ops: Ops, device: str) -> None:
    surfaces = surface_of(kind, 1), surface_of(kind, 2)
    for found, surface in zip(thumbnails(ops, device, *surfaces), surfaces, strict=True):
        assert_close("rgb_thumbnail", found, reference.rgb_thumbnail(surface))


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_every_coding_and_rotation_agrees_with_the_reference(
    rotation: Rotation, matrix: Matrix, full_range: bool, bit_depth: int, ops: Ops, device: str
) -> None:
    surface = surface_of(Kind((140, 96), rotation, bit_depth, full_range, matrix=matrix, interleaved=True))
    wanted = reference.rgb_thumbnail(surface)
    assert_close("rgb_thumbnail", thumbnails(ops, device, surface)[0], wanted)


@pytest.mark.parametrize(
    ("matrix", "codes", "expected"), [*COLOUR_BARS, ("bt709", (4, 128, 128), (0, 0, 0))]
)
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_known_colours(
    matrix: Matrix, codes: tuple[int, int, int], expected: tuple[int, int, int], bit_depth: int, ops: Ops, device: str
) -> None:
    found = thumbnails(ops, device, uniform(codes, Colour(matrix), bit_depth))[0]
    assert np.abs(found.astype(float) - expected).max() <= 3  # the codes of the colour bars are rounded


def test_pictures_of_one_batch_may_differ_in_colour_and_one_may_have_none(ops: Ops, device: str) -> None:
    red = uniform((81, 90, 240), Colour("bt601"))
    surfaces = red, replace(red, u=None, v=None), replace(red, colour=Colour("bt601", full_range=True)), red
    together = thumbnails(ops, device, *surfaces)
    for found, surface in zip(together, surfaces, strict=True):
        assert_close("rgb_thumbnail", found, reference.rgb_thumbnail(surface))
    assert np.ptp(together[1].astype(int), axis=-1).max() == 0
    np.testing.assert_array_equal(together[3], together[0])


def test_films_without_chroma_are_grey(ops: Ops, device: str) -> None:
    luma = np.add.outer(np.arange(108), np.arange(147)).astype(np.uint8)
    found = thumbnails(ops, device, grey_surface(luma))[0]
    assert_close("rgb_thumbnail", found, reference.rgb_thumbnail(grey_surface(luma)))
    assert (found == found[..., :1]).all() and np.ptp(found) > 200


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_they_show_the_picture_as_it_is_displayed(rotation: Rotation, ops: Ops, device: str) -> None:
    upright = surface_of(Kind((480, 270)))
    back = {name: np.ascontiguousarray(np.rot90(getattr(upright, name), rotation // 90)) for name in ("y", "u", "v")}
    turned = replace(upright, **back, geometry=Geometry(480, 270, rotation))  # type: ignore[arg-type]
    # Sums in another order may round to the next code.
    apart = thumbnails(ops, device, turned).astype(int) - thumbnails(ops, device, upright)
    assert np.abs(apart).max() <= 1


@pytest.mark.parametrize("kind", [Kind((960, 540)), Kind((360, 640)), Kind((640, 360), rotation=90)], ids=str)
def test_a_smooth_picture_looks_like_any_conversion_to_that_size(kind: Kind, ops: Ops, device: str) -> None:
    """Compared with `Ops.rgb`, whose filter is another: the size is the same, and so are places and colours."""
    y, u, v = (cv2.GaussianBlur(getattr(surface_of(kind), name), (0, 0), 60) for name in ("y", "u", "v"))
    mild = replace(surface_of(kind), y=y, u=u // 4 + 96, v=v // 4 + 96)
    wanted = ops.to_host(ops.rgb(placed(mild, device), None, (48, 27)))
    assert_close("rgb_thumbnail_filters", thumbnails(ops, device, mild)[0], wanted)


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_padding_never_counts(kind: Kind, ops: Ops, device: str) -> None:
    black, white = (thumbnails(ops, device, surface_of(kind, 5, padding)) for padding in (0, 255))
    np.testing.assert_array_equal(black, white)


def test_they_are_those_of_the_last_batch_and_stay_what_they_were(ops: Ops, device: str) -> None:
    """However frames are batched, and whether or not those of other batches were asked for."""
    kind, surfaces = Kind((96, 64)), [surface_of(Kind((96, 64)), seed) for seed in range(1, 8)]
    at_once = thumbnails(ops, device, *surfaces)
    meter, kept = ops.meter(kind.geometry), []
    assert ops.to_host(meter.thumbnails()).shape == (0, *SHAPE)
    for part in (slice(0, 1), slice(1, 3), slice(3, 5), slice(5, 7), slice(2, 6), slice(6, 7)):
        measure(meter, surfaces[part], device)
        if part.stop != 6:  # not all are asked for
            kept.append((part, meter.thumbnails()))
    for part, pictures in kept:
        np.testing.assert_array_equal(ops.to_host(pictures), at_once[part])
    measure(meter, [])
    assert ops.to_host(meter.thumbnails()).shape == (0, *SHAPE)


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_they_stay_on_the_device_and_asking_for_them_calls_nothing() -> None:
    y, u, v = map(DeviceArray, split_semi_planar(np.full((72, 64), 90, np.uint8), 48))
    runtime = DeviceRuntime()
    meter = CudaOps(runtime).meter(Geometry(64, 48))
    measure(meter, [Surface(y, u, v, 8, Colour(), Geometry(64, 48))] * 3)
    asked, made = dict(runtime.asked), DeviceArray.made
    found = meter.thumbnails()
    assert isinstance(found, DeviceArray) and found.shape == (3, *SHAPE)
    assert dict(runtime.asked) == asked and DeviceArray.made == made
