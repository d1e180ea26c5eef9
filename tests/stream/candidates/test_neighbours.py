"""Looking beside a picture: the right pictures of the right shot, the right face, no more than needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face, Gaze
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.neighbours import NeighbourFaces, SmallPictureSampler
from stream.candidates.picture_pool import PicturePool
from stream.records import Candidate, TimedSurface

GEOMETRY = Geometry(640, 360)


def face(x: float, ratio: float = 0.3, inter_ocular_px: float = 40.0) -> Face:
    return Face(
        (x, 100, 80, 100), 0.9, np.zeros((5, 2), np.float32), inter_ocular_px, ratio, (ratio, ratio), (0.0, 0.0, 0.0),
        None, None, UNMEASURED,
    )  # fmt: skip


def picture(number: int, width: int = 640) -> TimedSurface:
    """One of a film of 25 pictures a second, `width` pixels wide and shown at 640; its pixels are its number."""
    return number / 25, Surface(np.full((1, width), number, np.uint16), None, None, 16, Colour(), GEOMETRY)


class Film:
    """Remembers what was asked of it."""

    def __init__(self, faces: dict[int, Face | None] | None = None) -> None:
        self.asked: list[tuple[float, float]] = []
        self.seen: list[int] = []
        self.pool = PicturePool(4, 4)
        self._faces = faces or {}

    def beside(self, candidate: Candidate, first_s: float, last_s: float) -> list[TimedSurface]:
        self.asked.append((first_s, last_s))
        return [picture(n) for n in range(1000) if first_s <= n / 25 <= last_s]

    def glance(self, surfaces: Sequence[Surface], known: Face) -> Iterator[Face | None]:
        for surface in surfaces:
            number = int(surface.y[0, 0])
            self.seen.append(number)
            yield self._faces.get(number, known)

    def neighbour_faces(self, span_s: float = 0.32) -> NeighbourFaces:
        return NeighbourFaces(self.pool, self.beside, self.glance, span_s)


def candidate(time_s: float, *faces: Face) -> Candidate:
    return Candidate(0, time_s, None, np.zeros(1, ROW)[0], faces, None, 1.0, 1.0)


def test_pictures_on_both_sides_are_seen_and_never_two_frames_in_a_row_are_missed():
    film = Film()
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert 100 not in film.seen
    assert sorted(film.seen) == [92, 94, 96, 98, 102, 104, 106, 108]


def test_the_shot_ends_the_look():
    film = Film()
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100)), (3.9, 4.12)))
    assert film.asked == [(3.9, pytest.approx(4.119))]


def test_what_was_kept_beside_the_picture_is_looked_at_and_nothing_decoded():
    film = Film()
    film.pool.put(4.0, picture(100)[1], 1.0, None, [picture(n) for n in (93, 95, 97, 99, 101, 103, 105, 107)])
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert film.asked == [] and film.seen == [93, 107, 97, 103, 95, 105, 99, 101]
    film.pool.put(8.0, picture(200)[1], 1.0, None)
    # A shot of one picture.
    assert list(film.neighbour_faces().faces_beside(candidate(8.0, face(100)), (0.0, 10.0))) == []
    assert film.asked == []


def numbers(surfaces: Sequence[Surface]) -> list[int]:
    return [int(surface.y[0, 0]) for surface in surfaces]


def test_the_pictures_themselves_are_those_that_were_kept_else_decoded_again():
    film, shot = Film(), (0.0, 10.0)
    film.pool.put(4.0, picture(100)[1], 1.0, None, [picture(n) for n in (97, 99, 101, 103)])
    film.pool.put(8.0, picture(200)[1], 1.0, None)
    assert numbers(film.neighbour_faces().pictures_beside(candidate(4.0), shot)) == [97, 99, 101, 103]
    assert film.neighbour_faces().pictures_beside(candidate(8.0), shot) == [] == film.asked
    assert film.neighbour_faces(0.0).pictures_beside(candidate(6.0), shot) == [] == film.asked
    assert numbers(film.neighbour_faces().pictures_beside(candidate(6.0), shot)) == [
        142, 144, 146, 148, 152, 154, 156, 158,
    ]  # fmt: skip
    assert film.asked == [(pytest.approx(5.68), pytest.approx(6.32))]


def test_eyes_too_small_in_what_was_kept_are_looked_at_in_the_film():
    film = Film()
    film.pool.put(4.0, picture(100)[1], 1.0, None, [picture(n, 320) for n in (96, 104)])
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100, inter_ocular_px=41)), (0.0, 10.0)))
    assert film.asked == []
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100, inter_ocular_px=39)), (0.0, 10.0)))
    assert len(film.asked) == 1


def test_a_copy_of_full_size_is_not_decoded_again_however_small_the_face():
    film = Film()
    film.pool.put(4.0, picture(100)[1], 1.0, None, [picture(n) for n in (96, 104)])
    list(film.neighbour_faces().faces_beside(candidate(4.0, face(100, inter_ocular_px=5)), (0.0, 10.0)))
    assert film.asked == []


@pytest.mark.parametrize(("inter_ocular_px", "decoded"), [(61, 0), (59, 1)])
def test_where_eyes_look_needs_more_pixels_than_how_open_they_are(inter_ocular_px: float, decoded: int):
    film = Film()
    film.pool.put(4.0, picture(100)[1], 1.0, None, [picture(n, 320) for n in (96, 104)])
    looks = replace(face(100, inter_ocular_px=inter_ocular_px), gaze=Gaze(0.0, 0.0, None))
    list(film.neighbour_faces().faces_beside(candidate(4.0, looks), (0.0, 10.0)))
    assert len(film.asked) == decoded


def test_pictures_where_the_face_is_gone_say_nothing():
    film = Film({n: None if n > 100 else face(104, 0.31) for n in range(200)})
    found = list(film.neighbour_faces().faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert [f.eye_openness_ratio for f in found] == [0.31] * 4


def test_nothing_is_read_that_nobody_asks_for():
    film = Film()
    next(film.neighbour_faces().faces_beside(candidate(4.0, face(100)), (0.0, 10.0)))
    assert len(film.seen) == 1


@pytest.mark.parametrize(("span_s", "faces"), [(0.0, (face(100),)), (0.32, ())])
def test_switched_off_or_without_a_face_nothing_is_decoded(span_s, faces):
    film = Film()
    assert list(film.neighbour_faces(span_s).faces_beside(candidate(4.0, *faces), (0.0, 10.0))) == []
    assert film.asked == []


@pytest.mark.parametrize(("fps", "step"), [(12, 1), (24, 2), (25, 2), (30, 2), (60, 4)])
def test_the_pace_of_what_is_kept(fps, step):
    sampler, times = SmallPictureSampler(0.32), np.arange(40) / fps
    picked = [first + place for first in (0, 20) for place in sampler.picks(times[first : first + 20])]
    assert picked == list(range(0, 40, step))
    assert SmallPictureSampler(0.0).picks(times) == []
