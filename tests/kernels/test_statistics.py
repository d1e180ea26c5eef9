"""The measured row compared with the reference, and properties that hold for any picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels import reference
from kernels.bars import DARKNESS_STRIDE, LIT, SEGMENTS
from kernels.cpu_meter import CpuMeter
from kernels.cpu_profile import displayed_profiles, profiles_of
from kernels.cuda.layout import PICTURE, picture_structs
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.ops import Meter, Ops
from kernels.stats import ROW
from kernels.surface import Array, Colour, Geometry, Surface

from .emulated import EmulatedRuntime, available
from .samples import KINDS, SMALL_KINDS, Kind, grey_surface, mirrored, placed, surface_of
from .tolerances import assert_close, assert_rows_close

LINED = (
    *(Kind((96, 48), rotation) for rotation in (0, 90, 180, 270)),
    Kind((101, 37), full_range=True),
    Kind((64, 48), bit_depth=16),
    Kind((3, 5)),
    Kind((1, 1)),
)
"""Turned pictures have sides that divide into equal parts, which look the same from both ends."""

DEPTHS = pytest.mark.parametrize("bit_depth", [8, 10, 16])

FIELDS = [name for name in ROW.names or () if name not in ("pts_s", "frame")]


def measured(ops: Ops, device: str, *surfaces: Surface) -> np.ndarray:
    """Rows of consecutive frames of one video."""
    count = len(surfaces)
    meter = ops.meter(surfaces[0].geometry)
    return meter.measure([placed(s, device) for s in surfaces], np.arange(count) / 25, np.arange(count))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rows_agree_with_the_reference(kind: Kind, ops: Ops, device: str) -> None:
    first, second = surface_of(kind, 1), surface_of(kind, 2)
    rows = measured(ops, device, first, second)
    assert_rows_close(rows[0], reference.row(first))
    assert_rows_close(rows[1], reference.row(second, before=first))


def small_of(surface: Surface, ops: Ops, device: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y, U and V of the small picture."""
    meter = ops.meter(surface.geometry)
    meter.measure([placed(surface, device)], np.zeros(1), np.zeros(1, np.int32))
    small = meter.small(0)
    return ops.to_host(small.y), ops.to_host(small.u), ops.to_host(small.v)


def flags_of(*surfaces: Surface) -> list[tuple[int, int]]:
    """Whether luma and chroma of pictures on the device may be read 16 bytes at a time."""
    described = picture_structs(surfaces, lambda plane: int(plane.ctypes.data))
    return list(zip(described["aligned"].tolist(), described["paired"].tolist(), strict=True))


def shifted(plane: np.ndarray) -> np.ndarray:
    """The same samples in memory where no row begins at a multiple of 16 bytes."""
    return np.pad(plane, ((0, 0), (1, 2)))[:, 1:-2]


def unpaired(surface: Surface) -> Surface:
    """The picture with its chroma in two planes."""
    return replace(surface, u=surface.u.copy(), v=surface.v.copy())


@DEPTHS
@pytest.mark.parametrize("size", [(480, 54), (960, 50), (1920, 108), (3840, 216)], ids=str)
def test_whole_rows_at_a_time_give_what_single_samples_give(
    size: tuple[int, int], bit_depth: int, ops: Ops, device: str
) -> None:
    """For zero to three halvings, which is all that a device reads in loads of up to 16 bytes. Results are equal
    exactly."""
    surface = surface_of(Kind(size, bit_depth=bit_depth, interleaved=True))
    unaligned = replace(surface, y=shifted(surface.y))
    assert flags_of(surface, unaligned) == [(1, 1), (0, 1)]
    for picture in (surface, unaligned):
        np.testing.assert_array_equal(small_of(picture, ops, device)[0], reference.analysis_luma(surface))


