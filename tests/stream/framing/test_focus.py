"""What is out of focus weighs less, and only where something else is sharp."""

from __future__ import annotations

import cv2
import numpy as np

from kernels.detail import strongest_detail
from stream.framing.focus import focus_weights

CELLS = 64, 36
SHOWN = 480, 270


def blobs(blur: float = 0.0, sides: tuple[int, int] = (20, 12)) -> np.ndarray:
    """(270, 480, 3) uint8: squares of many greys with edges as blurred as that, pixels."""
    small = np.random.default_rng(4).integers(20, 235, sides[::-1]).astype(np.uint8)
    picture = cv2.resize(small, SHOWN, interpolation=cv2.INTER_NEAREST)
    picture = cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture
    return np.repeat(picture[..., None], 3, axis=2)


def weights(picture: np.ndarray) -> np.ndarray:
    small = cv2.resize(picture, CELLS, interpolation=cv2.INTER_AREA)
    return focus_weights(small, strongest_detail(picture, CELLS))


def test_of_a_sharp_and_a_blurred_half_the_blurred_one_weighs_little():
    picture = blobs()
    picture[:, 240:] = blobs(5.0)[:, 240:]
    found = weights(picture)
    assert found.shape == (36, 64)
    assert found[:, :26].min() == 1.0
    assert found[:, 38:].max() < 0.2


def test_what_is_evenly_sharp_or_evenly_blurred_stays_as_it_is():
    for blur in (0.0, 1.5, 5.0):
        assert weights(blobs(blur)).min() == 1.0
    assert weights(np.full((*SHOWN[::-1], 3), 90, np.uint8)).min() == 1.0


def test_a_smooth_body_among_sharp_things_is_not_out_of_focus():
    """It has no detail and little contrast; its outline is sharp."""
    picture = blobs()
    across, down = np.meshgrid(np.linspace(-1, 1, 160), np.linspace(-1, 1, 200))
    body, shape = 90 + 40 * down - 20 * across, across**2 + down**2 < 1
    part = picture[40:240, 200:360]
    part[shape] = body[shape, None].astype(np.uint8)
    assert weights(picture).min() == 1.0


def test_a_small_blurred_part_is_left_alone():
    picture = blobs()
    picture[:, 440:] = blobs(5.0)[:, 440:]
    assert weights(picture).min() == 1.0


def test_grain_makes_no_soft_ground_sharp():
    picture = blobs(5.0).astype(np.int16)
    picture[:, :240] = blobs()[:, :240]
    grain = np.random.default_rng(1).normal(0, 1, picture.shape[:2])[..., None]
    found = weights(np.clip(picture + grain, 0, 255).astype(np.uint8))
    assert np.median(found[:, 38:]) < 0.5 and found[:, :26].min() == 1.0
