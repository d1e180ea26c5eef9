"""Light that flickers or flashes hides no cut and makes none, and a banner makes none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.composed_pictures import in_flickering_light, with_banner
from benchmarks.composed_shots import made_excerpts
from stream.settings.sections import ShotSettings
from stream.shots.cuts import differ_in_light_only
from stream.shots.flicker import steady_share
from stream.shots.splitter import ShotSplitter
from stream.shots.window import grids_of

from .made_films import FPS, HEIGHT, WIDTH, Film, fade, mix, pan, rows_of, scene, still


def boundaries(rows: np.ndarray) -> list[int]:
    """First rows of the shots after the first."""
    splitter = ShotSplitter(ShotSettings(), FPS)
    return [shot.first_row for shot in [*splitter.add(rows), *splitter.finish(len(rows) / FPS)][1:]]


def lit(light: np.ndarray) -> Film:
    """A still in changing light."""
    return [np.clip(scene(3) * 0.5 + 60 + more, 0, 255) for more in light]


def test_of_light_that_flickers_nothing_counts_as_motion() -> None:
    share = steady_share(grids_of(rows_of(lit(np.where(np.arange(40) % 2, 40.0, -40.0)))))
    assert share[0] == 1 and share[1:].max() < 0.2


@pytest.mark.parametrize("film", [pan(4, 40), fade(5, 12)[:11] + fade(5, 12)[:11][::-1], still(6, 40)])
def test_of_pans_fades_and_stills_all_counts(film: Film) -> None:
    assert (steady_share(grids_of(rows_of(film))) == 1).all()


def test_of_one_change_of_light_all_counts() -> None:
    assert (steady_share(grids_of(rows_of(lit(np.where(np.arange(40) < 20, 40.0, -40.0))))) == 1).all()


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_cut_in_a_strobe_is_found_though_the_light_changes_more(number: int) -> None:
    """In light that changes at every frame, or at every third."""
    excerpts = made_excerpts(2, 30 + number)
    film = [*excerpts[0].frames[:30], *excerpts[1].frames[:30]]
    grey = [frame[::3, ::3, 0].astype(float)[:HEIGHT, :WIDTH] for frame in in_flickering_light(film, number)]
    assert boundaries(rows_of(grey)) == [30]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_lightning_that_fades_within_a_third_of_a_second_is_no_cut(seed: int) -> None:
    light = 180 * np.exp(-np.arange(40) / 5)
    film = still(seed, 40) + [np.minimum(255, scene(seed) + more) for more in light]
    assert boundaries(rows_of(film)) == []


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_banner_that_comes_and_goes_is_no_cut(number: int) -> None:
    grey = np.repeat(scene(60 + number)[..., None].astype(np.uint8), 3, axis=2)
    film = with_banner(np.repeat(grey[None], 48, axis=0), number)
    assert boundaries(rows_of([frame[..., 0].astype(float) for frame in film])) == []


def test_a_cut_to_a_picture_of_which_a_half_is_the_same_counts() -> None:
    changed = scene(1).copy()
    changed[:, : WIDTH // 2] = scene(2)[:, : WIDTH // 2]
    assert boundaries(rows_of(still(1, 40) + [changed] * 40)) == [40]


@pytest.mark.parametrize("frames", [2, 3, 5])
def test_a_strobe_that_is_black_for_an_instant_is_no_fade_though_things_move(frames: int) -> None:
    moving = pan(8, 12 * frames, step=1)
    film = [picture if i // frames % 2 == 0 else picture * 0.04 for i, picture in enumerate(moving)]
    assert boundaries(rows_of(film)) == []


def test_black_for_an_instant_between_two_pictures_is_a_boundary() -> None:
    film = still(1, 30) + [scene(1) * 0.02] * 3 + still(2, 30)
    assert boundaries(rows_of(film)) in ([30], [33])


def grid(luma: np.ndarray, u: float, v: float) -> np.ndarray:
    """(208,): a grid of luma cells (144,) 0–255 and chroma that follows them."""
    weight = (luma - luma.mean())[:32] / 128
    return np.concatenate([luma - 128, u * (1 + weight), v * (1 + weight)]).astype(np.float32)


CELLS = np.random.default_rng(5).uniform(30, 220, 144)


def test_colours_that_fade_with_the_light_make_no_cut() -> None:
    bright, dark = grid(CELLS, 60, -40), grid(CELLS * 0.08, 4.8, -3.2)
    assert differ_in_light_only(bright, dark) and differ_in_light_only(dark, bright)


def test_light_of_another_colour_makes_no_cut_and_other_colours_with_other_structure_do() -> None:
    other = np.random.default_rng(6).uniform(30, 220, 144)
    assert differ_in_light_only(grid(CELLS, 70, -60), grid(CELLS * 0.8, -60, 50))
    assert not differ_in_light_only(grid(CELLS, 70, -60), grid(CELLS * 0.8 + other * 0.2, -60, 50))
    assert not differ_in_light_only(grid(CELLS, 70, -60), grid(CELLS * 0.02 + 10, -60, 50))


@pytest.mark.parametrize("frames_a_step", [2, 3, 4])
@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize("share", [0.2, 0.35])
def test_light_that_dips_while_the_camera_pans_makes_no_dissolve(seed: int, share: float, frames_a_step: int) -> None:
    moving = [picture for picture in pan(seed, 49, step=1) for _ in range(frames_a_step)]
    light = np.interp(np.arange(96), [0, 20, 42, 54, 76, 95], [1, 1, share, share, 1, 1])
    assert boundaries(rows_of([picture * now for picture, now in zip(moving, light, strict=False)])) == []


def test_a_dissolve_to_a_dim_scene_that_stays_is_one() -> None:
    dim = [scene(7) * 0.25] * 60
    ((row,),) = [boundaries(rows_of(still(2, 40) + mix(still(2, 16), dim[:16]) + dim))]
    assert 40 <= row <= 57
