"""Bars in films of flat areas: position of the picture, and what happens in it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from kernels import reference
from kernels.active_areas import BarsEvidence, ShotBorders, shot_borders
from kernels.bars import BORDERS, SEGMENTS, ActiveArea, border_edge
from kernels.cpu_borders import borders_of, classify_lines
from kernels.cpu_meter import CpuMeter
from kernels.cuda.meter import _AXIS, _displayed_borders
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

    def borders(self, frames: int = 3, full_range: bool = False) -> ShotBorders | None:
        meter, found = CpuMeter(SHOWN), []
        for _ in range(frames):
            surface = grey_surface(self.frame(), full_range=full_range)
            meter.measure([surface] * 8, np.arange(8.0), np.arange(8))
            found.append(meter.borders())
        return shot_borders(np.concatenate(found))


def evidence(scenes: Iterable[Scene]) -> BarsEvidence:
    film = BarsEvidence(SHOWN)
    for scene in scenes:
        film.add(scene.borders())
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
    film.add(shot_borders(np.zeros(0, BORDERS)))
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


def dim_above(seed: int, area: ActiveArea) -> Scene:
    """The upper part of the picture is neither black nor lit, as a ceiling at night."""
    scene = Scene(seed, area)
    scene.inside[:60] = BLACK + 0.14 * (scene.inside[:60] - BLACK)
    return scene


def test_a_dim_ceiling_does_not_hide_the_bar_above_it() -> None:
    area = ActiveArea(top=30, bottom=30)
    film = evidence(dim_above(seed, area) for seed in range(3))
    assert film.active_area() == area
    assert not film.changed


def test_a_side_is_no_bar_as_far_as_any_shot_shows_something_there() -> None:
    scenes = [dim_above(seed, ActiveArea(top=12, bottom=30)) for seed in range(3)]
    assert evidence(scenes).active_area() == ActiveArea(bottom=30)
    beside = [dim_above(seed, ActiveArea(top=30, bottom=30)) for seed in range(3)]
    assert evidence([*beside, dim_above(5, ActiveArea(top=12, bottom=30))]).active_area() == ActiveArea(bottom=30)


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


def areas_of(film: BarsEvidence) -> list[ActiveArea]:
    area = film.active_area()
    return [film.area_of(shot, area) for shot in film.shots]


def test_bars_that_change_are_those_of_each_shot() -> None:
    wide, narrow = ActiveArea(top=30, bottom=30), ActiveArea(left=40, right=40)
    film = evidence([Scene(seed, wide) for seed in range(4)] + [Scene(seed, narrow) for seed in range(3)])
    assert film.changed
    assert film.common_area() == ActiveArea(30, 30, 40, 40)
    assert film.active_area() == wide
    assert areas_of(film) == [wide] * 4 + [narrow] * 3


def test_a_film_that_opens_up_keeps_the_whole_of_its_open_shots() -> None:
    scope = ActiveArea(top=30, bottom=30)
    film = evidence([*(Scene(seed, scope) for seed in range(6)), Scene(10), Scene(11)])
    assert film.active_area() == scope
    assert areas_of(film) == [scope] * 6 + [WHOLE] * 2


def test_letter_cards_with_side_bars_do_not_cut_the_scenes() -> None:
    """Scenes that fade softly at both sides prove nothing, but they are lit where the cards have bars."""
    card, scenes = ActiveArea(left=60, right=45), [Scene(seed) for seed in range(10, 14)]
    softly = np.clip((np.minimum(np.arange(WIDTH), np.arange(WIDTH)[::-1]) - 4) / 30, 0, 1)
    for scene in scenes:
        scene.picture = BLACK + (scene.picture - BLACK) * softly
    film = evidence([Scene(0, card), scenes[0], Scene(1, card), *scenes[1:], Scene(2, level=2)])
    assert film.active_area() == WHOLE
    assert areas_of(film) == [card, WHOLE, card, *[WHOLE] * 4]
    assert film.among([0, 2]).active_area() == card
    assert film.among([1, 3]).active_area() == WHOLE
    assert film.among([6]).active_area() == film.active_area()


def test_one_shot_alone_has_bars_of_its_own_only_where_both_are_as_wide() -> None:
    others = [Scene(seed) for seed in range(9)]
    archive, doorway = ActiveArea(left=40, right=41), ActiveArea(left=40, right=80)
    for own, kept in ((archive, archive), (doorway, WHOLE)):
        film = evidence([*others, Scene(20, own)])
        assert film.active_area() == WHOLE
        assert areas_of(film)[-1] == kept
    film = evidence(others)
    film.add(Scene(20, archive).borders(frames=2))
    assert areas_of(film)[-1] == WHOLE


def test_one_edge_is_enough_for_bars_that_other_shots_prove() -> None:
    """A picture that is dark above shows the lower edge alone, and one that is softly dark there an edge too far in."""
    film_bars, other = ActiveArea(left=40, right=40), ActiveArea(top=30, bottom=30)
    night, soft, open_shot = Scene(20, other), Scene(21, other), Scene(22)
    night.picture[:90] = BLACK
    soft.picture[30:33] = BLACK + 16
    open_shot.picture[:90] = BLACK + 16
    alone = [night, soft, open_shot]
    proved = [*(Scene(seed, film_bars) for seed in range(5)), Scene(10, other), Scene(11, other)]
    film = evidence([*proved, *alone])
    assert film.active_area() == film_bars
    assert areas_of(film)[-3:] == [other, other, WHOLE]


def test_edges_a_pixel_off_are_those_of_the_film() -> None:
    area = ActiveArea(top=30, bottom=30)
    film = evidence([*(Scene(seed, area) for seed in range(5)), Scene(9, ActiveArea(top=31, bottom=28))])
    assert areas_of(film) == [area] * 6


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
        film.add(Scene(seed, area).borders(full_range=True))
    assert film.active_area() == area


def test_one_shot_may_be_all_there_is() -> None:
    area = ActiveArea(left=41, right=41)
    assert evidence([Scene(3, area)]).active_area() == area


@pytest.mark.parametrize("seed", range(40))
def test_lines_are_what_the_formulae_say(seed: int, ops: Ops) -> None:
    rows, columns = profile_of(seed), profile_of(100 + seed)[:197]
    wanted = [reference.classify_lines(profile) for profile in (rows, columns)]
    assert [classify_lines(profile).tolist() for profile in (rows, columns)] == wanted
    found = borders_of(rows, columns, 3) if not isinstance(ops, CudaOps) else device_borders(ops, rows, columns)
    assert found["place"].tolist() == [3] and found["lit"].tolist() == [bool((rows >= 24).any())]
    assert (found["bright"][0].tolist(), found["dark"][0].tolist()) == reference.borders(*wanted)


def test_lines_are_classified_in_one_pass() -> None:
    """No array of the size of a profile is made: eight in turn took most of the time that bars cost."""
    profile = np.ascontiguousarray(np.tile(profile_of(3), (5, 1)))
    classify_lines(profile)
    tracemalloc.start()
    try:
        lines = classify_lines(profile)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_bytes < profile.nbytes // 8
    assert lines.tolist() == reference.classify_lines(profile)


def device_borders(ops: CudaOps, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What the kernel finds in the second of two profiles."""
    runtime, lines = ops._runtime, [np.stack([np.zeros_like(p), p]) for p in (rows, columns)]
    out = runtime.empty((2 * 2 * _AXIS.itemsize,), np.uint8)
    of = [runtime.upload(profiles) for profiles in lines]
    arguments = [of[0], len(rows), of[1], len(columns), out]
    runtime.launch("line_borders", (2, 2, 1), (32 * SEGMENTS, 1, 1), arguments)
    found = runtime.download(out).view(_AXIS).reshape(2, 2)
    return _displayed_borders(found[1:], np.array([3]), 0)


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
    profile = np.full((360, SEGMENTS), 90, np.float32)
    assert top_edge(profile) == 0
    profile[:30] = 0
    assert top_edge(profile) == 30
    profile[27:30] = 16
    assert top_edge(profile) == 30
    profile[26] = 16
    assert top_edge(profile) is None
    assert top_edge(profile[::-1]) == 0
    profile[:130] = 0
    assert top_edge(profile) is None


