"""How much of what changes between frames a camera's motion explains."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stream.settings.sections import ShotSettings
from stream.shots.camera_motion import unexplained_share, unlit_share
from stream.shots.splitter import ShotSplitter
from stream.shots.window import grids_of

from .made_films import FPS, HEIGHT, WIDTH, Film, mix, rows_of, scene, still


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


def lit_from_above(seed: int, frames: int) -> Film:
    """Light above and dark below, as a landscape is: moved up or down it is darker or lighter as a whole."""
    ramp = np.linspace(210.0, 30.0, HEIGHT)[:, None]
    return [ramp + 0.15 * (p - p.mean()) for p in still(seed, frames)]


def test_a_fade_to_grey_is_a_change_of_light_and_a_pan_is_none() -> None:
    fading = grids_of(rows_of(mix(lit_from_above(1, 8), [np.full((HEIGHT, WIDTH), 180.0)] * 8)))
    assert unlit_share(fading) < unexplained_share(fading) < 0.5
    panned = grids_of(rows_of(shifted(1, 4, 3)))
    assert unlit_share(panned) > 0.5 > unexplained_share(panned)


def test_a_picture_that_goes_to_grey_ends_its_shot() -> None:
    """Quickly to grey, and slowly out of it."""
    grey = [np.full((HEIGHT, WIDTH), 180.0)]
    there, back = mix(lit_from_above(1, 6), grey * 6), mix(grey * 40, still(5, 40))
    rows = rows_of(lit_from_above(1, 48) + there + back + still(5, 48))
    splitter = ShotSplitter(ShotSettings(), FPS)
    shots = [*splitter.add(rows), *splitter.finish(len(rows) / FPS)]
    assert any(48 <= shot.first_row <= 56 for shot in shots), "where the picture goes; the other may come in one more"
