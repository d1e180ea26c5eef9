"""Whip pans are boundaries inside their blur; fast pans inside one scene, dissolves and cuts are none."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from benchmarks.composed_pictures import Frames, dissolve, pan_inside, push, whip_pan, zoom_inside, zoom_transition
from benchmarks.composed_shots import made_excerpts
from stream.records import Shot
from stream.settings.sections import ShotSettings
from stream.shots.splitter import ShotSplitter
from stream.shots.whip_pans import find_whip_pans, strongest_whip_pans
from stream.shots.window import RowWindow

from .made_films import FPS, HEIGHT, WIDTH, rows_of
from .made_opinions import Said

FRAMES = 48


def excerpt(seed: int) -> np.ndarray:
    """(48, H, W, 3) uint8: a still of blobs and edges of several sizes, another for every seed."""
    (made,) = made_excerpts(1, seed)
    return np.stack([cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for frame in made.frames])


def rows(clip: Frames) -> np.ndarray:
    return rows_of([frame[..., 0].astype(float) for frame in clip])


def split(clip: Frames, opinion: Said | None = None) -> list[Shot]:
    splitter = ShotSplitter(ShotSettings(), FPS, opinion)
    return [*splitter.add(rows(clip)), *splitter.finish(len(clip) / FPS)]


def whip_pans(clip: Frames) -> list[tuple[int, int]]:
    window = RowWindow(ShotSettings())
    window.append(rows(clip))
    found = find_whip_pans(window, 0, len(clip), FPS, 40, ShotSettings())
    return [(w.first, w.last) for w in strongest_whip_pans(found, 0, len(clip)) if not w.asked]


@pytest.mark.parametrize(
    ("seed", "frames", "leftwards", "far"),
    [(1, 9, True, True), (4, 7, True, False), (19, 7, False, False), (20, 9, False, True)],
)
def test_a_whip_pan_without_a_cut_is_one_boundary_and_its_blur_is_in_neither_shot(
    seed: int, frames: int, leftwards: bool, far: bool
) -> None:
    clip = whip_pan(excerpt(seed), excerpt((seed + 5) % 24), frames, leftwards, far)
    before, after = split(clip)
    begin = FRAMES - frames
    assert begin <= after.first_row <= FRAMES
    assert begin - 4 <= before.clean_end_row <= begin + 2
    assert FRAMES - 2 <= after.clean_first_row <= FRAMES + 4
    assert after.transition == "cut" and 0.5 < after.confidence <= 1.0


def test_the_best_of_those_that_overlap_counts() -> None:
    clip = whip_pan(excerpt(1), excerpt(6), 9, True, True)
    ((first, last),) = whip_pans(clip)
    assert FRAMES - 9 - 4 <= first < last <= FRAMES + 4


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_fast_pan_inside_a_scene_is_none(seed: int, share: float) -> None:
    clip = pan_inside(excerpt(seed), 8, share)
    assert whip_pans(clip) == []
    assert len(split(clip)) == 1


@pytest.mark.parametrize("frames", [6, 9])
@pytest.mark.parametrize("direction", [0, 1, 2, 3])
def test_a_scene_that_pushes_another_away_is_one_boundary_however_blurred(direction: int, frames: int) -> None:
    clip = push(excerpt(3 + direction), excerpt(12 + direction), frames, direction)
    _, after = split(clip)
    assert FRAMES - frames <= after.first_row <= FRAMES and after.transition in ("cut", "wipe")


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_a_pan_by_nearly_a_whole_picture_is_none(seed: int) -> None:
    assert len(split(pan_inside(excerpt(seed), 8, 0.9))) == 1


@pytest.mark.parametrize(("share", "frames", "seed"), [(0.8, 6, 4), (0.8, 6, 7), (0.9, 6, 6), (0.9, 8, 5)])
def test_a_pan_by_most_of_the_picture_is_no_cut_where_every_other_frame_is_left(
    share: float, frames: int, seed: int
) -> None:
    clip = pan_inside(excerpt(seed), frames, share)
    kept = np.arange(0, len(clip), 2)
    few = rows_of([clip[frame][..., 0].astype(float) for frame in kept], kept / FPS)
    splitter = ShotSplitter(ShotSettings(), FPS)
    assert len([*splitter.add(few), *splitter.finish(len(clip) / FPS)]) == 1


@pytest.mark.parametrize("seed", [2, 4, 6])
def test_of_a_zoom_through_a_cut_that_hides_it_a_second_opinion_tells(seed: int) -> None:
    clip = zoom_transition(excerpt(seed), excerpt(seed + 7), 8)
    smooth = [*clip[:43], *[(a.astype(int) + b) // 2 for a, b in pairwise(clip[42:47])], *clip[47:]]
    assert len(split(smooth)) == 1
    denied, confirmed = Said(0.0, 0.0, 0.4), Said(0.0, 0.0, 0.6)
    assert len(split(smooth, denied)) == 1 and any(kind == "boundary" for kind, _ in denied.questions)
    _, after = split(smooth, confirmed)
    assert 38 <= after.first_row <= 50 and after.confidence == pytest.approx(0.6)


def test_nobody_is_asked_about_a_zoom_that_keeps_its_scene() -> None:
    opinion = Said(0.0, 0.0, 1.0)
    assert len(split(zoom_inside(excerpt(1), 8, 2.2), opinion)) == 1
    assert not any(kind == "boundary" for kind, _ in opinion.questions)


def test_a_swing_that_comes_back_is_none() -> None:
    clip = whip_pan(excerpt(1), excerpt(6), 9, True, True)[:44]
    assert whip_pans([*clip, *clip[::-1]]) == []


def test_dissolves_cuts_and_blank_pictures_are_none() -> None:
    a, b = excerpt(1), excerpt(11)
    assert whip_pans(dissolve(a, b, 12)) == []
    assert whip_pans([*a, *b]) == []
    assert whip_pans([*a, *[np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * 8, *b]) == []
    assert whip_pans([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * FRAMES) == []


def test_where_rows_are_few_nothing_is_read_beyond_them() -> None:
    clip = whip_pan(excerpt(1), excerpt(6), 9, True, True)
    for low, high in ((0, 44), (44, 88), (38, 50), (42, 45), (42, 43)):
        assert all(0 <= first < last < high - low for first, last in whip_pans(clip[low:high]))
