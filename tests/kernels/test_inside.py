"""Rows as of the picture without its bars, by arithmetic and measured again: against what the cropped picture
measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.bars import ActiveArea
from kernels.cpu_meter import CpuMeter
from kernels.cuda.plane import DevicePlane
from kernels.inside import inside_bars, inside_share, lit_share, measured_inside, part_of
from kernels.ops import Ops
from kernels.stats import HISTOGRAM_SUM, ROW
from kernels.surface import Colour, Geometry, Rect, Surface

from .samples import Kind, placed, surface_of

WIDTH, HEIGHT = 480, 270
BARS = [ActiveArea(top=34, bottom=34), ActiveArea(left=60, right=60), ActiveArea(20, 20, 40, 40)]


def picture_of(seed: int, level: float, area: ActiveArea) -> tuple[Surface, Surface]:
    """A picture of soft shapes with grain, in bars; and its inside alone. Bars have chroma without colour."""
    random = np.random.default_rng(seed)
    shapes = np.kron(random.uniform(0, level, (HEIGHT // 18, WIDTH // 16)), np.ones((18, 16)))
    grain = random.normal(0, 4, (HEIGHT, WIDTH))
    y = np.full((HEIGHT, WIDTH), 16.0)
    inside = np.s_[area.top : HEIGHT - area.bottom, area.left : WIDTH - area.right]
    y[inside] = 16 + np.clip(shapes + grain, 0, 219)[inside]
    chroma = np.full((2, HEIGHT // 2, WIDTH // 2), 128.0)
    at = np.s_[area.top // 2 : (HEIGHT - area.bottom) // 2, area.left // 2 : (WIDTH - area.right) // 2]
    for plane in chroma:
        plane[at] += random.normal(0, 15, plane[at].shape)
    whole = [np.rint(plane).clip(0, 255).astype(np.uint8) for plane in (y, *chroma)]
    cut = [np.ascontiguousarray(whole[0][inside]), *(np.ascontiguousarray(plane[at]) for plane in whole[1:])]
    both = [Surface(*planes, 8, Colour(), Geometry(planes[0].shape[1], planes[0].shape[0])) for planes in (whole, cut)]
    return both[0], both[1]


def measured(*surfaces: Surface) -> np.ndarray:
    numbers = np.arange(len(surfaces))
    return CpuMeter(surfaces[0].geometry).measure(list(surfaces), numbers / 25, numbers)


@pytest.mark.parametrize("area", BARS, ids=str)
@pytest.mark.parametrize("level", [40, 200])
def test_sums_inside_follow_from_the_whole(area: ActiveArea, level: float) -> None:
    whole, cut = (np.concatenate([measured(picture_of(seed, level, area)[n]) for seed in range(4)]) for n in (0, 1))
    share = inside_share(Geometry(WIDTH, HEIGHT), area)
    found = inside_bars(whole, share)
    np.testing.assert_allclose(found["luma_mean"], cut["luma_mean"], rtol=1e-4)
    np.testing.assert_allclose(found["luma_std"], cut["luma_std"], rtol=1e-3)
    np.testing.assert_allclose(found["colourfulness"], cut["colourfulness"], rtol=0.02)
    moved = np.abs(found["histogram"].astype(int) - cut["histogram"]).sum(axis=1) / (2 * HISTOGRAM_SUM)
    assert moved.max() < 0.001
    for name in ("laplacian_var", "sobel_energy"):
        assert (found[name] >= 0.99 * cut[name]).all()
        # The step from picture to bar adds to both: more of it the less there is inside.
        assert (found[name] <= 1.6 * cut[name]).all(), found[name] / cut[name]


def test_changes_inside_follow_from_the_whole() -> None:
    area = BARS[0]
    pairs = [picture_of(seed, 150, area) for seed in (1, 2)]
    whole, cut = (measured(*(pair[n] for pair in pairs))[1:] for n in (0, 1))
    found = inside_bars(whole, inside_share(Geometry(WIDTH, HEIGHT), area))
    np.testing.assert_allclose(found["tone_change"], cut["tone_change"], rtol=1e-3)
    np.testing.assert_allclose(found["change"], cut["change"], rtol=0.15)  # thumbnails have other cells


def test_without_bars_nothing_changes() -> None:
    rows = measured(picture_of(1, 100, ActiveArea())[0])
    assert inside_bars(rows, 1.0).tobytes() == rows.tobytes()
    assert inside_share(Geometry(WIDTH, HEIGHT), ActiveArea()) == 1.0
    assert inside_share(Geometry(100, 100), ActiveArea(10, 10, 20, 30)) == pytest.approx(0.4)


def test_a_black_picture_stays_black() -> None:
    surface = picture_of(1, 0, ActiveArea())[0]
    black = measured(replace(surface, y=np.full_like(surface.y, 16)))
    found = inside_bars(black, 0.5)
    assert found["luma_mean"] == found["luma_std"] == found["laplacian_var"] == 0
    assert lit_share(found[0], 4) == 0


def test_the_lit_share_counts_bins_from_a_luma_on() -> None:
    row = np.zeros(1, ROW)[0]
    row["histogram"][[0, 11, 12, 63]] = 60, 20, 15, 5
    assert lit_share(row, 48.0) == pytest.approx(0.2)
    assert lit_share(row, 44.0) == pytest.approx(0.4)
    assert lit_share(np.zeros(1, ROW)[0], 48.0) == 0.0


@pytest.mark.parametrize("area", BARS, ids=str)
def test_what_is_measured_again_is_what_the_cropped_picture_measures(
    ops: Ops, device: str, area: ActiveArea
) -> None:
    pairs = [picture_of(seed, 150, area) for seed in range(3)]
    whole, cut = (measured(*(pair[n] for pair in pairs)) for n in (0, 1))
    rect = area.left, area.top, WIDTH - area.left - area.right, HEIGHT - area.top - area.bottom
    found = measured_inside(ops, [placed(pair[0], device) for pair in pairs], whole, rect)
    for name in ("luma_mean", "luma_std", "laplacian_var", "sobel_energy", "colourfulness", "blur_anisotropy"):
        np.testing.assert_allclose(found[name], cut[name], rtol=1e-3, atol=1e-3, err_msg=name)
    assert np.abs(found["histogram"].astype(int) - cut["histogram"]).max() <= 1
    np.testing.assert_array_equal(found["signature_y"], whole["signature_y"])
    share = inside_share(Geometry(WIDTH, HEIGHT), area)
    np.testing.assert_allclose(found["change"], whole["change"] / share, rtol=1e-5)
    assert len(measured_inside(ops, [], whole[:0], rect)) == 0


PARTS: list[tuple[Kind, Rect, tuple[slice, slice]]] = [
    (Kind((100, 60)), (0, 11, 100, 38), np.s_[12:48, 0:100]),
    (Kind((100, 60), interleaved=True, bit_depth=16), (7, 0, 86, 60), np.s_[0:60, 8:92]),
    (Kind((100, 60), rotation=90), (0, 11, 60, 78), np.s_[0:60, 12:88]),
    (Kind((100, 60), rotation=180), (0, 0, 100, 49), np.s_[12:60, 0:100]),
    (Kind((101, 61)), (0, 0, 101, 61), np.s_[0:61, 0:101]),
    (Kind((100, 60), subsampling=(1, 1)), (3, 5, 94, 50), np.s_[5:55, 3:97]),
    (Kind((100, 60), shown=(200, 60)), (20, 0, 160, 60), np.s_[0:60, 10:90]),
    (Kind((3, 5)), (1.2, 1.2, 0.5, 0.5), np.s_[0:5, 0:3]),
]


@pytest.mark.parametrize(("kind", "rect", "rows_and_columns"), PARTS, ids=lambda value: str(value))
def test_a_part_is_the_whole_chroma_pixels_inside_it(
    kind: Kind, rect: Rect, rows_and_columns: tuple[slice, slice]
) -> None:
    surface = surface_of(kind)
    part = part_of(surface, rect)
    np.testing.assert_array_equal(part.y, surface.y[rows_and_columns])
    assert np.shares_memory(part.y, surface.y)
    across, down = kind.subsampling
    rows, columns = rows_and_columns
    at = slice(rows.start // down, -(-rows.stop // down)), slice(columns.start // across, -(-columns.stop // across))
    for plane, whole in ((part.u, surface.u), (part.v, surface.v)):
        np.testing.assert_array_equal(plane, whole[at])


def test_a_part_of_a_plane_on_the_device_begins_at_its_first_sample() -> None:
    plane = surface_of(Kind((100, 60), bit_depth=16, interleaved=True)).u
    held = DevicePlane(plane.ctypes.data, plane.shape, plane.strides, plane.dtype, plane)
    part, twin = held[3:20, 5:40], plane[3:20, 5:40]
    assert (part.address, part.shape, part.strides) == (twin.ctypes.data, twin.shape, twin.strides)
    assert part.owner is plane
