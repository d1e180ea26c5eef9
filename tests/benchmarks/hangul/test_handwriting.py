"""What a pen writes stays near where it was, and no digit is closed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.hangul.handwriting import slanted, written

SIZE_PX = 48


def marks() -> np.ndarray:
    """(96, 300) uint8: three upright bars."""
    layer = np.zeros((96, 300), np.uint8)
    for x in (60, 150, 240):
        layer[28:70, x - 3 : x + 3] = 255
    return layer


def gaps() -> np.ndarray:
    """(96, 300) uint8: a level bar with a gap of three pixels every thirty."""
    layer = np.zeros((96, 300), np.uint8)
    layer[44:50, 20:280] = 255
    layer[:, 40:280:30] = layer[:, 41:280:30] = layer[:, 42:280:30] = 0
    return layer


@pytest.mark.parametrize("seed", range(12))
def test_each_character_is_slanted_around_its_middle(seed):
    layer, centres = marks(), np.array([60.0, 150.0, 240.0])
    outline = cv2.dilate(layer, np.ones((5, 5), np.uint8))
    one, other = slanted(np.random.default_rng(seed), [layer, outline], centres, SIZE_PX, 49.0)
    assert one.shape == layer.shape and not np.array_equal(one, layer)
    assert 0.6 < one.sum() / layer.sum() < 1.6
    assert np.all(other[one > 200] > 100)
    for x in centres.astype(int):
        at = np.argwhere(one[:, x - 40 : x + 40] > 100)
        assert abs(at[:, 1].mean() - 40) < 0.3 * SIZE_PX and abs(at[:, 0].mean() - 49) < 0.3 * SIZE_PX


def test_characters_of_a_line_lean_differently():
    centres = np.array([60.0, 150.0, 240.0])
    leans = []
    for seed in range(12):
        (one,) = slanted(np.random.default_rng(seed), [marks()], centres, SIZE_PX, 49.0)
        of_line = []
        for x in centres.astype(int):
            y, across = np.nonzero(one[:, x - 40 : x + 40] > 100)
            of_line.append(np.polyfit(y, across, 1)[0])
        leans.append(np.std(of_line))
    assert np.mean(leans) > 0.03


@pytest.mark.parametrize("seed", range(16))
def test_written_strokes_stay_near(seed):
    layer = marks()
    strokes = written(np.random.default_rng(seed), layer, SIZE_PX, np.ones(300, bool))
    assert strokes.shape == layer.shape and strokes.max() > 150
    assert 0.15 < strokes.sum() / layer.sum() < 2.5
    assert strokes[cv2.dilate(layer, np.ones((15, 15), np.uint8)) == 0].max() < 60


def test_strokes_are_joined_where_they_may_be():
    def parts(joinable: bool) -> float:
        columns = np.full(300, joinable)
        lines = [written(np.random.default_rng(seed), gaps(), SIZE_PX, columns) for seed in range(30)]
        return float(np.mean([cv2.connectedComponents((line > 60).astype(np.uint8))[0] - 1 for line in lines]))

    assert parts(True) < parts(False) - 0.5
