"""What the eight pieces of evidence are at cuts, in motion, at flashes, and beside bars and black."""

from __future__ import annotations

import numpy as np
import pytest

from stream.settings.sections import ShotSettings
from stream.shots.cut_evidence import EVIDENCE, evidence_at
from stream.shots.spans import USUAL_ROWS
from stream.shots.window import RowWindow

from .made_films import FPS, HEIGHT, WIDTH, Film, pan, rows_of, scene, still

FLASH_ROWS = round(ShotSettings().longest_flash_s * FPS)
CUT = still(1, 20) + still(2, 20)


def window_of(rows: np.ndarray) -> RowWindow:
    window = RowWindow(ShotSettings())
    window.append(rows)
    return window


def evidence(film: Film, row: int = 20, tones: tuple[float, float] | None = None) -> dict[str, float]:
    """The pieces by name. tones: of the row and around it; without, as measured, with nothing around it."""
    window = window_of(rows_of(film))
    own = (float(window.tone_change(row, row + 1)[0]), 0.0)
    found = evidence_at(window, row, FLASH_ROWS, tones or own, ShotSettings())
    assert found.shape == (8,) and found.dtype == np.float64 and np.isfinite(found).all()
    return dict(zip(EVIDENCE, found.tolist(), strict=True))


def barred(film: Film, rows: int) -> Film:
    """With black bars of so many rows at the top and at the bottom."""
    masked = []
    for picture in film:
        copy = picture.copy()
        copy[:rows] = copy[HEIGHT - rows :] = 0
        masked.append(copy)
    return masked


def test_a_cut_between_stills_speaks_for_itself() -> None:
    at = evidence(CUT)
    assert abs(at["likeness"]) < 0.5
    assert at["separation"] == pytest.approx(1.0, abs=0.01)
    assert at["cells"] > 0.8
    assert at["structure"] > 2
    assert at["tones"] > 0


@pytest.mark.parametrize("step", [2, 12])
def test_motion_speaks_less_for_a_cut_in_all_pieces_but_its_own(step: int) -> None:
    cut, motion = evidence(CUT), evidence(pan(1, 40, step))
    assert motion["likeness"] > cut["likeness"]
    assert motion["cells"] < cut["cells"]
    assert motion["departure"] < cut["departure"]
    assert motion["structure"] < 0 < cut["structure"]
    assert motion["tones"] < cut["tones"]
    assert motion["likeness_drop"] < 0 < cut["likeness_drop"]
    assert motion["distance_rise"] < 0 < cut["distance_rise"]


@pytest.mark.parametrize("frames", [1, FLASH_ROWS])
def test_after_a_flash_the_picture_comes_back_and_is_not_separate(frames: int) -> None:
    film = still(1, 40)
    film[20 : 20 + frames] = still(2, frames)
    assert evidence(film)["separation"] == pytest.approx(0.0)
    assert evidence(film, 20 + frames)["separation"] == pytest.approx(0.0)
    longer = still(1, 60)
    longer[20 : 20 + 2 * FLASH_ROWS + 2] = still(2, 2 * FLASH_ROWS + 2)
    assert evidence(longer)["separation"] == pytest.approx(1.0, abs=0.01)


def test_a_cut_inside_motion_has_the_structure_of_a_cut() -> None:
    at = evidence(pan(1, 20, step=3) + pan(2, 20, step=3))
    assert at["structure"] > 0.3 and at["likeness"] < 0.5


def test_black_bars_neither_make_pictures_alike_nor_hide_a_change() -> None:
    """The measures of the whole picture would see half of the change, and a correlation of bars."""
    whole, bars = evidence(barred(CUT, 0)), evidence(barred(CUT, 24))
    assert bars["likeness"] < 0.6
    assert bars["cells"] == pytest.approx(whole["cells"], abs=0.2)
    assert bars["departure"] == pytest.approx(whole["departure"], abs=0.5)


def test_pictures_that_are_black_but_for_a_spot_count_as_alike() -> None:
    dark, spot = np.zeros_like(scene(1)), np.zeros_like(scene(1))
    spot[30:34, 60:66] = 200
    at = evidence([dark] * 20 + [spot] * 20)
    assert (at["likeness"], at["structure"]) == pytest.approx((1.0, 0.0))


