"""Whoever gives a film up while it is concluded does not wait: each step hears of it, with 600 candidates too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from kernels.cpu import CpuOps
from kernels.surface import Surface
from stream.dataflow.cancellation import checkpoint
from stream.dataflow.workers import workers
from stream.film import Film
from stream.framing.active import ActiveRects
from stream.framing.planner import CropPlanner
from stream.output.jpeg import CpuEncoder
from stream.output.render import Cutter
from stream.people.characters import find_characters
from stream.people.merging import merge_groups
from stream.pipeline.conclude import conclude
from stream.ranking.judge import EmotionBaselines, assess_candidates
from stream.ranking.selection import Assessment, Pick, Selection
from stream.records import ActiveRect, Candidate
from stream.settings.model import Settings

from ..cancelling import cancelled_once, hears_cancellation
from .watched_films import surface_of, tools, watched_film

MANY = 600
WHOLE = ActiveRects(ActiveRect(0, 0, 64, 36))
Cancel = Callable[[], None]


def cutter_of(surface: Callable[[Candidate], Surface], pool: ThreadPoolExecutor) -> Cutter:
    planner = CropPlanner(Settings().chosen_formats(), WHOLE, CpuOps(), surface, frozenset(), 0.6)
    return Cutter(Settings(), planner, CpuOps(), CpuEncoder(), surface, pool)


def assessed(film: Film) -> list[Assessment]:
    return assess_candidates(film, [], EmotionBaselines(film, [], Settings()), WHOLE, Settings())


class After:
    """Cancels at its third call, and counts those that come after it."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel, self.calls, self.afterwards = cancel, 0, 0

    def __call__(self) -> None:
        self.calls += 1
        self.afterwards += self.calls > 3
        if self.calls == 3:
            self._cancel()


def test_faces_that_are_merged_one_by_one():
    counted: list[After] = []

    def work(cancel: Cancel) -> None:
        after = After(cancel)
        counted.append(after)

        def accept(distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
            after()
            return np.ones(len(distances), bool)

        merge_groups(np.ones((MANY, MANY)), np.arange(MANY), np.zeros((MANY, MANY), bool), accept)

    assert hears_cancellation(work)
    assert counted[0].afterwards <= 1


@pytest.mark.parametrize("people", [1, 6, MANY])
def test_people(people: int):
    film = watched_film([n % people for n in range(MANY)])

    def work(cancel: Cancel) -> None:
        cancel()
        find_characters(film.tracks, film.shots, Settings().people, "cpu")

    assert hears_cancellation(work)


def test_judging():
    film, counted = watched_film([1] * MANY), list[After]()

    class Counted(EmotionBaselines):
        def __init__(self, cancel: Cancel) -> None:
            super().__init__(film, [], Settings())
            self.asked = After(cancel)
            counted.append(self.asked)

        def distance(self, emotion: np.ndarray | None, person: str | None) -> float:
            self.asked()
            return super().distance(emotion, person)

    assert hears_cancellation(lambda cancel: assess_candidates(film, [], Counted(cancel), WHOLE, Settings()))
    assert counted[0].afterwards == 0


def test_choosing_among_candidates_that_are_all_refused():
    assessments, counted = assessed(watched_film([1] * MANY)), list[After]()

    def work(cancel: Cancel) -> None:
        after = After(cancel)
        counted.append(after)

        def refuse(assessment: Assessment) -> str:
            after()
            return "eyes_closed"

        Selection(Settings().rank, 10).choose(assessments, refuse)

    assert hears_cancellation(work)
    assert counted[0].afterwards == 0


def test_choosing_among_copies():
    """The first is taken, and cancelled with it; all others are passed over as its copies."""
    assessments = [replace(one, reasons=[]) for one in assessed(watched_film([1] * MANY, alike=True))]

    def work(cancel: Cancel) -> None:
        Selection(Settings().rank, 10).choose(assessments, lambda assessment: cancel())

    assert hears_cancellation(work)


class Held(ThreadPoolExecutor):
    """Begins with nothing; cancels when it is given something to do."""

    def __init__(self, cancel: Cancel) -> None:
        super().__init__(1)
        self._cancel = cancel

    def submit(self, *work: object) -> Future:
        self._cancel()
        return Future()


def test_cropping_portraits_and_the_contact_sheet():
    """The one who waits for them hears, whatever becomes of them."""
    (assessment,) = assessed(watched_film([1]))

    def work(cancel: Cancel) -> None:
        with Held(cancel) as pool:
            cutter = cutter_of(lambda candidate: surface_of(1), pool)
            cutter.cut([Pick(assessment, [])], {"c01": assessment.candidate})

    assert hears_cancellation(work)


def test_pictures_that_are_cut_end_with_the_film():
    (assessment,) = assessed(watched_film([1]))
    begun = Event()

    def endless(candidate: Candidate) -> Surface:
        begun.set()
        while True:
            checkpoint()

    def work() -> None:
        with workers(2) as pool:
            cutter = cutter_of(endless, pool)
            cutter.cut([Pick(assessment, [])], {"c01": assessment.candidate})

    cancelled_once(begun, work)


def test_a_search_in_the_file_ends_with_the_film():
    """All pixels had to make room: each is sought, on a thread of its own."""
    film, begun = watched_film([1, 2, 3, 4]), Event()
    film.pool.clear()

    def endless(pts_s: float) -> Surface:
        begun.set()
        while True:
            checkpoint()

    settings = Settings(threads=2, faces={"moment_s": 0})
    given = replace(tools(frame_at=endless), text=None)
    cancelled_once(begun, lambda: conclude(film, settings, given))


def test_a_look_beside_a_picture_ends_with_the_film():
    film, begun = watched_film([1, 2, 3, 4]), Event()

    def endless(surfaces: object, face: object) -> Iterator[None]:
        begun.set()
        while True:
            checkpoint()
        yield None

    cancelled_once(begun, lambda: conclude(film, Settings(threads=2), replace(tools(), glance=endless)))
