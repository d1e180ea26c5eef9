"""The colour below a face: where it is taken, and when it is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from engines.clothes import CELLS, clothes_colour, clothes_rect

from .scenes import PictureOps

FACE = (400.0, 100.0, 80.0, 100.0)


def colour_of(picture: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray | None:
    ops = PictureOps()
    surface = ops.surface_of(picture)
    seen = clothes_rect(surface, box)
    return clothes_colour(ops.rgb_all([(surface, seen)], CELLS).reshape(-1), seen, box)


@pytest.fixture
def picture() -> np.ndarray:
    """A grey wall, and red clothes from 240 to 440 down and 320 to 560 across."""
    wall = np.full((600, 800, 3), 128, np.uint8)
    wall[240:440, 320:560] = (200, 20, 20)
    return wall


def test_the_colour_is_that_of_shoulders_and_chest(picture: np.ndarray) -> None:
    colour = colour_of(picture, FACE)
    assert colour == pytest.approx([42.4, 65.1, 49.7], abs=1)


def test_black_below_the_picture_is_not_clothes(picture: np.ndarray) -> None:
    picture[373:] = 0
    assert colour_of(picture, FACE) == pytest.approx([42.4, 65.1, 49.7], abs=2)


@pytest.mark.parametrize("down", [410.0, 520.0, 900.0])
def test_too_little_below_the_face_is_unknown(picture: np.ndarray, down: float) -> None:
    assert colour_of(picture, (400.0, down, 80.0, 100.0)) is None


def test_nothing_but_black_below_the_face_is_unknown(picture: np.ndarray) -> None:
    picture[240:] = 0
    assert colour_of(picture, FACE) is None