def test_a_dim_cut_counts_like_a_bright_one() -> None:
    """Floors shrink with the contrast."""
    bright, dim = evidence(CUT), evidence([0.3 * p + 60 for p in CUT])
    assert dim["cells"] == pytest.approx(bright["cells"], abs=0.1)
    assert dim["likeness"] == pytest.approx(bright["likeness"], abs=0.05)
    assert dim["departure"] == pytest.approx(bright["departure"], abs=0.3)


def test_a_cut_between_drawings_on_one_ground_is_unusual_though_little_changes() -> None:
    """Where a figure moves on the spot, the same change of the picture is usual."""
    first, second = drawing(30), drawing(90)
    cut = evidence([first] * 20 + [second] * 20)
    moving = evidence([drawing(30 + 60 * ((i // 2) % 2)) for i in range(40)])
    assert cut["likeness"] == pytest.approx(moving["likeness"])
    assert cut["likeness_drop"] == 1.0 and cut["distance_rise"] == 0.5
    assert moving["likeness_drop"] < 0.1 and moving["distance_rise"] < 0.1


def test_a_pan_of_which_pictures_are_left_out_at_one_place_is_no_more_like_a_cut_there() -> None:
    """Reference frames come one and three pictures apart."""
    film, kept = pan(1, 80, 6), np.array([*range(40), *range(42, 80)])
    window = window_of(rows_of([film[at] for at in kept], kept / FPS))
    plain, even = (
        evidence_at(window, 40, FLASH_ROWS, (0.1, 0.1), ShotSettings(), evenly=evenly) for evenly in (False, True)
    )
    structure = EVIDENCE.index("structure")
    assert even[structure] < plain[structure] - 0.1


def test_rows_beside_a_cut_are_taken_as_far_apart_as_the_two_at_it() -> None:
    times_s = np.array([0.0, 1, 2, 3, 4, 7, 8, 9, 10, 12, 13]) / FPS
    window = window_of(rows_of(still(1, 11), times_s))
    before, after = window.beside(5, 5, evenly=True)
    assert (before.tolist(), after.tolist()) == ([4, 1], [5, 8])
    before, after = window.beside(5, 5, evenly=False)
    assert (before.tolist(), after.tolist()) == ([4, 3, 2, 1, 0], [5, 6, 7, 8, 9])


@pytest.mark.parametrize("rows", [6, 24])
def test_what_is_usual_is_seen_in_so_many_rows_of_either_side(rows: int) -> None:
    """Farther back another picture was shown: the same one as after the cut."""
    window = window_of(rows_of([drawing(90)] * 30 + [drawing(30)] * 8 + [drawing(90)] * 30))
    found = evidence_at(window, 38, FLASH_ROWS, (0.1, 0.0), ShotSettings(), rows)
    assert (found[EVIDENCE.index("distance_rise")] > 0) == (rows == 6)


def drawing(left: int) -> np.ndarray:
    """A dark figure 24 wide on a lit ground."""
    picture = np.full((HEIGHT, WIDTH), 180, np.float32)
    picture[20:70, left : left + 24] = 40
    return picture


def test_a_change_of_tones_counts_for_less_where_tones_change_all_the_time() -> None:
    quiet, busy = (evidence(CUT, tones=(0.5, around))["tones"] for around in (0.0, 0.5))
    assert quiet - busy > 1


@pytest.mark.parametrize("row", [1, 39])
def test_the_ends_of_a_film_have_evidence_too(row: int) -> None:
    film = still(1, row) + still(2, 40 - row)
    assert evidence(film, row)["separation"] == pytest.approx(1.0, abs=0.01)
    assert evidence(film, row)["structure"] > 2


def test_evidence_is_of_the_rows_around_alone() -> None:
    """The same rows farther back in a longer film, and in a window that has forgotten what is older, give the same."""
    film = still(3, 30) + CUT + still(4, 30)
    rows = rows_of(film)
    whole, short = window_of(rows), window_of(rows)
    short.drop_before(50 - USUAL_ROWS)
    tones = (0.3, 0.1)
    expected = evidence_at(whole, 50, FLASH_ROWS, tones, ShotSettings())
    np.testing.assert_array_equal(evidence_at(short, 50, FLASH_ROWS, tones, ShotSettings()), expected)
    alone = evidence_at(window_of(rows_of(CUT)), 20, FLASH_ROWS, tones, ShotSettings())
    np.testing.assert_allclose(alone, expected)
