"""Pictures that had to leave the pool are decoded again, once for all who ask in turn."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.picture_pool import PicturePool
from stream.output.jpeg import CpuEncoder
from stream.pipeline.conclude import FullSizePictures, conclude
from stream.records import Candidate, TimedSurface
from stream.settings.model import Settings

from .watched_films import surface_of, tools, watched_film


def picture(number: int) -> Surface:
    return Surface(np.full((4, 4), number, np.uint8), None, None, 8, Colour(), Geometry(4, 4))


def candidate(time_s: float) -> Candidate:
    return Candidate(0, time_s, None, np.zeros(1, ROW)[0], (), None, 1.0, 1.0)


class File:
    """A film of 25 pictures a second; remembers what was sought."""

    def __init__(self) -> None:
        self.sought: list[float] = []
        self.fine: list[bool] = []
        self.pool = PicturePool(4, 4)
        self.pictures = FullSizePictures(self.pool, self.frame_at, self.between)

    def frame_at(self, pts_s: float) -> Surface:
        self.sought.append(pts_s)
        return picture(round(pts_s * 25))

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[TimedSurface]:
        self.fine.append(fine)
        return [(n / 25, picture(n)) for n in range(100) if first_s <= n / 25 <= last_s]


def test_an_evicted_picture_is_kept_when_it_comes_by():
    file = File()
    assert len(file.pictures.beside(candidate(1.0), 0.8, 1.2)) == 11
    assert file.fine == [True] and file.pictures.refetched == {1.0}
    assert (file.pictures.surface(candidate(1.0)).y == 25).all() and file.sought == []
    assert (file.pictures.surface(candidate(2.0)).y == 50).all() and file.sought == [2.0]
    assert file.pictures.refetched == {1.0, 2.0}


def test_the_last_few_that_came_by_are_kept():
    file = File()
    for time_s in (0.4, 1.0, 1.6, 2.2, 2.8):
        file.pictures.beside(candidate(time_s), time_s - 0.2, time_s + 0.2)
    for time_s in (1.0, 2.8, 1.6, 2.2):
        assert (file.pictures.surface(candidate(time_s)).y == round(25 * time_s)).all()
    assert file.sought == []
    file.pictures.surface(candidate(0.4))
    assert file.sought == [0.4]


def test_a_look_beside_a_picture_that_is_held_need_not_be_fine():
    file = File()
    file.pool.put(1.0, picture(7), 1.0, None)
    file.pictures.beside(candidate(1.0), 0.8, 1.2)
    assert file.fine == [False] and file.pictures.refetched == set()
    assert (file.pictures.surface(candidate(1.0)).y == 7).all() and file.sought == []


def test_where_times_had_to_be_mended_the_picture_is_sought_as_ever():
    file = File()
    pictures = FullSizePictures(file.pool, file.frame_at, lambda first_s, last_s, *, fine=False: [])
    assert pictures.beside(candidate(1.0), 0.8, 1.2) == [] and pictures.refetched == set()
    assert (pictures.surface(candidate(1.0)).y == 25).all() and file.sought == [1.0]


def test_the_picture_of_a_second_look_is_held_and_said_to_be_decoded_twice():
    file = File()
    file.pictures.hold(candidate(1.0), picture(25))
    assert (file.pictures.surface(candidate(1.0)).y == 25).all() and file.sought == []
    assert file.pictures.refetched == {1.0} and file.pool.beside(1.0) is None


def test_a_picture_refused_for_a_blink_beside_it_is_no_portrait():
    """The sharpest pictures of both people have closed eyes beside them; of the second one all do."""
    film = watched_film([1, 2, 1, 2, 1, 2])
    blinking = {1, 3, 4, 5}
    conclusion = conclude(film, Settings(threads=1, formats=("portrait",)), tools(blinking.__contains__))
    assert {image.pick.assessment.candidate.shot for image in conclusion.files.images} == {0, 2}
    assert len(conclusion.files.portraits) == 2
    luma = {
        shots: round(float(decoded(conclusion.files.content[conclusion.files.portraits[person.id]]).mean()))
        for person in conclusion.characters
        for shots in [person.shots]
    }
    assert luma == {(0, 2, 4): shown_as(2), (1, 3, 5): shown_as(5)}


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def shown_as(number: int) -> int:
    picture = CpuOps().rgb(surface_of(number), (0, 0, 64, 36), (64, 36), fine=True)
    return round(float(decoded(CpuEncoder().jpeg(picture, 90)).mean()))
