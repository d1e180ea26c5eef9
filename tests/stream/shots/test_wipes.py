"""Wipes are found, as such, at their own time; what covers a picture for a moment, moves or mixes is none."""

from __future__ import annotations

import numpy as np
import pytest

from stream.records import Shot
from stream.settings.sections import ShotSettings
from stream.shots.splitter import ShotSplitter

from .made_films import FPS, HEIGHT, WIDTH, Film, mix, pan, rows_of, scene, still

ACROSS = np.broadcast_to(np.linspace(0, 1, WIDTH), (HEIGHT, WIDTH))
DOWN = np.broadcast_to(np.linspace(0, 1, HEIGHT)[:, None], (HEIGHT, WIDTH))
AROUND = np.hypot(ACROSS - 0.5, DOWN - 0.5) / np.hypot(0.5, 0.5)
ORDERS = {
    "to the right": ACROSS, "to the left": 1 - ACROSS, "down": DOWN, "across a corner": (ACROSS + DOWN) / 2,
    "an iris that opens": AROUND, "an iris that closes": 1 - AROUND, "doors": 2 * np.abs(ACROSS - 0.5),
}  # fmt: skip
"""When each pixel changes, from 0 to 1."""


def wiped(a: Film, b: Film, order: np.ndarray) -> Film:
    """The frames of a wipe from a to b; each of them has `len(a)` frames."""
    shares = (np.arange(len(a)) + 1) / (len(a) + 1)
    ranks = (order.ravel().argsort().argsort() / order.size).reshape(order.shape)
    return [np.where(ranks < s, y, x) for s, x, y in zip(shares, a, b, strict=True)]


def split(film: Film) -> list[Shot]:
    splitter = ShotSplitter(ShotSettings(), FPS)
    return [*splitter.add(rows_of(film)), *splitter.finish(len(film) / FPS)]


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("frames", [12, 24, 40])
def test_a_wipe_is_a_boundary_of_its_own_kind(name: str, frames: int) -> None:
    film = [*still(1, 60), *wiped(still(1, frames), still(2, frames), ORDERS[name]), *still(2, 60)]
    _, second = split(film)
    assert second.transition == "wipe" and 0.7 <= second.confidence <= 1
    assert abs(second.first_row - (60 + frames / 2)) <= max(3, frames / 5)
    assert second.clean_first_row >= 60 + frames - max(3, frames / 5)


def test_what_covers_the_picture_and_leaves_it_again_is_no_wipe() -> None:
    wing = still(2, 8)
    cover = [*wiped(still(1, 8), wing, ACROSS), *still(2, 3), *wiped(wing, still(1, 8), ACROSS)]
    assert all(shot.transition != "wipe" for shot in split([*still(1, 60), *cover, *still(1, 60)]))


def test_an_iris_that_closes_to_black_is_no_wipe() -> None:
    black = [np.full((HEIGHT, WIDTH), 4.0)] * 20
    film = [*still(1, 60), *wiped(still(1, 20), black, 1 - AROUND), *black[:12], *still(2, 60)]
    assert [shot.transition for shot in split(film)][1:] in (["fade"], ["cut"])


def test_a_dissolve_and_a_moving_camera_are_no_wipes() -> None:
    dissolve = [*still(1, 60), *mix(still(1, 20), still(2, 20)), *still(2, 60)]
    assert [shot.transition for shot in split(dissolve)] == ["cut", "dissolve"]
    assert all(shot.transition != "wipe" for shot in split([*still(3, 40), *pan(3, 60)]))


def test_a_fast_pan_is_no_wipe() -> None:
    wide = scene(5, width=WIDTH * 2)
    moving = [wide[:, 8 * i : 8 * i + WIDTH] for i in range(17)]
    film = [*[moving[0]] * 40, *moving, *[moving[-1]] * 40]
    assert all(shot.transition != "wipe" for shot in split(film))