@DEPTHS
@pytest.mark.parametrize(
    "size",
    [(640, 36), (1280, 72), (2560, 144), (5120, 288), (854, 480), (1279, 71), (333, 1000), (481, 19), (7700, 140)],
    ids=str,
)
def test_whole_rows_make_the_bilinear_step_too(size: tuple[int, int], bit_depth: int, ops: Ops, device: str) -> None:
    """For pictures that are halved zero to three times, at sizes that tiles and loads divide or not, and for one whose
    sides are halved unequally, whose samples are read one by one."""
    surface = surface_of(Kind(size, bit_depth=bit_depth, interleaved=True))
    unaligned = replace(surface, y=shifted(surface.y))
    assert flags_of(surface, unaligned) == [(1, 1), (0, 1)]
    luma = small_of(surface, ops, device)[0]
    assert np.abs(luma - reference.analysis_luma(surface)).max() <= 1
    np.testing.assert_array_equal(small_of(unaligned, ops, device)[0], luma)


@DEPTHS
@pytest.mark.parametrize(
    "kind",
    [
        *(Kind((width, 64), interleaved=True) for width in (640, 1280, 1920, 3840, 7680)),
        Kind((1279, 71), interleaved=True),
        Kind((333, 1000), interleaved=True),
        Kind((7680, 64), subsampling=(1, 1), interleaved=True),
        Kind((1280, 30), subsampling=(2, 1), interleaved=True),
        Kind((3, 5), interleaved=True),
        Kind((1, 1), interleaved=True),
    ],
    ids=str,
)
def test_interleaved_chroma_gives_what_two_planes_give(kind: Kind, bit_depth: int, ops: Ops, device: str) -> None:
    """For zero to five halvings; with five the samples are read one by one."""
    surface = surface_of(replace(kind, bit_depth=bit_depth))
    planar = unpaired(surface)
    assert flags_of(surface, planar) == [(1, 1), (1, 0)]
    for picture in (surface, planar):
        for plane, whole in zip(small_of(picture, ops, device)[1:], (surface.u, surface.v), strict=True):
            np.testing.assert_array_equal(plane, reference.small_chroma(whole, bit_depth))


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_chroma_is_paired_where_v_lies_between_the_samples_of_u(bit_depth: int, ops: Ops, device: str) -> None:
    surface = surface_of(Kind((640, 64), bit_depth=bit_depth, interleaved=True))
    other = surface_of(Kind((640, 64), bit_depth=bit_depth, interleaved=True), seed=1)
    both = shifted(np.stack([surface.u, surface.v], axis=-1).reshape(32, 640))
    odd = [
        replace(surface, u=surface.v, v=surface.u),
        replace(surface, v=other.v),
        replace(surface, v=surface.u),
        replace(surface, u=surface.u[:, 1:], v=surface.v[:, :-1]),
        replace(surface, u=both[:, 0::2], v=both[:, 1::2]),
        replace(surface, u=surface.u[:, :-1], v=surface.v[:, :-1]),
    ]
    grey = replace(surface, u=None, v=None)
    assert [paired for _, paired in flags_of(*odd, surface, grey)] == [0, 0, 0, 0, 0, 1, 1, 0]
    for picture in odd:
        small = small_of(picture, ops, device)
        for plane, whole in zip(small[1:], (picture.u, picture.v), strict=True):
            np.testing.assert_array_equal(plane, reference.small_chroma(whole, bit_depth))


class NoSingleSamples(EmulatedRuntime):
    """Every read of a single sample returns the first sample of its row."""

    def upload(self, array: np.ndarray) -> Array:
        moved = super().upload(array)
        if moved.nbytes == PICTURE.itemsize:
            for plane in ("y", "u", "v"):
                moved.view(PICTURE)[plane]["step"] = 0
        return moved


@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="needs a C++ compiler")
@pytest.mark.parametrize("bit_depth", [8, 16])
@pytest.mark.parametrize("size", [(640, 36), (1280, 720), (1920, 1080), (2560, 144), (3840, 216)], ids=str)
def test_usual_sizes_are_read_in_whole_rows_alone(size: tuple[int, int], bit_depth: int) -> None:
    surface = surface_of(Kind(size, bit_depth=bit_depth, interleaved=True))
    whole, spoilt = (small_of(surface, CudaOps(r()), "emulated") for r in (EmulatedRuntime, NoSingleSamples))
    for plane, twin in zip(whole, spoilt, strict=True):
        np.testing.assert_array_equal(plane, twin)
    single = small_of(replace(unpaired(surface), y=shifted(surface.y)), CudaOps(NoSingleSamples()), "emulated")
    assert all((plane != twin).any() for plane, twin in zip(whole, single, strict=True))