def top_edge(profile: np.ndarray) -> int | None:
    found = borders_of(profile, profile, 0)[0]
    return border_edge(int(found["bright"][0]), int(found["dark"][0]), len(profile))


def test_a_frame_that_shows_nothing_speaks_against_no_bar() -> None:
    area = ActiveArea(top=30, bottom=30)
    black, lit = Scene(1, level=0).borders(), Scene(2, area).borders()
    assert black is not None and lit is not None
    assert (black.lit, lit.lit) == (False, True)
    both = [min(pair) for pair in zip(black.dark, lit.dark, strict=True)]
    assert both == list(lit.dark)


def test_bars_that_a_decoder_added_are_never_picture_and_say_nothing_of_the_film() -> None:
    added, own = (30, 30, 0, 0), ActiveArea(top=48, bottom=48)
    film = BarsEvidence(SHOWN)
    whole = [Scene(seed).borders() for seed in range(2)]
    # Most shots were fitted, two of them show bars of their own inside.
    fitted = [Scene(seed, ActiveArea(top=30, bottom=30)).borders() for seed in range(2, 8)]
    fitted += [Scene(seed, own).borders() for seed in range(8, 10)]
    dark = Scene(11, ActiveArea(top=30, bottom=30), level=2.0).borders()
    fitted = [replace(shot, added=added) for shot in (*fitted, dark) if shot is not None]
    for shot in (*whole, *fitted):
        film.add(shot)
    assert film.active_area() == film.common_area() == ActiveArea()
    assert [film.area_of(shot, ActiveArea()) for shot in whole] == [ActiveArea()] * 2
    found = [film.area_of(shot, ActiveArea()) for shot in fitted]
    assert found[:6] == [ActiveArea(top=30, bottom=30)] * 6
    assert found[6:8] == [own] * 2
    assert min(found[8].top, found[8].bottom) >= 30
    # Without what the decoder says, the dark shot would be taken for one that fills the picture.
    assert dark is not None and film.area_of(dark, ActiveArea()) == ActiveArea()
    film.add(ShotBorders(0, (1 << 30,) * 4, (1 << 30,) * 4, False, (0, 0, 70, 70)))
    assert film.area_of(film.shots[-1], ActiveArea()) == ActiveArea(left=70, right=70)
