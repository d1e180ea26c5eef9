"""Noise belongs to a film, not to a face: the size of the face does not matter."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines.quality import PATCH_PX, measure_quality, patch_matrix
from kernels.open_ops import open_ops
from kernels.surface import Colour, Geometry, Surface

SIZE = 1280, 720


def surface_of(noise: float) -> Surface:
    """A bright middle that fades, with blotchy noise as after coding."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    luma = 180 - 0.1 * np.hypot(x - SIZE[0] / 2, y - SIZE[1] / 2)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, luma.shape), (0, 0), 1.5)
    luma = luma + noise * grain / grain.std()
    return Surface(luma.clip(16, 235).astype(np.uint8), None, None, 8, Colour(), Geometry(*SIZE))


def grain(surface: Surface, height: float) -> float:
    box = (SIZE[0] / 2 - 0.4 * height, SIZE[1] / 2 - height / 2, 0.8 * height, height)
    chips = open_ops("cpu").warp([(surface, patch_matrix(surface, box)[None])], PATCH_PX)
    return float(measure_quality(chips)[0, 1])


def test_noise_weighs_the_same_in_close_ups_and_at_a_distance() -> None:
    noisy, clean = surface_of(15), surface_of(0)
    heights = (230.0, 400.0, 650.0)
    found = [grain(noisy, height) for height in heights]
    assert found == pytest.approx([found[0]] * 3, rel=0.15)
    assert max(grain(clean, height) for height in heights) < 0.2 * min(found)


@pytest.mark.parametrize("height", [40.0, 300.0])
def test_the_square_lies_in_the_middle_and_within_the_face(height: float) -> None:
    surface, box = surface_of(0), (100.0, 50.0, 0.8 * height, height)
    matrix = patch_matrix(surface, box)
    middle = matrix @ (100 + 0.4 * height, 50 + height / 2, 1)
    np.testing.assert_allclose(middle, [PATCH_PX / 2] * 2)
    assert PATCH_PX / matrix[0, 0] <= 0.75 * height + 1e-6
