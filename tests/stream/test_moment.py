"""Looking beside a picture: the right pictures of the right shot, the right face, no more than needed."""

from __future__ import annotations

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.moment import Moments
from stream.records import Candidate

GEOMETRY = Geometry(640, 360)


def face(x: float, ratio: float = 0.3) -> Face:
    return Face(
        (x, 100, 80, 100), 0.9, np.zeros((5, 2), np.float32), 40.0, ratio, (ratio, ratio), (0.0, 0.0, 0.0), None, None,
        UNMEASURED,
    )  # fmt: skip



class Film:
    """A film of 25 pictures a second; remembers what was asked of it."""

    def __init__(self, faces: dict[int, Face | None] | None = None) -> None:
        self.asked: list[tuple[float, float]] = []
        self.seen: list[int] = []
        self._faces = faces or {}

    def between(self, first_s: float, last_s: float) -> list[tuple[float, Surface]]:
        self.asked.append((first_s, last_s))
        numbers = [n for n in range(1000) if first_s <= n / 25 <= last_s]
        return [(n / 25, Surface(np.full((1, 1), n, np.uint16), None, None, 16, Colour(), GEOMETRY)) for n in numbers]

    def glance(self, surface: Surface, known: Face) -> Face | None:
        number = int(surface.y[0, 0])
        self.seen.append(number)
        return self._faces.get(number, known)


def candidate(time_s: float, *faces: Face) -> Candidate:
    return Candidate(0, time_s, None, np.zeros(1, ROW)[0], faces, None, 1.0, 1.0)


def test_pictures_on_both_sides_are_seen_and_never_two_frames_in_a_row_are_missed():
    film = Film()
    list(Moments(film.between, film.glance, 0.32).faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert 100 not in film.seen
    assert sorted(film.seen) == [92, 94, 96, 98, 102, 104, 106, 108]


def test_the_shot_ends_the_look():
    film = Film()
    list(Moments(film.between, film.glance, 0.32).faces_beside(candidate(4.0, face(100)), (3.9, 4.12)))
    assert film.asked == [(3.9, pytest.approx(4.119))]


def test_pictures_where_the_face_is_gone_say_nothing():
    film = Film({n: None if n > 100 else face(104, 0.31) for n in range(200)})
    found = list(Moments(film.between, film.glance, 0.32).faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert [f.eye_openness_ratio for f in found] == [0.31] * 4


def test_nothing_is_read_that_nobody_asks_for():
    film = Film()
    next(Moments(film.between, film.glance, 0.32).faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert len(film.seen) == 1


@pytest.mark.parametrize(("span_s", "faces"), [(0.0, (face(100),)), (0.32, ())])
def test_switched_off_or_without_a_face_nothing_is_decoded(span_s, faces):
    film = Film()
    assert list(Moments(film.between, film.glance, span_s).faces_beside(candidate(4.0, *faces), (0.0, 10.0))) == []
    assert film.asked == []
