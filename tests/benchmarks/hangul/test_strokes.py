"""The middle of strokes, their ends and their width."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.hangul.strokes import disc, ends, line_kernel, middle, thickness


def bar(width: int) -> np.ndarray:
    """(60, 200) uint8: a level bar of 140 pixels."""
    layer = np.zeros((60, 200), np.uint8)
    layer[20 : 20 + width, 30:170] = 255
    return layer


@pytest.mark.parametrize("width", [1, 2, 5, 12])
def test_the_middle_of_a_bar_is_a_line_of_one_pixel(width):
    lines = middle(bar(width))
    assert (lines[:, 50:150] > 0).sum(0).tolist() == [1] * 100
    assert abs(np.argwhere(lines)[:, 0].mean() - (20 + (width - 1) / 2)) <= 1
    assert len(ends(lines)) == 2
    assert sorted(ends(lines)[:, 0] > 100) == [False, True]


def test_a_ring_stays_one_ring():
    ring = np.zeros((80, 80), np.uint8)
    cv2.circle(ring, (40, 40), 25, 255, 9)
    lines = middle(ring)
    assert cv2.connectedComponents(lines)[0] == 2 and cv2.connectedComponents(255 - lines, connectivity=4)[0] == 3
    assert len(ends(lines)) == 0


@pytest.mark.parametrize("width", [4, 8, 14])
def test_the_thickness_of_a_bar(width):
    assert thickness(bar(width)) == pytest.approx(width, rel=0.2)
    assert thickness(np.zeros((5, 5), np.uint8)) == 0


def test_faint_strokes_are_strokes():
    assert np.count_nonzero(middle(bar(3) // 2)) > 100
    assert np.count_nonzero(middle(bar(3) // 8)) == 0


def test_kernels():
    assert disc(0).shape == (1, 1) and disc(7).shape == (7, 7) and disc(7)[0, 0] == 0 and disc(7)[3].all()
    level = line_kernel(6, 0.0)
    assert level.shape == (13, 13) and level.sum() == level[6].sum() == 7
