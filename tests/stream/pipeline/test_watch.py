"""The first half of a film's way: what it leaves in the film, and who writes it there."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Generator
from dataclasses import replace
from typing import Any, ClassVar

import anyio
import cv2
import numpy as np
import pytest
from anyio import create_task_group, from_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from kernels.active_areas import BarsEvidence
from stream.candidates.picture_pool import PicturePool
from stream.film import Film
from stream.pipeline.failures import reason_of
from stream.records import FrameBatch

from .scripted import BATCH, ScriptedDecoder, scene, watch_scripted

SHOT = 10
FEW = 8
"""Pictures of a batch that are the best of a quarter of a second."""


class OwnedList(list):
    """Remembers which threads changed it."""

    writers: set[threading.Thread]

    def append(self, item: Any) -> None:
        self.writers.add(threading.current_thread())
        super().append(item)


class OwnedFilm(Film):
    """Remembers which threads wrote its reserve."""

    writers: ClassVar[set[threading.Thread]] = set()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "reserve":
            self.writers.add(threading.current_thread())
            value = OwnedList(value)
            value.writers = self.writers
        object.__setattr__(self, name, value)


def film_of(decoder: ScriptedDecoder, kind: type[Film] = Film) -> Film:
    return kind(decoder.info, PicturePool(64, 8), BarsEvidence(decoder.info.geometry))


def burnt_out(shots: int) -> list[Any]:
    return [scene(seed, 226, 255) for seed in range(shots) for _ in range(SHOT)]


def test_the_best_of_what_was_turned_down_is_kept_and_no_more():
    decoder = ScriptedDecoder([*burnt_out(40), *([scene(99, 222, 256)] * SHOT)])
    film = film_of(decoder)
    anyio.run(watch_scripted, film, decoder)
    assert len(film.shots) == 41 and not film.candidates
    assert len(film.reserve) == 32 and {reason for _, reason in film.reserve} == {"bright"}
    assert 40 in {candidate.shot for candidate, _ in film.reserve}
    assert film.funnel.at_shot["bright"] > 32


def test_one_thread_at_a_time_writes_the_reserve_and_never_the_event_loop():
    bright = [scene(seed) for seed in range(100, 120) for _ in range(SHOT)]
    decoder = ScriptedDecoder([*burnt_out(10), *bright, *burnt_out(10)])
    film = film_of(decoder, OwnedFilm)
    film.writers.clear()
    anyio.run(watch_scripted, film, decoder)
    assert film.reserve and film.candidates
    assert film.writers and threading.main_thread() not in film.writers


def test_a_still_stretch_softer_than_its_shot_is_read_where_nobody_was_seen():
    """Two seconds of a sharp picture, of which the focus is drawn away in a second: what follows is of use only for a
    face."""
    sharp = scene(7)
    drawn = [cv2.GaussianBlur(sharp, (0, 0), 0.2 + 0.06 * i) for i in range(25)]
    decoder = ScriptedDecoder([*[sharp] * 50, *drawn, *[drawn[-1]] * 25])
    film = film_of(decoder)
    anyio.run(watch_scripted, film, decoder)
    assert len(film.shots) == 1
    (shown,) = film.read_s.values()
    assert max(shown) < 3.0
    assert film.funnel.probes > len(shown) and film.funnel.at_shot["blurred"] >= film.funnel.probes - len(shown)
    assert {candidate.pts_s < 3.0 for candidate in film.candidates} == {True}


class CountingDecoder(ScriptedDecoder):
    """Before it hands out its second batch it waits until the first one is split and all stages wait for more, and
    counts the pictures of the first that somebody keeps."""

    def __init__(self) -> None:
        super().__init__([scene(0)] * 2 * BATCH)
        self.split, self.kept = threading.Event(), BATCH

    def batches(self) -> Generator[FrameBatch]:
        alike = super().batches()
        batch: FrameBatch | None = next(alike)
        assert batch is not None
        batch = replace(batch, surfaces=[replace(s, y=s.y.copy()) for s in batch.surfaces])
        pictures = [weakref.ref(surface.y) for surface in batch.surfaces]
        yield batch
        batch = None
        self.split.wait()
        for _ in range(1000):  # a thread lets go of its work only after it has said that it is done
            from_thread.run(wait_all_tasks_blocked)
            self.kept = sum(picture() is not None for picture in pictures)
            if self.kept <= FEW:
                break
        yield from alike


def test_stages_that_wait_keep_only_the_best_pictures():
    decoder = CountingDecoder()
    anyio.run(watch_scripted, film_of(decoder), decoder, lambda frames: decoder.split.set())
    assert decoder.kept <= FEW


class EndlessDecoder(ScriptedDecoder):
    """Hands out its pictures again and again, and remembers the thread that closed it. fails: after the first round."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__(burnt_out(4))
        self._fails = fails
        self.closed_by: threading.Thread | None = None

    def batches(self) -> Generator[FrameBatch]:
        try:
            while True:
                yield from super().batches()
                if self._fails:
                    raise ValueError("torn")
        finally:
            self.closed_by = threading.current_thread()


def test_a_decoder_whose_film_is_cancelled_is_closed_on_a_worker_thread():
    """Its own threads are waited for: the event loop, which serves all films, must not stand still so long."""
    decoder = EndlessDecoder()
    film = film_of(decoder)

    async def run() -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(watch_scripted, film, decoder)
            while not film.funnel.frames:
                await checkpoint()
            tasks.cancel_scope.cancel()
        assert decoder.closed_by is not None, "nobody waited for it"

    anyio.run(run)
    assert decoder.closed_by is not threading.main_thread()


def test_a_decoder_that_fails_is_closed_where_it_worked():
    decoder = EndlessDecoder(fails=True)
    with pytest.raises(ExceptionGroup):
        anyio.run(watch_scripted, film_of(decoder), decoder)
    assert decoder.closed_by not in (None, threading.main_thread())


def test_pictures_that_grow_beyond_the_limit_within_the_film_are_refused() -> None:
    decoder = ScriptedDecoder([*[scene(1)] * 40, np.broadcast_to(np.uint8(90), (6000, 6000))])
    with pytest.raises(ExceptionGroup) as raised:
        anyio.run(watch_scripted, film_of(decoder), decoder)
    assert reason_of(raised.value) == "is 6000x6000, more than limits.pixels allows (35651584), raise it"
