"""Bars in films of flat areas: position of the picture, and what happens in it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from kernels import reference
from kernels.bars import (
    BRIGHT,
    DARK,
    NEITHER,
    SEGMENTS,
    ActiveArea,
    BarsEvidence,
    Darkness,
    border_edge,
    classify_lines,
)
from kernels.cpu_meter import CpuMeter
from kernels.cuda.ops import CudaOps
from kernels.ops import Ops
from kernels.surface import Geometry

from .samples import grey_surface

WIDTH, HEIGHT = 320, 240
SHOWN = Geometry(WIDTH, HEIGHT)
BLACK = 16
WHOLE = ActiveArea()


class Scene:
    """Draws frames of one shot: limited-range luma with noise everywhere, as after coding."""

    def __init__(self, seed: int, area: ActiveArea = WHOLE, level: float = 120.0) -> None:
        self._random = np.random.default_rng(seed)
        self._area = area
        self.picture = np.full((HEIGHT, WIDTH), float(BLACK))
        self.inside[:] = BLACK + level * self._random.uniform(0.4, 1.6, self.inside.shape)

    @property
    def inside(self) -> np.ndarray:
        area = self._area
        return self.picture[area.top : HEIGHT - area.bottom, area.left : WIDTH - area.right]

    def frame(self) -> np.ndarray:
        noisy = self.picture + self._random.normal(0, 1.0, self.picture.shape)
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)

    def darkness(self, frames: int = 3) -> Darkness:
        meter = CpuMeter(SHOWN)
        for _ in range(frames):
            surface = grey_surface(self.frame(), full_range=False)
            meter.measure([surface] * 8, np.arange(8.0), np.arange(8))
        return meter.take_darkness()


def evidence(scenes: Iterable[Scene]) -> BarsEvidence:
    film = BarsEvidence(SHOWN)
    for scene in scenes:
        film.add(scene.darkness())
    return film


@pytest.mark.parametrize(
    "area",
    [
        ActiveArea(),
        ActiveArea(top=30, bottom=30),
        ActiveArea(top=31, bottom=29),
        ActiveArea(left=41, right=41),
        ActiveArea(20, 20, 40, 40),
        ActiveArea(left=108, right=108),
        ActiveArea(top=2, bottom=2),
    ],
    ids=str,
)
def test_bars_are_found_to_the_pixel(area: ActiveArea) -> None:
    film = evidence(Scene(seed, area) for seed in range(5))
    assert film.active_area() == area
    assert not film.changed


def test_black_film_and_empty_film_have_no_bars() -> None:
    assert evidence(Scene(seed, level=0) for seed in range(3)).active_area() == ActiveArea()
    film = BarsEvidence(SHOWN)
    film.add(Darkness(0, np.zeros(HEIGHT, np.uint8), np.zeros(WIDTH, np.uint8), False))
    assert film.active_area() == ActiveArea()
    assert not film.changed


def vignette(seed: int) -> Scene:
    """Bright in the middle, fading softly to black above and below."""
    scene = Scene(seed)
    falloff = np.clip((60 - np.abs(np.arange(HEIGHT) - HEIGHT / 2)) / 45, 0, 1) ** 2
    scene.picture = BLACK + (scene.picture - BLACK) * falloff[:, None]
    return scene


def test_scenes_that_are_bright_only_in_the_middle_are_no_bars() -> None:
    assert evidence(vignette(seed) for seed in range(6)).active_area() == ActiveArea()
    mixed = [vignette(seed) for seed in range(6)] + [Scene(9)]
    assert evidence(mixed).active_area() == ActiveArea()


def test_dark_scenes_do_not_hide_bars() -> None:
    area = ActiveArea(top=30, bottom=30)
    scenes = [Scene(seed, area, level=4) for seed in range(12)] + [Scene(50 + seed, area) for seed in range(3)]
    assert evidence(scenes).active_area() == area


def subtitled(seed: int, area: ActiveArea) -> Scene:
    scene = Scene(seed, area)
    scene.picture[HEIGHT - 24 : HEIGHT - 10, 60:260:2] = 235
    return scene


def test_subtitles_inside_the_bars_are_no_picture() -> None:
    area = ActiveArea(top=30, bottom=30)
    assert evidence(subtitled(seed, area) for seed in range(5)).active_area() == area


def title(seed: int) -> Scene:
    """Letters on black."""
    scene = Scene(seed, level=0)
    scene.picture[100:130, 70:250:3] = 235
    return scene


def test_titles_on_black_do_not_vote() -> None:
    assert evidence([title(1), title(2)]).active_area() == ActiveArea()
    assert evidence([title(1), *(Scene(seed) for seed in range(4))]).active_area() == ActiveArea()


def test_a_boxed_picture_in_one_shot_of_many_is_no_bar() -> None:
    boxed = Scene(0, ActiveArea(50, 50, 60, 60))
    film = evidence([boxed, *(Scene(seed) for seed in range(1, 10))])
    assert film.active_area() == ActiveArea()
    assert not film.changed


def test_bars_that_change_leave_the_smallest_common_area() -> None:
    wide, narrow = ActiveArea(top=30, bottom=30), ActiveArea(left=40, right=40)
    film = evidence([Scene(seed, wide) for seed in range(4)] + [Scene(seed, narrow) for seed in range(4)])
    assert film.active_area() == ActiveArea(30, 30, 40, 40)
    assert film.changed


def test_a_logo_before_the_film_changes_nothing() -> None:
    area = ActiveArea(top=30, bottom=30)
    film = evidence([Scene(0), *(Scene(seed, area) for seed in range(1, 12))])
    assert film.active_area() == area
    assert not film.changed


def test_black_may_be_coded_above_black() -> None:
    """A limited-range film that is marked full-range has its bars at 16 of 255."""
    area = ActiveArea(top=30, bottom=30)
    film = BarsEvidence(SHOWN)
    for seed in range(4):
        meter = CpuMeter(SHOWN)
        meter.measure([grey_surface(Scene(seed, area).frame())] * 8, np.arange(8.0), np.arange(8))
        film.add(meter.take_darkness())
    assert film.active_area() == area


def test_one_shot_may_be_all_there_is() -> None:
    area = ActiveArea(left=41, right=41)
    assert evidence([Scene(3, area)]).active_area() == area


@pytest.mark.parametrize("seed", range(40))
def test_lines_are_what_the_formulae_say(seed: int, ops: Ops) -> None:
    profiles = [profile_of(seed), profile_of(100 + seed)[:197]]
    wanted = [reference.classify_lines(profile) for profile in profiles]
    lit = bool((profiles[0] >= 24).any())
    if not isinstance(ops, CudaOps):
        assert [classify_lines(profile).tolist() for profile in profiles] == wanted
        return
    meter = ops.meter(Geometry(197, 200))
    meter._lines = [ops._runtime.upload(profile) for profile in profiles]
    taken = meter.take_darkness()
    assert ([taken.rows.tolist(), taken.columns.tolist()], taken.lit) == (wanted, lit)


def profile_of(seed: int) -> np.ndarray:
    """(200, SEGMENTS) with values at and near the limits: a bar, dark parts, and a higher black level."""
    random = np.random.default_rng(seed)
    profile = random.choice([0.0, 7.9, 8.0, 16.0, 23.99, 24.0, 27.5, 44.0, 90.0], (200, SEGMENTS)).astype(np.float32)
    bar = int(random.integers(0, 60))
    profile[bar:] = np.maximum(profile[bar:], random.choice([0, 12, 40, 120]))
    if bar:
        profile[[*range(bar), -1]] = random.choice([0.0, 4.0, 15.5, 21.0])
    profile[:, : random.integers(0, SEGMENTS)] *= random.choice([0.0, 1.0])
    return profile


def test_an_edge_is_a_bright_line_behind_dark_ones() -> None:
    lines = np.full(360, BRIGHT, np.uint8)
    assert border_edge(lines) == 0
    lines[:30] = DARK
    assert border_edge(lines) == 30
    lines[27:30] = NEITHER
    assert border_edge(lines) == 30
    lines[26] = NEITHER
    assert border_edge(lines) is None
    assert border_edge(lines[::-1]) == 0
    lines[:130] = DARK
    assert border_edge(lines) is None
