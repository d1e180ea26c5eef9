"""A push explains pictures of which one drives the other away, blurred or not, and nothing else; a pan is told from it.
"""

from __future__ import annotations

import numpy as np
import pytest

from stream.shots.pushes import best_push

from .made_films import scene

ROWS, COLUMNS = 9, 16


def cells(picture: np.ndarray) -> np.ndarray:
    """(208,): the grid of a picture (H, W) with luma 0–255 and no colour, as `RowWindow` has it."""
    height, width = (n // k for n, k in zip(picture.shape, (ROWS, COLUMNS), strict=True))
    luma = picture.reshape(ROWS, height, COLUMNS, width).mean(axis=(1, 3))
    return np.concatenate([luma.ravel() - 128, np.zeros(64)]).astype(np.float32)


def seen(wide: np.ndarray, places: list[float], blur: float) -> np.ndarray:
    """(N, 208): grids of the part of a strip (72, W) that is seen at these places (0–1 of its length less a picture),
    averaged over so much of the way from there on."""
    length = wide.shape[1] - 128
    # The first and the last picture stand still.
    blurs = [blur if 0 < p < 1 else 0.0 for p in places]
    exposures = [p + b * np.linspace(0, 1, 8) for p, b in zip(places, blurs, strict=True)]
    moments = [[min(round(length * m), length) for m in exposure] for exposure in exposures]
    return np.array([cells(np.mean([wide[:, at : at + 128] for at in exposed], axis=0)) for exposed in moments])


WAY = [0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0]


@pytest.mark.parametrize("blur", [0.0, 0.15])
@pytest.mark.parametrize("turn", ["left", "right", "up", "down"])
def test_a_push_in_each_direction_explains_nearly_all_and_leads_elsewhere(turn: str, blur: float) -> None:
    a, b = scene(3), scene(4)
    if turn in ("left", "right"):
        grids = seen(np.concatenate([a, b], axis=1), WAY, blur)
        flipped = grids[:, :144].reshape(-1, ROWS, COLUMNS)[:, :, ::-1].reshape(-1, 144)
        grids = grids if turn == "left" else np.concatenate([flipped, grids[:, 144:]], axis=1)
    else:
        strip = np.concatenate([a, b] if turn == "up" else [b, a])
        places = WAY if turn == "up" else [1 - p for p in WAY]
        grids = np.array([cells(strip[round(72 * p) : round(72 * p) + 72]) for p in places])
    push = best_push(grids)
    assert push.left < 0.03 < 0.15 < push.mixed
    assert push.back == 0 and push.leads_elsewhere


@pytest.mark.parametrize("overlap", [16, 24, 32])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_pan_over_one_picture_leads_nowhere_else(seed: int, overlap: int) -> None:
    assert not best_push(seen(scene(seed, width=256 - overlap), WAY, 0.1)).leads_elsewhere


def test_a_pan_by_just_a_picture_over_smooth_edges_leads_nowhere_else() -> None:
    across = np.linspace(0, 2 * np.pi, 256)
    wide = np.tile(128 + 90 * np.sin(across), (72, 1)) + np.linspace(-30, 30, 72)[:, None]
    assert not best_push(seen(wide, WAY, 0.1)).leads_elsewhere


def test_a_mix_is_no_push() -> None:
    a, b = cells(scene(1)), cells(scene(2))
    push = best_push(np.array([(1 - p) * a + p * b for p in WAY]))
    assert push.mixed < 1e-6 < 0.05 < push.left


def test_a_step_back_is_told() -> None:
    strip = np.concatenate([scene(1), scene(2)], axis=1)
    assert best_push(seen(strip, [0.0, 0.3, 0.7, 0.5, 0.9, 1.0], 0.0)).back == pytest.approx(0.1875, abs=0.07)


def test_black_bars_do_not_move() -> None:
    strip = np.concatenate([scene(1), scene(2)], axis=1)
    inner = [strip[:, round(128 * p) : round(128 * p) + 128] for p in WAY]
    boxed = [np.pad(picture[:48], ((12, 12), (0, 0))) for picture in inner]
    assert best_push(np.array([cells(picture) for picture in boxed])).left < 0.02


def test_equal_pictures_leave_nothing() -> None:
    push = best_push(np.array([cells(scene(1))] * 5))
    assert push.left < 1e-6 and push.back == 0
