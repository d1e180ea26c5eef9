"""The picture pool: bounded by bytes, with a quota for each person, independent of the order of arrival."""

from __future__ import annotations

import numpy as np

from kernels.surface import Colour, Geometry, Surface
from stream.candidates.picture_pool import PicturePool
from stream.records import FRAME_1080P_BYTES


def surface(share_of_1080p: float = 1.0) -> Surface:
    rows = round(FRAME_1080P_BYTES * share_of_1080p / 1920)
    return Surface(np.zeros((rows, 1920), np.uint8), None, None, 8, Colour(), Geometry(1920, rows))


def test_the_least_valuable_leaves_first_and_the_pool_stays_within_its_bytes():
    pool = PicturePool(frames_at_1080p=3, per_person=8)
    for time_s, value in ((1.0, 0.5), (2.0, 0.9), (3.0, 0.1), (4.0, 0.7), (5.0, 0.6)):
        pool.put(time_s, surface(), value, None)
    assert [t for t in (1.0, 2.0, 3.0, 4.0, 5.0) if pool.get(t) is not None] == [2.0, 4.0, 5.0]
    assert len(pool) == 3


def test_smaller_pictures_have_more_room():
    pool = PicturePool(frames_at_1080p=2, per_person=8)
    for i in range(8):
        pool.put(float(i), surface(0.25), 1.0, None)
    assert len(pool) == 8


def test_one_person_cannot_push_the_others_out():
    pool = PicturePool(frames_at_1080p=4, per_person=2)
    pool.put(0.0, surface(), 0.1, 1)
    for i in range(1, 6):
        pool.put(float(i), surface(), 0.9, 0)
    assert pool.get(0.0) is not None
    assert len(pool) == 4


def test_equal_values_go_against_the_later_picture():
    pool = PicturePool(frames_at_1080p=2, per_person=8)
    for time_s in (3.0, 1.0, 2.0):
        pool.put(time_s, surface(), 0.5, None)
    assert pool.get(3.0) is None and pool.get(1.0) is not None


def test_clear_gives_everything_back():
    pool = PicturePool(2, 2)
    pool.put(0.0, surface(), 1.0, None)
    pool.clear()
    assert len(pool) == 0 and pool.get(0.0) is None


def beside(share_of_1080p: float, count: int = 2) -> list[tuple[float, Surface]]:
    return [(float(i), surface(share_of_1080p)) for i in range(count)]


def test_what_lies_beside_pictures_stays_with_the_best_of_them():
    pool = PicturePool(frames_at_1080p=4, per_person=8)
    for time_s, value in ((1.0, 0.5), (2.0, 0.9), (3.0, 0.1)):
        pool.put(time_s, surface(), value, None, beside(0.5))
    assert pool.get(3.0) is not None and pool.beside(3.0) is None
    assert [len(pool.beside(t) or ()) for t in (1.0, 2.0)] == [2, 2]
    pool.put(4.0, surface(), 0.8, None)
    assert list(pool.beside(4.0) or ()) == [] and pool.beside(4.0) is not None


def test_a_picture_that_leaves_takes_along_what_lies_beside_it():
    pool = PicturePool(frames_at_1080p=2, per_person=8)
    for time_s, value in ((1.0, 0.1), (2.0, 0.9), (3.0, 0.8)):
        pool.put(time_s, surface(), value, None, beside(0.25))
    assert pool.beside(1.0) is None
    assert pool.beside(2.0) and pool.beside(3.0)
    assert pool.peak_bytes <= 3.5 * FRAME_1080P_BYTES


def test_what_comes_after_the_film_takes_free_room_only():
    pool = PicturePool(frames_at_1080p=2, per_person=8)
    pool.put(1.0, surface(), 0.1, None)
    pool.put_where_free(2.0, surface())
    pool.put_where_free(3.0, surface())
    assert [pool.get(t) is not None for t in (1.0, 2.0, 3.0)] == [True, True, False]
    assert pool.beside(2.0) is None, "none were kept, which is not to say that there are none"
    assert pool.peak_bytes == 2 * FRAME_1080P_BYTES
