"""Fades that the film's beginning or end cuts off are no clean part of its first and last shot."""

from __future__ import annotations

import numpy as np
import pytest

from stream.records import Shot
from stream.shots.edge_fades import fading_rows
from stream.shots.window import grids_of

from .made_films import Film, pan, rows_of, still
from .test_splitter import split


def lit(film: Film, light: np.ndarray) -> Film:
    """Each frame with this share of its light."""
    return [(frame * share).astype(np.uint8) for frame, share in zip(film, light, strict=True)]


def light(frames: int, faded: int, until: float) -> np.ndarray:
    """(frames,) 1 but for the last `faded`, which fall to `until`."""
    return np.concatenate([np.ones(frames - faded), np.linspace(1, until, faded + 1)[1:]])


def shot_of(film: Film) -> Shot:
    (shot,) = split(rows_of(film))
    return shot


@pytest.mark.parametrize("film", [still(1, 96), [frame / 2 + 60 for frame in still(3, 96)]], ids=["hard", "soft"])
@pytest.mark.parametrize(("faded", "until"), [(12, 0.25), (24, 0.3), (40, 0.2)])
def test_a_fade_that_is_cut_off_is_left_out(film: Film, faded: int, until: float) -> None:
    end, begin = shot_of(lit(film, light(96, faded, until))), shot_of(lit(film, light(96, faded, until)[::-1]))
    assert (end.clean_first_row, begin.clean_end_row) == (0, 96)
    # The rows nearest to the clean part have nearly all of their light.
    assert 96 - faded - 3 <= end.clean_end_row <= 96 - 0.7 * faded
    assert 0.7 * faded <= begin.clean_first_row <= faded + 3


@pytest.mark.parametrize("share", [1.0, 0.85])
def test_what_keeps_its_light_is_clean_to_the_end(share: float) -> None:
    shot = shot_of(lit(pan(1, 96, step=6), light(96, 12, share)))
    assert (shot.clean_first_row, shot.clean_end_row) == (0, 96)


def test_of_a_film_that_only_fades_half_is_left() -> None:
    shot = shot_of(lit(still(1, 40), light(40, 40, 0.1)))
    assert shot.clean_end_row - shot.clean_first_row >= 10


def test_a_cut_ends_the_search() -> None:
    grids = grids_of(rows_of([*lit(still(1, 9), light(9, 9, 0.5)[::-1]), *still(2, 30)]))
    assert 4 <= fading_rows(grids, 24.0) <= 9
    assert fading_rows(grids[:0], 24.0) == 0
