"""Shots of small synthetic films: every kind of boundary is found, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shots import DetectedShots, measure_episode, pooled_scores, score_shots
from kernels.stats import ROW
from kernels.surface import Array
from stream.records import Shot
from stream.settings.sections import ShotSettings
from stream.shots.cut_model import MODEL
from stream.shots.splitter import ShotSplitter

from .made_films import BLACK, FPS, HEIGHT, WIDTH, Film, fade, mix, pan, rows_of, scene, still


def split(rows: np.ndarray, batch: int = 8, settings: ShotSettings | None = None) -> list[Shot]:
    splitter = ShotSplitter(settings or ShotSettings(), FPS)
    shots = [shot for i in range(0, len(rows), batch) for shot in splitter.add(rows[i : i + batch])]
    return shots + splitter.finish(float(rows["pts_s"][-1]) + 1 / FPS)


def starts(film: Film) -> list[int]:
    shots = split(rows_of(film))
    assert all(a.end_row == b.first_row and a.end_s == b.start_s for a, b in pairwise(shots))
    assert all(s.first_row <= s.clean_first_row <= s.clean_end_row <= s.end_row for s in shots)
    assert [s.index for s in shots] == list(range(len(shots)))
    assert (shots[0].first_row, shots[-1].end_row) == (0, len(film))
    return [s.first_row for s in shots[1:]]


def test_cuts_are_found_on_their_row() -> None:
    assert starts(still(1, 40) + pan(2, 40) + still(3, 7) + still(4, 60)) == [40, 80, 87]


def test_a_cut_between_dim_flat_pictures_counts() -> None:
    film = [0.12 * p + 8 for p in still(1, 40) + still(2, 40)]
    assert starts(film) == [40]


@pytest.mark.parametrize("first", [0, 4, 8])
def test_cuts_within_a_narrow_band_of_an_upright_film_count(first: int) -> None:
    """16:9 within 9:16 fills a third of the height."""
    height, film = round((9 / 16) ** 2 * HEIGHT), Film()
    above = (HEIGHT - height) // 2
    for seed in range(first, first + 4):
        film += [np.pad(0.35 * p[:height] + 90, ((above, HEIGHT - above - height), (0, 0))) for p in pan(seed, 40, 1)]
    assert starts(film) == [40, 80, 120]


def test_a_cut_out_of_fast_motion_counts() -> None:
    assert starts(pan(5, 40, step=9) + still(6, 40)) == [40]


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("light", [255.0, 0.0, 190.0])
def test_a_flash_is_no_cut(frames: int, light: float) -> None:
    film = pan(1, 80, step=1)
    film[40 : 40 + frames] = [0.2 * p + 0.8 * light for p in film[40 : 40 + frames]]
    assert starts(film) == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_light_that_goes_out_is_no_cut_though_the_dark_is_lost(number: int) -> None:
    """A seventh of the picture becomes black."""
    lit = still(number, 40)
    least = float(np.quantile(lit[0], 0.15))
    assert len(split(rows_of([*lit, *(np.clip(p - least, 0, 255) for p in still(number, 40))]))) == 1
    assert len(split(rows_of([*lit, *(np.clip(p - least, 0, 255) for p in still(number + 4, 40))]))) == 2


@pytest.mark.parametrize("seed", [2, 4, 6])
def test_a_cut_in_flickering_light_is_the_only_one(seed: int) -> None:
    film = [0.5 * picture for picture in still(seed, 30) + still(seed + 1, 30)]
    assert starts([picture + 110 * (i % 6 < 3) for i, picture in enumerate(film)]) == [30]


def test_light_that_goes_on_is_no_cut() -> None:
    assert starts([0.5 * p for p in still(1, 40)] + still(1, 40)) == []


@pytest.mark.parametrize("film", [still(1, 90), pan(2, 90, 1), pan(3, 90, 4), pan(4, 90, 12)], ids=str)
def test_one_take_is_one_shot(film: Film) -> None:
    assert starts(film) == []


def test_a_shaking_camera_is_no_cut() -> None:
    wide, random = scene(1, HEIGHT + 16, WIDTH + 16), np.random.default_rng(0)
    at = random.integers(0, 16, (90, 2))
    assert starts([wide[y : y + HEIGHT, x : x + WIDTH] for y, x in at]) == []


def shaken(seed: int, frames: int, reach: int) -> Film:
    """A scene seen by a camera that sways by up to `reach` pixels to either side."""
    wide = scene(seed, HEIGHT + 2 * reach, WIDTH + 2 * reach)
    right, down = (np.rint(reach * (1 + turn)).astype(int) for turn in _turns(frames))
    return [wide[y : y + HEIGHT, x : x + WIDTH] for x, y in zip(right, down, strict=True)]


def _turns(frames: int) -> tuple[np.ndarray, np.ndarray]:
    return np.sin(0.25 * np.arange(frames)), np.cos(0.2 * np.arange(frames))


@pytest.mark.parametrize("seed", [0, 2, 5, 8, 11, 12])
def test_a_swaying_camera_is_no_cut_where_frames_are_left_out_unevenly(seed: int) -> None:
    kept = [frame for frame in range(60) if frame % 6 < 4]
    film = shaken(seed, 60, 24)
    assert len(split(rows_of([film[frame] for frame in kept], np.array(kept) / FPS))) == 1


@pytest.mark.parametrize("seed", [0, 2, 5, 8])
def test_a_still_picture_that_is_shifted_at_once_is_a_cut(seed: int) -> None:
    wide = scene(seed, width=WIDTH + 24)
    assert starts([wide[:, :WIDTH]] * 30 + [wide[:, 24:]] * 30) == [30]


def test_something_large_that_crosses_the_picture_is_no_cut() -> None:
    film = [p.copy() for p in still(1, 60)]
    for i, picture in enumerate(film):
        picture[:, max(0, 6 * i - 90) : max(0, 6 * i - 30)] = 40
    assert starts(film) == []


def test_a_zoom_is_no_dissolve() -> None:
    large = scene(1, HEIGHT * 2, WIDTH * 2)
    film = []
    for i in range(70):
        rows = (np.arange(HEIGHT) - HEIGHT / 2) * (1 + i / 70) + HEIGHT
        columns = (np.arange(WIDTH) - WIDTH / 2) * (1 + i / 70) + WIDTH
        film.append(large[np.ix_(rows.astype(int), columns.astype(int))])
    assert starts(film) == []


@pytest.mark.parametrize("frames", [1, 2, 6, 12, 24, 40])
def test_a_dissolve_is_one_boundary_inside_its_extent(frames: int) -> None:
    film = still(1, 60) + mix(still(1, frames), still(2, frames)) + still(2, 60)
    (start,) = starts(film)
    assert 60 <= start <= 60 + frames
    first, second = split(rows_of(film))
    assert first.clean_end_row <= 62 and second.clean_first_row >= 58 + frames
    assert frames == 1 or second.transition == "dissolve"


def test_a_dissolve_between_slowly_moving_pictures_counts() -> None:
    one, two = pan(7, 76, 1), pan(8, 76, 1)
    (start,) = starts(one[:60] + mix(one[60:], two[:16]) + two[16:])
    assert 60 <= start <= 76


@pytest.mark.parametrize("tone", [0.0, 255.0])
@pytest.mark.parametrize("frames", [5, 12, 30])
def test_out_and_in_again_is_one_fade(frames: int, tone: float) -> None:
    plain = np.full((HEIGHT, WIDTH), tone)
    film = still(1, 60) + fade(1, frames, plain) + [plain] * 6 + fade(2, frames, plain)[::-1] + still(2, 60)
    first, second = split(rows_of(film))
    assert second.transition == "fade"
    assert 60 <= second.first_row <= 60 + frames
    assert first.clean_end_row <= 64 and second.clean_first_row >= 60 + 2 * frames


def test_a_film_may_begin_and_end_in_black() -> None:
    film = [BLACK] * 5 + fade(1, 12)[::-1] + still(1, 60) + fade(1, 12) + [BLACK] * 5
    (shot,) = split(rows_of(film))
    assert shot.transition == "fade"
    assert 12 <= shot.clean_first_row <= 17 and 77 <= shot.clean_end_row <= 82


def test_a_fade_out_may_end_in_a_cut() -> None:
    first, second = split(rows_of(still(1, 60) + fade(1, 12) + [BLACK] * 8 + still(2, 60)))
    assert second.transition == "fade" and 70 <= second.first_row <= 73 and second.clean_first_row == 80
    assert first.clean_end_row <= 62


def test_long_black_between_cuts_is_a_shot_of_its_own() -> None:
    assert starts(still(1, 50) + [BLACK] * 60 + still(2, 50)) == [50, 110]


def test_text_that_fades_over_a_black_card_makes_no_boundary() -> None:
    text = BLACK.copy()
    text[30:34, 20:100:3] = text[40:46, 40:90:4] = 220
    rise = mix([BLACK] * 10, [text] * 10)
    card = [BLACK] * 4 + rise + [text] * 40 + rise[::-1] + [BLACK] * 4
    assert starts(still(1, 50) + card + still(2, 50)) == [50, 50 + len(card)]


def test_rolling_credits_and_captions_make_no_boundary() -> None:
    page, random = np.zeros((400, WIDTH)), np.random.default_rng(3)
    for line in range(0, 400, 8):
        page[line : line + 4, 30:98] = 230 * (random.random((1, 68)) < 0.6)
    captioned = scene(1).copy()
    captioned[60:68, 20:108:2] = 255
    assert starts([page[i : i + HEIGHT] for i in range(0, 300, 2)]) == []
    assert starts([*still(1, 40), *([captioned] * 40), *still(1, 40)]) == []


def test_repeated_frames_and_missing_times_move_no_boundary() -> None:
    film = pan(1, 40) + pan(2, 40)
    doubled = [p for i, p in enumerate(film) for p in [p] * (2 if i % 4 == 0 else 1)]
    assert starts(doubled) == [50]
    times = np.delete(np.arange(94), np.arange(6, 94, 7))[: len(film)] / FPS
    shots = split(rows_of(film, times))
    assert [s.first_row for s in shots] == [0, 40]
    assert shots[1].start_s == times[40] == shots[0].end_s


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize(
    ("middle", "starts_s"),
    [
        (still(3, 9), [0.0, 6.0, 6.36]),
        ([BLACK] * 30, [0.0, 6.0]),
        ([BLACK] * 48, [0.0, 6.0, 7.92]),
    ],
    ids=["a short shot", "a pause in black", "black as a shot of its own"],
)
def test_seconds_stay_seconds_where_frames_are_left_out(middle: Film, starts_s: list[float], every: int) -> None:
    film = still(1, 150) + middle + still(2, 150)
    shots = split(rows_of(film[::every], np.arange(len(film))[::every] / FPS))
    assert [shot.start_s for shot in shots] == pytest.approx(starts_s, abs=every / FPS)


def test_a_dissolve_is_even_in_time_where_frames_are_left_out_unevenly() -> None:
    """Every second frame is left out, but at the end of a dissolve all are kept, and before that most are not."""
    film = still(1, 100) + mix(still(1, 40), still(2, 40)) + still(2, 100)
    kept = np.array([*range(0, 100, 2), *range(100, 130, 6), *range(130, 140), *range(140, 240, 2)])
    shots = split(rows_of([film[i] for i in kept], kept / FPS))
    assert [shot.transition for shot in shots] == ["cut", "dissolve"]
    assert [shots[0].clean_end_row, shots[1].clean_first_row] == pytest.approx([50, 65], abs=1)


def thinned(film: Film, every: int) -> list[Shot]:
    """Shots of a film of which only every so many frames are decoded."""
    return split(rows_of(film[::every], np.arange(len(film))[::every] / FPS))


@pytest.mark.parametrize(("frames", "step"), [(20, 3), (24, 4)])
def test_fast_cuts_are_found_where_three_of_four_frames_are_left_out(frames: int, step: int) -> None:
    film = [picture for seed in range(8) for picture in pan(10 + seed, frames, step)]
    assert [s.start_s for s in thinned(film, 4)] == pytest.approx([s * frames / FPS for s in range(8)])


@pytest.mark.parametrize("every", [3, 4, 5])
@pytest.mark.parametrize("frames", [10, 16, 24])
def test_a_dissolve_between_cuts_is_found_where_frames_are_left_out(frames: int, every: int) -> None:
    film = still(1, 60) + still(2, 30) + mix(still(2, frames), still(3, frames)) + still(3, 30) + still(4, 60)
    shots = thinned(film, every)
    assert [shot.transition for shot in shots] == ["cut", "cut", "dissolve", "cut"]
    assert 90 / FPS <= shots[2].start_s <= (90 + frames) / FPS


@pytest.mark.parametrize("skipped", [0, 1, 2, 3])
def test_a_fade_is_found_where_its_black_frame_is_left_out(skipped: int) -> None:
    film = still(1, 60 + skipped) + fade(1, 13) + [BLACK] + fade(2, 13)[::-1] + still(2, 60)
    shots = thinned(film, 4)
    assert [shot.transition for shot in shots] == ["cut", "fade"]
    assert 60 / FPS <= shots[1].start_s <= (87 + skipped) / FPS


@pytest.mark.parametrize("every", [3, 4])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_light_that_dips_is_no_fade(share: float, every: int) -> None:
    dip = [(share + (1 - share) * abs(i - 4) / 4) * scene(1) for i in range(9)]
    assert len(thinned(still(1, 60) + dip + still(1, 60), every)) == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_light_that_goes_down_and_up_slowly_is_no_dissolve(seed: int, share: float) -> None:
    down = np.linspace(1.0, share, 16)
    light = np.concatenate([np.ones(40), down, np.full(6, share), down[::-1], np.ones(40)])
    assert starts([level * scene(seed) for level in light]) == []


class Indifferent:
    """A second opinion that counts how often it is asked."""

    lookahead_rows = 36

    def __init__(self) -> None:
        self.questions = 0

    def add(self, pictures: Array) -> None:
        pass

    def finish(self) -> None:
        pass

    def drop_before(self, row: int) -> None:
        pass

    def cut(self, row: int) -> float:
        self.questions += 1
        return 0.5

    def boundary(self, first: int, last: int) -> float:
        self.questions += 1
        return 0.5

    def transition(self, first: int, last: int) -> float:
        self.questions += 1
        return 0.5


@pytest.mark.parametrize(("rate", "is_asked"), [(24.0, True), (12.0, True), (8.0, False)])
def test_the_second_opinion_is_asked_unless_rows_come_seldom(rate: float, is_asked: bool) -> None:
    film, opinion = still(1, 40) + still(2, 40), Indifferent()
    splitter = ShotSplitter(ShotSettings(), 24.0, opinion, replace(MODEL, doubt=(-100.0, 100.0)))
    splitter.add(rows_of(film, np.arange(len(film)) / rate))
    splitter.finish(len(film) / rate)
    assert (opinion.questions > 0) == is_asked


def test_batch_sizes_change_nothing() -> None:
    film = still(1, 50) + pan(2, 50) + still(3, 30) + mix(still(3, 12), still(4, 12)) + still(4, 40)
    rows = rows_of(film + fade(4, 10) + [BLACK] * 4 + fade(5, 10)[::-1] + still(5, 64))
    expected = split(rows, batch=len(rows))
    assert len(expected) == 5
    assert all(split(rows, batch) == expected for batch in (1, 7, 32, 100))
    few = np.concatenate([rows[:60], rows[60:120:2], rows[120:]])
    assert all(split(few, batch) == split(few, batch=len(few)) for batch in (1, 7, 32, 100))


def test_memory_is_bounded_and_shots_come_early() -> None:
    rows = rows_of(still(1, 51) + still(2, 49) + still(1, 1))[1:]
    splitter, waits, seen, most = ShotSplitter(ShotSettings(), FPS), [], 0, 0
    for lap in range(20):
        for first in range(0, 100, 10):
            part = rows[first : first + 10].copy()
            part["pts_s"] += lap * 4
            seen += len(part)
            waits += [seen - shot.end_row for shot in splitter.add(part)]
            most = max(most, splitter.window_rows)
    assert len(waits) > 35
    assert max(waits) <= splitter.lookahead_rows + 74  # two blocks and a batch
    assert most <= splitter.lookahead_rows + 192
    assert splitter.lookahead_rows <= 4 * FPS


@pytest.mark.parametrize("film", [[BLACK], [scene(1)], [BLACK] * 64, [np.full_like(BLACK, 255.0)] * 100], ids=len)
def test_one_frame_or_nothing_but_black_is_one_shot(film: Film) -> None:
    (shot,) = split(rows_of(film))
    assert (shot.first_row, shot.end_row) == (0, len(film))
    assert (shot.start_s, shot.start_frame, shot.end_frame) == (0.0, 0, len(film))
    assert shot.end_s == pytest.approx(len(film) / FPS)


def test_no_rows_are_no_shots_and_unknown_frames_stay_unknown() -> None:
    assert ShotSplitter(ShotSettings(), None).finish(0.0) == []
    rows = rows_of(still(1, 40) + still(2, 40))
    rows["frame"] = -1
    assert [(s.start_frame, s.end_frame) for s in split(rows)] == [(None, None)] * 2
    assert rows.dtype == ROW


def test_the_benchmark_counts_what_a_person_would() -> None:
    truth = {
        "shots": [
            {"start_frame": 0},
            {"start_frame": 50},
            {"start_frame": 100, "dissolve_frames": [94, 106]},
            {"start_frame": 150, "fade_frames": {"out_from": 140, "black": [150, 153], "in_until": 165}},
        ]
    }
    scores = score_shots(DetectedShots([51, 95, 140, 170], np.arange(200)), truth)
    assert (scores.found, scores.missed, scores.invented) == (3, (), (170,))
    assert score_shots(DetectedShots([48, 95], np.arange(200)), truth).missed == (50, 150)
    every_third = score_shots(DetectedShots([51, 96, 165], np.arange(0, 200, 3)), truth)
    assert every_third.f1 == 1
    assert pooled_scores([scores, every_third]).precision == pytest.approx(6 / 7)


@pytest.mark.slow
@pytest.mark.testdata
def test_the_smallest_real_episode(testdata: Path) -> None:
    assert measure_episode(testdata / "episodes" / "E01").f1 >= 0.95
