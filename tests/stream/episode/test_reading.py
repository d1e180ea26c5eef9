"""A film is looked at until a number is settled or the budget is spent, the likeliest pictures first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from engines.errors import SessionError
from engines.text import TextReading
from kernels.open_ops import open_ops
from kernels.surface import Colour, Geometry, Rect, Surface
from stream.dataflow.workers import workers
from stream.episode.looks import Look
from stream.episode.pages import FINE_SIDE, Engines, Page, PageReader
from stream.episode.patterns import Patterns
from stream.episode.reading import FilmReader, Source
from stream.episode.records import PictureReading

from .scripted import PLAIN, SIZE, Detector, Pictures, Reader, number_of

BOX = (150, 200, 200, 60)
TIMES_S = np.arange(0, 300, 0.25)
EVERYWHERE = {number: [BOX] for number in range(256)}


@dataclass
class Read:
    """What was read of a film, and how."""

    film: FilmReader
    result: PictureReading

    @property
    def spent(self) -> int:
        return self.film.spent

    @property
    def read_pages(self) -> list[Page]:
        return self.film.read_pages

    @property
    def coarse(self) -> list[Page]:
        """But for the pictures that were searched for small letters."""
        return [page for page in self.read_pages if page.part == "whole"]


def _film(
    says: Callable[[int], str],
    looks: list[Look] | None = None,
    budget: int = 40,
    number: Callable[[float], int] = lambda time_s: int(time_s) % 250,
    threads: int = 2,
    sure: float = 0.99,
    height: int = 60,
    glances: tuple[float, ...] = (),
) -> tuple[Read, Pictures]:
    """A film whose picture changes every second; `says`: what its line reads, by the second."""
    pictures = Pictures(number)
    boxes = {place: [(*BOX[:3], height)] for place in EVERYWHERE}
    engines = Engines(Detector(boxes), [Reader(lambda seen, place, margin: says(seen), sure=sure)])
    wanted = looks if looks is not None else [Look(float(time_s), 1.0) for time_s in range(200)]
    source = Source(pictures.at, Geometry(*SIZE), TIMES_S, wanted, glances)
    with workers(threads) as pool:
        patterns = Patterns.shipped()
        film = FilmReader(source, PageReader(engines, patterns), open_ops("cpu"), patterns, budget, pool)
        return Read(film, film.read()), pictures


def test_a_settled_number_ends_the_search() -> None:
    film, _ = _film(lambda second: "EPISODE 3" if 4 <= second < 7 else "words")
    assert str(film.result.number) == "3" and film.result.confidence > 0.9
    assert film.spent < 20 and len(film.result.evidence) >= 3


def test_the_likeliest_looks_come_first() -> None:
    looks = [Look(150.0, 2.0), *(Look(float(time_s), 1.0) for time_s in range(100))]
    film, pictures = _film(lambda second: "EPISODE 3" if second == 150 else "words", looks)
    assert str(film.result.number) == "3"
    assert 150.0 in {time_s for times_s in pictures.asked[:3] for time_s in times_s}


@pytest.mark.parametrize("budget", [1, 7, 40])
def test_the_budget_is_kept(budget: int) -> None:
    film, _ = _film(lambda second: "words", budget=budget)
    assert budget - 3 < film.spent <= budget and film.result.number is None
    small, _ = _film(lambda second: "words", budget=budget, height=12)
    assert small.spent <= budget
    corners, _ = _film(lambda second: "7", [Look(float(t), 1.0, "corners") for t in range(100)], budget=budget)
    assert corners.spent <= budget


def test_other_frames_of_a_card_are_looked_at() -> None:
    """One look falls on the card; three more frames beside it are sought, and only there."""
    film, _ = _film(lambda second: "EPISODE 3" if 40 <= second < 43 else "words", [Look(41.0, 1.0)])
    times_s = sorted(page.time_s for page in film.read_pages)
    assert len(times_s) >= 4 and times_s[0] >= 38 and times_s[-1] <= 44
    assert all(one.time_s in times_s for one in film.result.evidence)


def test_a_bare_number_is_not_looked_at_more_closely() -> None:
    film, _ = _film(lambda second: "7", [Look(41.0, 1.0)])
    assert len(film.coarse) == 1


def test_a_title_that_moves_is_looked_at_again_when_it_rests() -> None:
    """At 41 s it is half there and read badly; a second later it says its number."""
    film, _ = _film(lambda second: "EPISODE 3" if second >= 42 else "EPIS", [Look(41.5, 1.0)], sure=0.5)
    assert any(page.time_s > 42 for page in film.read_pages)
    assert str(film.result.number) == "3"
    quiet, _ = _film(lambda second: "EPIS", [Look(41.5, 1.0)], sure=0.95)
    assert len(quiet.coarse) == 1


def test_a_picture_like_one_that_was_read_and_a_blank_one_cost_nothing() -> None:
    still, _ = _film(lambda second: "words", [Look(float(t), 1.0) for t in range(4)], number=lambda time_s: 9)
    assert len(still.coarse) == 1
    moving, _ = _film(lambda second: "words", [Look(float(t), 1.0) for t in range(4)])
    assert len(moving.coarse) == 4


@pytest.mark.parametrize(("letters", "looked"), [(True, 1), (False, 0)])
def test_small_letters_on_black_are_no_blank_picture(letters: bool, looked: int) -> None:
    """Their strokes cover a two-thousandth of the picture, so its luma hardly deviates."""
    luma = np.full((SIZE[1], SIZE[0]), 20, np.uint8)
    luma[330:336:2, 20:60] = 150 if letters else 21
    assert luma.std() < 3
    surface = Surface(luma, None, None, 8, Colour(), Geometry(*SIZE))
    engines = Engines(Detector({}), [])
    source = Source(lambda times_s: [(t, surface) for t in times_s], Geometry(*SIZE), TIMES_S, [Look(1.0, 1.0)])
    with workers(1) as pool:
        patterns = Patterns.shipped()
        film = FilmReader(source, PageReader(engines, patterns), open_ops("cpu"), patterns, 1, pool)
        film.read()
    assert len(film.read_pages) == looked


def test_the_result_does_not_depend_on_the_number_of_threads() -> None:
    def says(second: int) -> str:
        said = {5: "EPISODE 3", 6: "EPISODE 3", 30: "EPISODE 5", 31: "16부작"}
        return said.get(second, "7" if second % 9 == 0 else "")

    one, two = (_film(says, threads=threads)[0] for threads in (1, 4))
    assert one.result == two.result and one.read_pages == two.read_pages and one.spent == two.spent


def test_pictures_near_each_other_are_fetched_in_one_pass() -> None:
    _, pictures = _film(lambda second: "words", [Look(t, 1.0) for t in (1.0, 2.0, 3.0, 100.0, 101.0, 200.0)])
    assert pictures.asked[:3] == [[1.0, 2.0, 3.0], [100.0, 101.0], [200.0]]


def test_small_letters_are_sought_in_the_likeliest_pictures_with_words_first() -> None:
    """Only at the finer side is there a number, below the title at 30 s; the frames beside it are read as finely."""

    class Finer(Detector):
        def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
            second = number_of(surface)
            below = (150, 300, 80, 30) if 29 <= second <= 31 and long_side == FINE_SIDE else BOX
            return TextReading(np.array([BOX, below], np.float32), np.ones(2, np.float32))

    def says(number: int, place: tuple[int, int], margin: float) -> str:
        return "EPISODE 3" if place[1] == 300 else "HARBOUR" if 29 <= number <= 31 else ""

    pictures = Pictures(lambda time_s: int(time_s) % 250)
    looks = [Look(float(time_s), 1.0) for time_s in range(20, 40)]
    source = Source(pictures.at, Geometry(*SIZE), TIMES_S, looks)
    patterns = Patterns.shipped()
    with workers(2) as pool:
        pages = PageReader(Engines(Finer({}), [Reader(says)]), patterns)
        film = FilmReader(source, pages, open_ops("cpu"), patterns, 60, pool)
        reading = film.read()
    assert str(reading.number) == "3" and len(reading.evidence) >= 3
    fine = [page for page in film.read_pages if page.part == "fine"]
    assert 29 <= fine[0].time_s <= 31.75 and film.spent <= 60


def test_cards_that_a_glance_finds_are_looked_at_before_what_is_left() -> None:
    """Pictures are plain from 200 s on."""
    glances = (180.0, 190.0, 200.0)
    film, pictures = _film(
        lambda second: "EPISODE 3" if second == PLAIN else "words",
        [Look(float(time_s), 0.5) for time_s in range(100)],
        number=lambda time_s: PLAIN if time_s >= 200 else int(time_s),
        glances=glances,
    )
    assert str(film.result.number) == "3"
    assert all([time_s] in pictures.asked for time_s in glances)
    looked = [page.time_s for page in film.read_pages]
    assert 180.0 not in looked and 20 <= looked.index(200.0) < 32


def test_what_cannot_be_looked_at_is_said() -> None:
    film, _ = _film(lambda second: "words", [])
    assert film.result.number is None and "keeps no times" in film.result.why


def test_a_script_without_patterns_is_named() -> None:
    film, _ = _film(lambda second: "ตอนที่ห้า เรือ", [Look(1.0, 1.0)])
    assert "Thai" in film.result.why


def test_a_reader_that_fails_fails_the_film() -> None:
    def says(second: int) -> str:
        raise SessionError("text_recognition: out of memory")

    with pytest.raises(SessionError, match="out of memory"):
        _film(says)
