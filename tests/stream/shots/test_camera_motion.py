"""How much of what changes between frames a camera's motion explains."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stream.shots.camera_motion import unexplained_share
from stream.shots.window import grids_of

from .made_films import HEIGHT, WIDTH, Film, mix, rows_of, scene, still


def share(film: Film) -> float:
    return unexplained_share(grids_of(rows_of(film)))


def soft(seed: int) -> np.ndarray:
    """A picture four times as large as a frame, as soft as one of a moving camera is."""
    return np.asarray(cv2.GaussianBlur(scene(seed, 2 * HEIGHT, 2 * WIDTH), (0, 0), 8))


def shifted(seed: int, across: int, down: int) -> Film:
    return [soft(seed)[10 + down * i :, 10 + across * i :][:HEIGHT, :WIDTH] for i in range(10)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("across", "down"), [(2, 0), (5, 0), (0, 4), (4, 3)])
def test_a_pan_or_tilt_explains_its_frames(seed: int, across: int, down: int) -> None:
    film = shifted(seed, across, down)
    assert share(film) < 0.2
    assert share(film[::-1]) == pytest.approx(share(film))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_zoom_explains_its_frames(seed: int) -> None:
    sizes = [(round(2 * WIDTH * 1.05**i), round(2 * HEIGHT * 1.05**i)) for i in range(10)]
    large = [cv2.resize(soft(seed), size) for size in sizes]
    film = [cv2.getRectSubPix(p.astype(np.float32), (WIDTH, HEIGHT), (p.shape[1] / 2, p.shape[0] / 2)) for p in large]
    assert share(film) < 0.2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_motion_explains_a_dissolve_or_a_cut(seed: int) -> None:
    a, b = still(seed, 10), still(seed + 1, 10)
    assert share(mix(a, b)) > 0.6
    assert share([a[0], b[0]]) > 0.6


def test_bars_do_not_matter() -> None:
    barred = [np.pad(p[16:56], ((16, 16), (0, 0))) for p in shifted(1, 4, 3)]
    assert share(barred) < 0.3


def test_where_nothing_changes_nothing_is_explained() -> None:
    assert share(still(1, 5)) == 1.0
    assert share([np.zeros((HEIGHT, WIDTH))] * 3) == 1.0
