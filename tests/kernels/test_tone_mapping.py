"""Pictures of high dynamic range and wide gamut as BT.709."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels import reference_tone_mapping
from kernels.colour import rgb_matrix
from kernels.cpu import CpuOps
from kernels.cpu_meter import CpuMeter
from kernels.cpu_tone_mapping import mapped_luma, mapped_rgb, mapped_surface
from kernels.surface import Colour, Geometry, Surface
from kernels.tone_mapping import SDR, WHITE_NITS, is_mapped, peak_of, pq_light, pq_signal, rolled_off

PQ, HLG = Colour("bt2020", False, "bt2020", "pq"), Colour("bt2020", True, "bt2020", "hlg")
COLOURS = (
    PQ,
    replace(PQ, peak_nits=4000.0),
    replace(PQ, peak_nits=WHITE_NITS),
    replace(PQ, primaries="bt709"),
    replace(PQ, primaries="p3"),
    HLG,
    Colour("bt2020", False, "bt2020", "bt2020"),
    Colour("bt709", False, "p3", "bt709"),
)


def signal_of(planes: list[np.ndarray], colour: Colour) -> np.ndarray:
    to_rgb = rgb_matrix(colour, 10)
    return np.asarray((np.stack(planes, -1) @ to_rgb[:, :3].T + to_rgb[:, 3]) / 255.0)


def picture(colour: Colour, size: tuple[int, int] = (96, 54), lit: float = 1.0) -> Surface:
    """A 10-bit 4:2:0 picture of smooth blobs, as bright as the share `lit` of the codes."""
    x, y = np.meshgrid(np.linspace(0, 6, size[0]), np.linspace(0, 4, size[1]))
    luma = ((np.sin(x) * np.cos(y) + 1) * 400 * lit + 64).astype(np.uint16)
    chroma = (np.cos(x[::2, ::2] - y[::2, ::2]) * 60 + 512).astype(np.uint16)
    return Surface(luma, chroma, chroma[::-1].copy(), 10, colour, Geometry(*size))


@pytest.mark.parametrize("colour", COLOURS, ids=str)
def test_the_fast_mapping_agrees_with_the_formulas(colour: Colour) -> None:
    random = np.random.default_rng(3)
    planes = [random.integers(64, 940, (90, 160)).astype(np.uint16) for _ in range(3)]
    away = np.abs(mapped_rgb(planes, colour, 10) - reference_tone_mapping.mapped(signal_of(planes, colour), colour))
    assert away.mean() < 0.3
    assert away.max() < 6  # in the darkest colours, where the exponent of BT.1886 is steep


def test_the_curve_keeps_what_is_dark_and_ends_at_white() -> None:
    nits = np.array([0.0, 0.1, 10.0, 26.0, 203.0, 500.0, 1000.0, 5000.0])
    shown = rolled_off(nits, 1000.0)
    np.testing.assert_allclose(shown[:4], nits[:4], atol=1e-6)
    assert (np.diff(shown)[:-1] > 0).all()
    assert 150 < shown[4] < 203
    np.testing.assert_allclose(shown[6:], WHITE_NITS, rtol=1e-6)
    np.testing.assert_allclose(shown, reference_tone_mapping.bt2390(nits, 1000.0, WHITE_NITS), atol=1e-6)


def test_a_film_of_standard_range_in_pq_with_its_white_at_203_keeps_its_greys_and_nearly_its_white() -> None:
    greys = np.arange(0.0, 256.0)
    signal = pq_signal(WHITE_NITS * (greys / 255.0) ** 2.4)
    for peak, white in ((203.0, 255.0), (400.0, 244.4), (0.0, 230.3), (4000.0, 210.4)):
        colour = replace(PQ, primaries="bt709", peak_nits=peak)
        shown = reference_tone_mapping.mapped(np.repeat(signal[:, None], 3, axis=1), colour)[:, 1]
        assert shown[-1] == pytest.approx(white, abs=0.1)
        np.testing.assert_allclose(shown[:109], greys[:109], atol=0.1)  # up to 26 cd/m²
        np.testing.assert_allclose(shown[:143], greys[:143], atol=0.6)  # up to 50


def test_pq_has_the_levels_of_its_standard() -> None:
    # ITU-R BT.2408, table 1: 203 cd/m² at 58 %, 18 % grey (26 cd/m²) at 38 %.
    np.testing.assert_allclose(pq_signal(np.array([203.0, 26.0, 10000.0])), [0.58, 0.38, 1.0], atol=0.005)
    np.testing.assert_allclose(pq_light(pq_signal(np.array([0.01, 1.0, 4000.0]))), [0.01, 1.0, 4000.0], rtol=1e-9)


def test_light_above_the_peak_is_white() -> None:
    codes = [np.full((1, 1), code, np.uint16) for code in (940, 512, 512)]
    assert (mapped_rgb(codes, replace(PQ, peak_nits=600.0), 10) == 255).all()


@pytest.mark.parametrize(
    ("claimed", "peak"), [(0.0, 1000.0), (100.0, 203.0), (700.0, 700.0), (1e6, 10000.0)]
)
def test_the_peak_is_what_the_film_says_within_reason(claimed: float, peak: float) -> None:
    assert peak_of(replace(PQ, peak_nits=claimed)) == peak
    assert peak_of(HLG) == 1000.0


def test_standard_range_is_left_as_it_is() -> None:
    for colour in (Colour(), Colour("bt601", transfer="gamma22"), Colour("bt2020", transfer="bt2020")):
        surface = picture(colour)
        assert not is_mapped(colour)
        assert mapped_surface(surface) is surface


@pytest.mark.parametrize("colour", [PQ, HLG], ids=["pq", "hlg"])
@pytest.mark.parametrize("grey", [False, True])
def test_a_mapped_picture_has_the_colours_of_its_parts(colour: Colour, grey: bool) -> None:
    surface = picture(colour)
    surface = replace(surface, u=None, v=None) if grey else surface
    whole = mapped_surface(surface)
    assert (whole.colour, whole.bit_depth, whole.y.shape) == (SDR, 8, surface.y.shape)
    away = np.abs(CpuOps().rgb(whole).astype(float) - CpuOps().rgb(surface))
    assert away.mean() < 2
    assert np.percentile(away, 99) < 10  # chroma is halved again, which shows where it changes fast


def test_measures_are_those_of_the_mapped_picture() -> None:
    surface, times = picture(replace(PQ, peak_nits=1000.0), (640, 360)), np.zeros(1)
    got = CpuMeter(surface.geometry).measure([surface], times, np.zeros(1, np.int32))[0]
    expected = CpuMeter(surface.geometry).measure([mapped_surface(surface)], times, np.zeros(1, np.int32))[0]
    for name in ("luma_mean", "luma_std", "colourfulness"):
        assert got[name] == pytest.approx(expected[name], rel=0.02), name
    np.testing.assert_allclose(got["signature_y"].astype(int), expected["signature_y"], atol=2)
    unmapped = CpuMeter(surface.geometry).measure([replace(surface, colour=SDR)], times, np.zeros(1, np.int32))[0]
    assert abs(unmapped["luma_std"] - expected["luma_std"]) > 5


def test_chips_and_small_pictures_are_mapped() -> None:
    surface, ops = picture(PQ, (640, 360)), CpuOps()
    meter = ops.meter(surface.geometry)
    meter.measure([surface], np.zeros(1), np.zeros(1, np.int32))
    assert meter.small(0).colour == SDR
    onto = np.array([[0.25, 0.0, -10.0], [0.0, 0.25, -10.0]])
    chips = [ops.warp([(one, onto[None])], 64)[0].astype(float) for one in (surface, mapped_surface(surface))]
    assert np.abs(chips[0] - chips[1]).mean() < 2


def test_black_borders_stay_black_and_lit_ones_lit() -> None:
    greys = mapped_luma(np.array([0.0, 10.0, 60.0, 128.0, 255.0]), PQ)
    assert greys[0] == 0
    assert greys[1] < 10
    assert (np.diff(greys) > 0).all()
    dark, lit = (CpuMeter(Geometry(96, 54)), CpuMeter(Geometry(96, 54)))
    barred = picture(PQ)
    barred.y[:10], barred.y[-10:] = 64, 64
    dark.measure([barred], np.zeros(1), np.zeros(1, np.int32))
    lit.measure([replace(barred, colour=SDR)], np.zeros(1), np.zeros(1, np.int32))
    assert dark.borders()["dark"][0].tolist()[:2] == lit.borders()["dark"][0].tolist()[:2] == [10, 10]
