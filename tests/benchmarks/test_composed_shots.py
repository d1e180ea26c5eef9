"""Camera moves composed of excerpts: what they look like, and what the splitter makes of each kind."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import composed_shots
from benchmarks.composed_pictures import Clip, eased, pan_inside, whip_pan, zoom_inside, zoom_transition
from benchmarks.composed_shots import KINDS, compositions, excerpts_of, judged, made_excerpts
from benchmarks.composed_wipes import ORDERS, Order, slide, wiped
from stream.settings.sections import ShotSettings

EXCERPTS = made_excerpts(6, seed=1)
OTHERS = made_excerpts(6, seed=3)
"""Any two of them that follow one another have other tones: without that no wipe is looked for."""
STILLS = [excerpt.frames for excerpt in EXCERPTS[:2]]


def figures(kind: str) -> tuple[int, int]:
    """Found and invented boundaries of six generated clips of a kind."""
    row = judged(compositions(kind, EXCERPTS, 1), ShotSettings(), lambda: None)
    assert row["clips"] == len(EXCERPTS)
    return row["found"], row["invented"]


@pytest.mark.parametrize("kind", ["pan inside", "pan over a still", "zoom inside", "zoom into a still", "as it is"])
def test_nothing_is_invented_in_a_move_inside_one_scene(kind: str) -> None:
    assert figures(kind) == (0, 0)


@pytest.mark.parametrize("kind", ["zoom transition", "dissolve", "dissolve of stills"])
def test_transitions_to_another_scene_are_boundaries(kind: str) -> None:
    assert figures(kind) == (6, 0)


@pytest.mark.parametrize("leftwards", [False, True])
@pytest.mark.parametrize("far", [False, True])
def test_a_whip_pan_leads_from_one_scene_to_the_other_through_blur(leftwards: bool, far: bool) -> None:
    a, b = STILLS
    clip = whip_pan(a, b, 8, leftwards, far)
    assert len(clip) == 88 and all(frame.shape == a[0].shape for frame in clip)
    assert np.array_equal(clip[39], a[39]) and np.array_equal(clip[48], b[8])
    across = [np.abs(np.diff(frame.astype(float), axis=1)).mean() for frame in clip]
    assert max(across[42:46]) < 0.5 * min(across[0], across[-1])


def test_a_zoom_transition_cuts_half_way() -> None:
    a, b = STILLS
    clip = zoom_transition(a, b, 8)
    assert len(clip) == 88 and np.array_equal(clip[39], a[39])
    steps = [np.abs(x.astype(float) - y).mean() for x, y in pairwise(clip[40:48])]
    assert int(np.argmax(steps)) == 3  # between the fourth and the fifth frame of the zoom


def test_moves_inside_a_scene_begin_and_end_still() -> None:
    for clip in (pan_inside(STILLS[0], 8, 0.3), zoom_inside(STILLS[0], 8, 2.0)):
        assert len(clip) == 48
        assert np.array_equal(clip[0], clip[19]) and np.array_equal(clip[30], clip[47])
        assert not np.array_equal(clip[19], clip[24]) and not np.array_equal(clip[24], clip[30])


def test_a_move_is_slow_fast_slow() -> None:
    shares = eased(6)
    assert shares == pytest.approx(1 - shares[::-1])
    assert shares[0] < shares[3] - shares[2]


def test_what_is_found_beside_a_transition_is_invented() -> None:
    frames = [EXCERPTS[0].frames[0]] * 30 + [EXCERPTS[1].frames[0]] * 30
    for extent, expected in (((29, 31), (1, 0)), ((10, 20), (0, 1)), (None, (0, 1))):
        row = judged(iter([Clip("a cut", frames, extent)]), ShotSettings(), lambda: None)
        assert (row["found"], row["invented"]) == expected
        assert row["as"] == ({"cut": 1} if expected == (1, 0) else {})
        assert bool(row["faults"]) == (expected != (1, 0))


def test_the_command_says_figures_of_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    composed_shots.main(["--excerpts", "1", "--alone"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 excerpts of 1 films"
    assert [line[:20].strip() for line in lines[1:]] == list(KINDS)
    assert all(" of 1: found " in line for line in lines[1:])


@pytest.mark.testdata
def test_excerpts_lie_inside_one_shot(testdata: Path) -> None:
    film = next((testdata / "real" / "sintel_ruins").glob("sintel_ruins.*"))
    truth = {"shots": [{"start_s": 0.0}, {"start_s": 1.0}, {"start_s": 8.0}]}
    for seed in range(2):
        (first, *_) = excerpts_of("ruins", film, truth, 1, np.random.default_rng(seed))
        assert first.frames.shape == (48, 270, 480, 3) and first.frames.dtype == np.uint8
    few = {"shots": [{"start_s": s} for s in np.arange(0, 400, 3.0)]}
    assert excerpts_of("ruins", film, few, 3, np.random.default_rng(0)) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("wipe")])
def test_wipes_are_boundaries_of_their_own_kind(kind: str) -> None:
    row = judged(compositions(kind, OTHERS, 1), ShotSettings(), lambda: None)
    assert (row["found"], row["invented"]) == (6, 0) and row["as"] == {"wipe": 6}, row["faults"]


def test_slides_are_wipes_where_the_edges_that_meet_do_not_fit_by_chance() -> None:
    row = judged(compositions("slide", OTHERS, 1), ShotSettings(), lambda: None)
    assert row["invented"] == 0 and row["as"] == {"wipe": row["found"]} and row["found"] >= 4, row["faults"]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_a_wipe_shows_more_and_more_of_the_other_scene(order: Order, soft: bool) -> None:
    a, b = (np.full((48, 36, 64, 3), value, np.uint8) for value in (0, 200))
    for number in range(8):
        clip = wiped(a, b, 12, order, number, soft)
        shown = [float(frame.mean()) / 200 for frame in clip]
        assert len(clip) == 84 and shown[35] == 0 and shown[48] == 1
        assert shown == sorted(shown) and 0.02 < shown[41] < 0.98
        between = np.mean([(frame > 0) & (frame < 200) for frame in clip[36:48]])
        assert (between > 0.05) == soft


def test_a_slide_pushes_one_scene_away_with_the_other() -> None:
    a, b = STILLS
    for number, axis in ((0, 1), (1, 1), (2, 0), (3, 0)):
        clip = slide(a, b, 9, number)
        strip = np.concatenate([a[0], b[0]] if number % 2 == 0 else [b[0], a[0]], axis=axis)
        half = strip.shape[axis] // 4
        assert np.array_equal(clip[43], np.take(strip, np.arange(half, half + strip.shape[axis] // 2), axis=axis))