def test_a_picture_of_another_film_is_measured_all_the_same(ops: Ops, device: str) -> None:
    """Its halved plane may be more than twice as large as the analysis picture."""
    surface, small = surface_of(Kind((1280, 720), interleaved=True)), Geometry(100, 60)
    rows = [
        ops.meter(small).measure([placed(s, device)], np.zeros(1), np.zeros(1, np.int32))[0]
        for s in (surface, replace(surface, geometry=small))
    ]
    assert rows[0]["luma_mean"] == pytest.approx(rows[1]["luma_mean"], rel=0.02)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_pictures_can_be_had_as_they_were_measured(kind: Kind, ops: Ops, device: str) -> None:
    surfaces = [surface_of(kind, 1), surface_of(kind, 2)]
    meter = ops.meter(kind.geometry)
    first = meter.measure([placed(s, device) for s in surfaces], np.arange(2) / 25, np.arange(2))
    small = [meter.small(place) for place in (0, 1)]
    meter.measure([placed(surface_of(kind, 3), device)], np.ones(1), np.ones(1, np.int32))
    for picture, surface, row in zip(small, surfaces, first, strict=True):
        assert (picture.geometry, picture.colour, picture.bit_depth) == (surface.geometry, surface.colour, 8)
        assert max(picture.y.shape) <= 480
        luma, chroma = ops.to_host(picture.y), (ops.to_host(picture.u), ops.to_host(picture.v))
        assert np.abs(luma.astype(float) - reference.analysis_luma(surface)).max() <= 1
        assert all(plane.dtype == np.uint8 and max(plane.shape) < 480 for plane in chroma)
        again = ops.meter(kind.geometry).measure([picture], np.zeros(1), np.zeros(1, np.int32))[0]
        assert_close("luma_mean", again["luma_mean"], row["luma_mean"])
        assert_close("colourfulness", again["colourfulness"], row["colourfulness"])


def test_a_small_picture_is_not_the_decoders_and_a_grey_one_stays_grey(ops: Ops, device: str) -> None:
    surface = grey_surface(np.full((40, 64), 90, np.uint8))
    meter, there = ops.meter(surface.geometry), placed(surface, device)
    meter.measure([there], np.zeros(1), np.zeros(1, np.int32))
    small = meter.small(0)
    there.y[...] = 7
    assert (ops.to_host(small.y) == 90).all() and small.u is None and small.v is None


def test_a_copy_does_not_keep_its_batch_alive(ops: Ops, device: str) -> None:
    kind = Kind((96, 64), interleaved=True)
    meter = ops.meter(kind.geometry)
    meter.measure([placed(surface_of(kind, seed), device) for seed in (1, 2)], np.arange(2) / 25, np.arange(2))
    small = meter.small(1)
    copy = ops.copy(small)
    assert (copy.geometry, copy.colour, copy.bit_depth) == (small.geometry, small.colour, 8)
    for kept, plane in ((copy.y, small.y), (copy.u, small.u), (copy.v, small.v)):
        assert getattr(kept, "base", None) is None and kept.shape == plane.shape
        np.testing.assert_array_equal(ops.to_host(kept), ops.to_host(plane))
    np.testing.assert_array_equal(ops.to_host(ops.rgb(copy)), ops.to_host(ops.rgb(small)))
    part = replace(copy, y=copy.y[1:, 1:], u=None, v=None)
    assert ops.copy(part).y.base is None
    grey = ops.copy(replace(copy, u=None, v=None))
    assert grey.u is None and grey.v is None


