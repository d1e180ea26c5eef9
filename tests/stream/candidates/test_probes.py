"""Probes: the best picture of every cell, within loose limits, however long the shot is."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.probes import PendingPictures, probe_rejection, reading_rounds, value_of, values_of
from stream.records import FrameBatch, Picture, Shot
from stream.settings.sections import ProbeSettings

FPS = 25.0
PLANE = np.zeros((2, 2), np.uint8)
SURFACE = Surface(PLANE, None, None, 8, Colour(), Geometry(2, 2))


def rows_of(count: int, first: int = 0, **values: float) -> np.ndarray:
    rows = np.zeros(count, ROW)
    rows["pts_s"] = (first + np.arange(count)) / FPS
    rows["frame"] = first + np.arange(count)
    rows["luma_mean"], rows["luma_std"], rows["laplacian_var"] = 120, 40, 100
    for name, value in values.items():
        rows[name] = value
    return rows


def batch_of(rows: np.ndarray, damaged: np.ndarray | None = None) -> FrameBatch:
    harm = np.zeros(len(rows), bool) if damaged is None else damaged
    return FrameBatch([SURFACE] * len(rows), rows["pts_s"], rows["frame"], harm)


def shot_of(first: int, end: int, clean: tuple[int, int] | None = None) -> Shot:
    clean_first, clean_end = clean or (first, end)
    return Shot(0, first, end, clean_first, clean_end, first / FPS, end / FPS, first, end, "cut")


def pending_with(rows: np.ndarray, damaged: np.ndarray | None = None, **settings: float) -> PendingPictures:
    pending = PendingPictures(ProbeSettings(**settings), FPS)  # type: ignore[arg-type]
    pending.add(batch_of(rows, damaged), rows, {})
    return pending


def pending_with_small(rows: np.ndarray, every: int = 2, damaged: np.ndarray | None = None) -> PendingPictures:
    """Pending pictures fed in batches of ten, with a small copy of every `every`th picture; 0.32 s count as beside."""
    pending = PendingPictures(ProbeSettings(), FPS, 0.32)
    harm = np.zeros(len(rows), bool) if damaged is None else damaged
    for first in range(0, len(rows), 10):
        part = slice(first, first + 10)
        small = {place: SURFACE for place in range(0, len(rows[part]), every)}
        pending.add(batch_of(rows[part], harm[part]), rows[part], small)
    return pending


def test_probes_are_spread_over_the_shot():
    taken = pending_with(rows_of(250)).take(shot_of(0, 250))
    times = [p.pts_s for p in taken.parts[0]]
    assert len(times) == 8
    assert np.diff(times).min() > 0.6


def test_the_sharpest_picture_of_a_moment_wins():
    rows = rows_of(100)
    rows["laplacian_var"][53] = 180
    assert 53 in {p.row_index for p in pending_with(rows).take(shot_of(0, 100)).parts[0]}


def test_frames_that_a_dissolve_mixes_are_left_out():
    taken = pending_with(rows_of(100)).take(shot_of(0, 100, clean=(30, 80)))
    assert {p.row_index for p in taken.parts[0]} <= set(range(30, 80))


def test_probes_keep_away_from_the_cuts_unless_the_shot_is_all_there_is():
    times = [p.pts_s for p in pending_with(rows_of(100)).take(shot_of(0, 100)).parts[0]]
    assert min(times) >= 0.32 and max(times) < 4.0 - 0.32
    assert pending_with(rows_of(1)).take(shot_of(0, 1)).parts


def test_damaged_pictures_are_never_probes():
    damaged = np.zeros(100, bool)
    damaged[:60] = True
    taken = pending_with(rows_of(100), damaged).take(shot_of(0, 100))
    assert min(p.row_index for p in taken.parts[0]) >= 60


def test_pictures_of_the_next_shot_wait_for_it():
    pending = pending_with(rows_of(200))
    first = pending.take(shot_of(0, 100))
    second = pending.take(shot_of(100, 200))
    assert max(p.row_index for p in first.parts[0]) < 100 <= min(p.row_index for p in second.parts[0])
    assert len(pending) == 0


def test_a_long_shot_is_bounded_and_divided():
    pending = PendingPictures(ProbeSettings(), FPS, 0.32)
    for first in range(0, 3000, 50):
        rows = rows_of(50, first)
        pending.add(batch_of(rows), rows, {place: SURFACE for place in range(0, 50, 2)})
        assert len(pending) <= 32
        assert pending.beside <= 32 * 9 + 25
    taken = pending.take(shot_of(0, 3000))
    assert len(taken.parts) == 4
    assert all(6 <= len(part) <= 8 for part in taken.parts)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"luma_mean": 250}, "bright"),
        ({"luma_std": 2}, "flat"),
        ({"laplacian_var": 1}, "blurred"),
    ],
)
def test_what_no_shot_may_offer_is_counted_and_the_best_of_it_kept_in_reserve(values, reason):
    taken = pending_with(rows_of(100, **values)).take(shot_of(0, 100))
    assert taken.parts == []
    assert set(taken.rejected) == {reason} and taken.rejected[reason] > 3
    assert taken.reserve is not None and taken.reserve[1] == reason


def test_dark_pictures_are_not_even_kept_in_reserve():
    taken = pending_with(rows_of(100, luma_mean=5)).take(shot_of(0, 100))
    assert set(taken.rejected) == {"dark"} and taken.rejected["dark"] > 3
    assert (taken.parts, taken.reserve) == ([], None)
    rows = rows_of(100, luma_mean=5)
    rows["luma_mean"][40:80] = 250
    mixed = pending_with(rows).take(shot_of(0, 100))
    assert mixed.reserve is not None and mixed.reserve[1] == "bright"


def test_light_is_measured_inside_the_bars():
    """Three quarters of the picture lie inside, where the mean is 20."""
    assert set(pending_with(rows_of(100, luma_mean=15)).take(shot_of(0, 100)).rejected) == {"dark"}
    taken = pending_with(rows_of(100, luma_mean=15)).take(shot_of(0, 100), share=0.75)
    assert taken.parts and not taken.rejected
    assert {float(picture.row["luma_mean"]) for picture in taken.parts[0]} == {15.0}


def test_bars_make_no_picture_less_still():
    """Of two pictures in bars the sharper one loses when it moves as much more as the whole picture's numbers hide."""
    rows = rows_of(2, change=0.0)
    rows["laplacian_var"], rows["change"] = [1200, 1000], [4.0, 0.0]
    sharper, stiller = values_of(rows)
    assert stiller > sharper
    rows["change"][0] = 3.5
    assert np.diff(values_of(rows))[0] < 0 < np.diff(values_of(rows, 0.5))[0]
    for share in (1.0, 0.5):
        assert [value_of(row, share) for row in rows] == values_of(rows, share).tolist()


