"""Rows as of the picture without its bars: against what the cropped picture measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.bars import ActiveArea
from kernels.cpu_meter import CpuMeter
from kernels.inside import inside_bars, inside_share, lit_share
from kernels.stats import HISTOGRAM_SUM, ROW
from kernels.surface import Colour, Geometry, Surface

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
