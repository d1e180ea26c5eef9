"""Where a number is likely is looked at first, and each shot at its stillest."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.stats import HISTOGRAM_BINS, HISTOGRAM_SUM, ROW
from stream.decode.picture_times import PictureTimes
from stream.episode.looks import (
    HEAD_S,
    LookRows,
    Span,
    card_likelihood,
    looks_after_glances,
    looks_at_times,
    looks_in_shots,
    parts_to_search,
    plain_shares,
)
from stream.records import Shot

FPS = 10


def _rows(length_s: float) -> np.ndarray:
    """Rows of a picture that moves, its tones everywhere."""
    rows = np.zeros(round(length_s * FPS), ROW)
    rows["pts_s"] = np.arange(len(rows)) / FPS
    rows["sobel_energy"], rows["laplacian_var"], rows["change"] = 50, 60, 3
    rows["histogram"] = HISTOGRAM_SUM // HISTOGRAM_BINS
    return rows


def _as_card(rows: np.ndarray, start_s: float, end_s: float) -> None:
    """Letters on black, which stand still from the middle on."""
    card = rows[round(start_s * FPS) : round(end_s * FPS)]
    card["histogram"] = 0
    card["histogram"][:, 1] = HISTOGRAM_SUM
    card["change"] = 1.5
    card["change"][len(card) // 2 :] = 0


def _shots(*ends_s: float) -> list[Shot]:
    starts = [0.0, *ends_s[:-1]]
    return [
        Shot(i, round(a * FPS), round(b * FPS), round(a * FPS), round(b * FPS), a, b, None, None, "cut")
        for i, (a, b) in enumerate(zip(starts, ends_s, strict=True))
    ]


def _kept(rows: np.ndarray, damaged: np.ndarray | None = None) -> np.ndarray:
    kept = LookRows()
    kept.add(rows, np.zeros(len(rows), bool) if damaged is None else damaged)
    return kept.all()


def test_a_card_comes_first_at_rest() -> None:
    rows = _rows(40)
    _as_card(rows, 20, 22)
    first = looks_in_shots(_kept(rows), _shots(10, 20, 22, 30, 40))[0]
    assert (first.part, 21 <= first.time_s <= 22) == ("whole", True)


def test_sharper_strokes_than_usual_come_before_other_shots() -> None:
    rows = _rows(40)
    rows["laplacian_var"][100:120] = 300
    first = looks_in_shots(_kept(rows), _shots(10, 12, 30, 40))[0]
    assert 10 <= first.time_s < 12


def test_a_card_in_the_middle_of_a_film_comes_before_other_shots_there() -> None:
    rows = _rows(1200)
    _as_card(rows, 602, 605)
    middle = [look for look in looks_in_shots(_kept(rows), _shots(600, 602, 605, 1200)) if 300 < look.time_s < 1000]
    assert 602 <= next(look for look in middle if look.part == "whole").time_s < 605


def test_long_shots_are_looked_at_several_times_and_blank_or_damaged_ones_never() -> None:
    rows = _rows(30)
    rows["sobel_energy"][100:200] = 0.3
    damaged = np.zeros(len(rows), bool)
    damaged[200:] = True
    whole = [look for look in looks_in_shots(_kept(rows, damaged), _shots(10, 20, 30)) if look.part == "whole"]
    assert len(whole) == 4 and max(look.time_s for look in whole) < 10


def test_small_letters_on_a_plain_ground_are_not_blank() -> None:
    rows = _rows(10)
    rows["sobel_energy"][:] = 1.5
    assert looks_in_shots(_kept(rows), _shots(10))


def test_without_a_whole_picture_there_is_nothing_to_look_at() -> None:
    rows = _rows(5)
    assert looks_in_shots(_kept(rows, np.ones(len(rows), bool)), _shots(5)) == []
    assert looks_in_shots(_kept(rows[:0]), []) == []


def test_how_much_a_shot_looks_like_a_card() -> None:
    rows = _rows(4)
    assert card_likelihood(_kept(rows), usual_strokes=1.2) == pytest.approx(0, abs=1e-6)
    _as_card(rows, 0, 4)
    assert card_likelihood(_kept(rows), usual_strokes=1.2) == 1
    rows["change"] = 5
    assert 0 < card_likelihood(_kept(rows), usual_strokes=1.2) < 1


def test_the_plain_share_is_that_of_the_fullest_neighbouring_bins() -> None:
    histograms = np.zeros((3, HISTOGRAM_BINS), np.uint16)
    histograms[0] = 100
    histograms[1, [60, 63]] = 100
    histograms[2, [0, 4]] = 300, 100
    np.testing.assert_allclose(plain_shares(histograms), [4 / 64, 1.0, 0.75], atol=1e-6)


@pytest.mark.parametrize("length_s", [20.0, 200.0, 301.0, 7200.0])
def test_parts_are_in_order_without_overlap_and_hold_both_ends(length_s: float) -> None:
    parts = parts_to_search(5.0, 5.0 + length_s)
    edges = [edge for part in sorted((*parts.searched, *parts.glanced, *parts.sampled)) for edge in part]
    assert edges == sorted(edges) and (edges[0], edges[-1]) == (5.0, 5.0 + length_s)
    assert parts.searched[0][1] == pytest.approx(5.0 + (length_s if length_s <= 300 else HEAD_S))
    assert bool(parts.glanced) == (length_s > 300) and bool(parts.sampled) == (length_s > 600)


def test_of_a_film_nobody_measured_the_first_minute_comes_first_in_coarse_steps() -> None:
    head = np.arange(0, 180, 0.04)
    tail = np.arange(1080, 1200, 0.04)
    keys = [np.isclose(times % 2.4, 0, atol=0.01) for times in (head, tail)]
    looks = looks_at_times([PictureTimes(head, keys[0]), PictureTimes(tail, keys[1])], [500.0], Span(0, 1200))
    whole = [look for look in looks if look.part == "whole"]
    first = sorted(look.time_s for look in whole[:15])
    assert first[-1] < 60 and np.diff(first).min() > 2 and np.diff(first).max() < 6
    assert min(look.likelihood for look in whole if look.time_s < 60) > 0.4
    assert any(look.time_s > 1140 for look in whole[:60])
    assert {look.part for look in looks} == {"whole", "corners"}
    assert len({look.time_s for look in whole}) == len(whole)


def test_films_without_times_have_no_looks() -> None:
    assert looks_at_times([PictureTimes.none()], [], Span(0, 10)) == []


def test_of_the_pictures_that_were_glanced_at_cards_alone_are_looked_at() -> None:
    rows = _rows(2)
    rows["histogram"][7], rows["histogram"][7, 1], rows["change"] = 0, HISTOGRAM_SUM, 0
    rows["laplacian_var"][12] = 200
    looks = looks_after_glances(_kept(rows))
    assert [look.time_s for look in looks] == pytest.approx([0.7, 1.2])
    assert looks_after_glances(_kept(rows[:0])) == []