@pytest.mark.parametrize("kind", LINED, ids=str)
def test_borders_agree_with_the_reference(kind: Kind, ops: Ops, device: str) -> None:
    surfaces = [surface_of(kind, seed) for seed in (1, 2)]
    meter = ops.meter(kind.geometry)
    frames = [placed(surfaces[i // DARKNESS_STRIDE], device) for i in range(DARKNESS_STRIDE + 1)]
    meter.measure(frames, np.arange(len(frames)) / 25, np.arange(len(frames)))
    found = meter.borders()
    assert found["place"].tolist() == [0, DARKNESS_STRIDE]
    for number, surface in enumerate(surfaces):
        profiles = profiles_in(meter, ops, surface, number)
        for lines, wanted in zip(profiles, reference.darkness(surface, SEGMENTS), strict=True):
            assert_close("darkness", lines, wanted)
        shown = reference.borders(*(reference.classify_lines(profile) for profile in profiles))
        assert (found["bright"][number].tolist(), found["dark"][number].tolist()) == shown
        assert found["lit"][number] == bool((profiles[0] >= LIT).any())
    meter.measure(frames[:3], np.arange(3) / 25, np.arange(3))
    assert len(meter.borders()) == 0


def profiles_in(meter: Meter, ops: Ops, surface: Surface, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Profiles of displayed rows and columns of the sampled picture `number` of the last batch."""
    if isinstance(meter, CpuMeter):
        return profiles_of(surface, surface.geometry)
    assert isinstance(meter, CudaMeter) and meter._buffers is not None
    rows, columns = (
        ops.to_host(lines).reshape(-1, count, SEGMENTS)[number]
        for lines, count in zip(meter._buffers.lines, meter._shown[::-1], strict=True)
    )
    return displayed_profiles(rows, columns, meter._geometry.rotation)


def test_times_and_numbers_are_kept(ops: Ops, device: str) -> None:
    surface = placed(surface_of(Kind((64, 48))), device)
    rows = ops.meter(surface.geometry).measure([surface] * 3, np.array([0.5, 1.0, 7.25]), np.array([3, 4, -1]))
    assert rows.dtype == ROW
    assert rows["pts_s"].tolist() == [0.5, 1.0, 7.25]
    assert rows["frame"].tolist() == [3, 4, -1]


def test_rows_do_not_depend_on_how_frames_are_batched(ops: Ops, device: str) -> None:
    """The frame before may be in another batch, and batches grow."""
    kind, seeds = Kind((96, 64)), range(1, 8)
    surfaces = [placed(surface_of(kind, seed), device) for seed in seeds]
    at_once = measured(ops, device, *surfaces)
    meter, places = ops.meter(kind.geometry), [slice(0, 1), slice(1, 3), slice(3, 7)]
    parts = [meter.measure(surfaces[part], np.zeros(1), np.zeros(1, np.int32)) for part in places]
    for name in FIELDS:
        np.testing.assert_array_equal(np.concatenate(parts)[name], at_once[name], name)
    for name in ("change", "cell_change", "chroma_change", "tone_change"):
        assert at_once[name][0] == 0 and (at_once[name][1:] > 0).all()


def test_no_frames_no_rows(ops: Ops) -> None:
    assert len(ops.meter(Geometry(64, 48)).measure([], np.zeros(0), np.zeros(0, np.int32))) == 0


@pytest.mark.parametrize("code", [0, 16, 128, 255])
@pytest.mark.parametrize("full_range", [False, True])
def test_flat_picture_has_no_sharpness_and_no_direction(code: int, full_range: bool, ops: Ops, device: str) -> None:
    row = measured(ops, device, grey_surface(np.full((135, 241), code, np.uint8), full_range=full_range))[0]
    for name in ("sobel_energy", "laplacian_var", "blur_anisotropy", "blur_angle_rad", "luma_std", "colourfulness"):
        assert row[name] == pytest.approx(0, abs=1e-4), name
    assert row["histogram"].max() == 65535
    expected = code if full_range else np.clip((code - 16) * 255 / 219, 0, 255)
    assert row["luma_mean"] == pytest.approx(expected, abs=1e-3)
    assert (row["signature_uv"] == 128).all()


@pytest.mark.parametrize("kind", [Kind((480, 270)), Kind((322, 240)), Kind((64, 64))], ids=str)
def test_mirroring_changes_nothing(kind: Kind, ops: Ops, device: str) -> None:
    surface = surface_of(kind)
    row = measured(ops, device, surface)[0]
    twin = measured(ops, device, mirrored(surface))[0]
    twin["blur_angle_rad"] = (np.pi - twin["blur_angle_rad"]) % np.pi
    twin["signature_y"], twin["signature_uv"] = twin["signature_y"][:, ::-1], twin["signature_uv"][:, :, ::-1]
    assert_rows_close(twin, row)


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_padding_never_counts(kind: Kind, ops: Ops, device: str) -> None:
    rows = [measured(ops, device, surface_of(kind, 5, padding))[0] for padding in (0, 255)]
    for name in FIELDS:
        np.testing.assert_array_equal(rows[0][name], rows[1][name], err_msg=name)


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_never_nan(kind: Kind, ops: Ops, device: str) -> None:
    row = measured(ops, device, surface_of(kind, 1), surface_of(kind, 2))[1]
    for name in FIELDS:
        assert np.isfinite(row[name].astype(np.float64)).all(), name
    assert 0 <= row["blur_anisotropy"] <= 1
    assert 0 <= row["blur_angle_rad"] < np.pi
    assert abs(int(row["histogram"].sum()) - 65535) <= 64


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_turns_what_is_shown_and_nothing_else(rotation: int, ops: Ops, device: str) -> None:
    upright = surface_of(Kind((480, 270)))
    back = {name: np.ascontiguousarray(np.rot90(getattr(upright, name), rotation // 90)) for name in ("y", "u", "v")}
    turned = replace(upright, **back, geometry=Geometry(480, 270, rotation))  # type: ignore[arg-type]
    assert_rows_close(measured(ops, device, turned)[0], measured(ops, device, upright)[0])


@pytest.mark.parametrize(("angle", "expected"), [(0.0, np.pi / 2), (90.0, 0.0), (30.0, np.pi / 2 + np.pi / 6)])
def test_stripes_run_along_the_blur(angle: float, expected: float, ops: Ops, device: str) -> None:
    """A wave that travels at `angle` has gradients in that direction, so it looks blurred across it."""
    y, x = np.mgrid[:270, :480]
    wave = np.sin((x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))) / 4)
    row = measured(ops, device, grey_surface((128 + 90 * wave).astype(np.uint8)))[0]
    assert row["blur_anisotropy"] > 0.9
    apart = abs(float(row["blur_angle_rad"]) - expected) % np.pi
    assert min(apart, np.pi - apart) < 0.03


def test_a_stream_may_change_its_coded_size(ops: Ops, device: str) -> None:
    """The frame before was stored at half the size; displayed, it is the same picture."""
    luma = np.add.outer(np.arange(540) // 3, np.arange(960) // 8).astype(np.uint8)
    shown = Geometry(960, 540)
    large = replace(grey_surface(luma), geometry=shown)
    small = replace(grey_surface(np.ascontiguousarray(luma[::2, ::2])), geometry=shown)
    rows = measured(ops, device, large, small, large)
    assert rows["change"].max() < 2
    assert np.ptp(rows["luma_mean"]) < 2


def test_deep_pictures_measure_like_shallow_ones(ops: Ops, device: str) -> None:
    shallow = surface_of(Kind((480, 270)))
    for depth in (10, 16):
        deep = {name: getattr(shallow, name).astype(np.uint16) << (depth - 8) for name in ("y", "u", "v")}
        row = measured(ops, device, replace(shallow, **deep, bit_depth=depth))[0]
        assert_rows_close(row, measured(ops, device, shallow)[0])


def test_grey_pictures_have_no_colour(ops: Ops, device: str) -> None:
    grey = replace(surface_of(Kind((320, 240))), u=None, v=None)
    assert measured(ops, device, grey)[0]["colourfulness"] == 0


def test_colourfulness_is_that_of_the_rgb_picture(ops: Ops, device: str) -> None:
    """Compared with the paper's own formula on R'G'B' pixels, with chroma at the measured size."""
    surface = surface_of(Kind((200, 120), subsampling=(1, 1)))
    mild = {name: (getattr(surface, name) // 8 + 112).astype(np.uint8) for name in ("y", "u", "v")}
    surface = replace(surface, **mild, colour=Colour("bt601"))
    r, g, b = np.moveaxis(reference.rgb(surface), -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    paper = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert_close("colourfulness", float(measured(ops, device, surface)[0]["colourfulness"]), float(paper))