def test_blur_is_relative_to_the_shot_and_motion_blur_counts():
    limits = ProbeSettings()
    soft, smeared = rows_of(1, laplacian_var=20)[0], rows_of(1, laplacian_var=90, blur_anisotropy=1.0)[0]
    assert probe_rejection(soft, limits, usual=100) == "blurred"
    assert probe_rejection(soft, limits, usual=30) is None
    assert probe_rejection(smeared, limits, usual=100) == "blurred"


def test_moments_grow_with_their_age_to_what_a_probe_stands_for():
    fresh, old = pending_with(rows_of(25)), pending_with(rows_of(500))
    assert len(fresh) == 4
    assert len(old) <= 500 / (0.8 * FPS) * 1.5 + 4


def test_seconds_stay_seconds_where_frames_are_left_out():
    """Every second frame: moments of a quarter of a second, and .32 s behind a break is far enough."""
    assert len(pending_with(rows_of(24)[::2])) == len(pending_with(rows_of(24))) == 4
    rows = rows_of(200)[::2]
    rows["change"][40], rows["laplacian_var"][45] = 60, 180
    second = Shot(1, 40, 100, 40, 100, 80 / FPS, 200 / FPS, 80, 200, "cut")
    assert 45 in {p.row_index for p in pending_with(rows).take(second).parts[0]}


def test_a_break_is_never_inside_a_moment_and_what_lies_close_behind_it_comes_last():
    rows = rows_of(100)
    rows["change"][40] = 60
    rows["laplacian_var"][42] = 150
    pending = pending_with(rows)
    first, second = pending.take(shot_of(0, 40)), pending.take(shot_of(40, 100))
    assert max(p.row_index for p in first.parts[0]) < 40
    assert 42 not in {p.row_index for p in second.parts[0]}


def test_probes_know_what_lies_beside_them_in_their_own_shot():
    rows = rows_of(200)
    rows["change"][100] = 60
    pending = pending_with_small(rows)
    for picture in pending.take(shot_of(0, 100)).parts[0]:
        times = [pts_s for pts_s, _ in picture.beside]
        assert times == sorted(times) and len(times) >= 5
        assert all(abs(pts_s - picture.pts_s) <= 0.32 + 1e-6 and pts_s < 4.0 for pts_s in times)
    assert pending.take(shot_of(100, 200)).parts[0][0].beside[0][0] >= 4.0


def test_nothing_small_is_held_that_no_picture_in_the_race_needs():
    pending = pending_with_small(rows_of(100))
    pending.take(shot_of(0, 100))
    pending.add(batch_of(rows_of(1, 125)), rows_of(1, 125), {0: SURFACE})
    assert pending.beside == 1
    assert pending_with_small(rows_of(60), damaged=np.ones(60, bool)).beside == 0


@pytest.mark.parametrize(
    ("count", "order"),
    [
        (1, [[0]]),
        (2, [[0, 1]]),
        (3, [[0, 2], [1]]),
        (5, [[0, 3], [1, 4], [2]]),
        (8, [[0, 3, 6], [1, 4, 7], [2, 5]]),
    ],
)
def test_every_turn_is_spread_over_the_whole_part(count, order):
    pictures = [Picture(row, i, SURFACE) for i, row in enumerate(rows_of(count))]
    assert [[p.row_index for p in turn] for turn in reading_rounds(pictures)] == order


def test_a_batchs_values_are_those_of_its_rows_to_the_last_bit() -> None:
    random = np.random.default_rng(7)
    rows = np.zeros(500, ROW)
    rows["laplacian_var"], rows["blur_anisotropy"] = random.gamma(1, 200, 500), random.uniform(0, 1, 500)
    rows["change"] = random.gamma(1, 4, 500)
    assert values_of(rows).tolist() == [value_of(row) for row in rows]


def test_a_scene_in_which_every_frame_changes_much_drives_no_earlier_pictures_out():
    """Twelve calm seconds, then three in which each frame could be a cut."""
    calm = int(12 * FPS)
    rows = rows_of(int(15 * FPS))
    rows["change"][calm:] = 20
    kept = pending_with(rows).take(Shot(0, 0, calm, 0, calm, 0.0, 12.0, 0, calm, "cut"))
    assert sum(len(part) for part in kept.parts) == 8
