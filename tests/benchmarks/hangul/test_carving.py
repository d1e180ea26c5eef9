"""Holes, gaps and hairlines leave the strokes where they are, and enough of them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from benchmarks.hangul.carving import enlarged, gapped, holed, reduced, thinned

SIZE_PX = 48


def cross(width: int = 10) -> np.ndarray:
    """(96, 300) uint8: two bars that cross."""
    layer = np.zeros((96, 300), np.uint8)
    layer[44 : 44 + width, 30:270] = layer[20:76, 146 : 146 + width] = 255
    return layer


@pytest.mark.parametrize("size_px", [16, 30, 48, 72, 300])
def test_what_was_enlarged_has_its_size_again(size_px):
    layer = cross()
    big, times = enlarged(layer, size_px)
    assert big.shape == (96 * times, 300 * times)
    assert size_px == 300 or 70 < size_px * times < 150
    assert np.abs(reduced(big, times).astype(int) - layer).mean() < 3


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("carve", [holed, gapped])
def test_carved_strokes_lose_some_and_gain_nothing(seed: int, carve: Callable[..., np.ndarray]) -> None:
    layer = cross()
    carved = carve(np.random.default_rng(seed), layer, SIZE_PX)
    assert carved.shape == layer.shape and carved.dtype == np.uint8
    assert 0.3 < carved.sum() / layer.sum() < 0.99
    assert carved[cv2.dilate(layer, np.ones((3, 3), np.uint8)) == 0].max() == 0
    left = cv2.dilate(carved, np.ones((13, 13), np.uint8))
    assert np.mean(left[layer > 0] > 100) > 0.95  # no part is gone


def test_gaps_part_the_strokes() -> None:
    parts = [
        cv2.connectedComponents((gapped(np.random.default_rng(seed), cross(), SIZE_PX) > 60).astype(np.uint8))[0] - 1
        for seed in range(12)
    ]
    assert np.median(parts) > 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("width", [1, 4, 12])
def test_hairlines_are_about_a_pixel_wide_and_whole(seed: int, width: int) -> None:
    layer = cross(width)
    thin = thinned(np.random.default_rng(seed), layer, SIZE_PX)
    across = thin[:, 60:130].astype(float).sum(0) / 255
    assert 0.6 < across.mean() < 2.3
    assert cv2.connectedComponents((thin > 50).astype(np.uint8))[0] == 2
