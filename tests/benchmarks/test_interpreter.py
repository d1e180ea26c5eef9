"""With idle devices a film goes through the CUDA path: every frame at its time, and every stage takes some of it."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from benchmarks.film_workers import TURNS, FilmWorkers, Part, parts_of, rates_of
from benchmarks.idle_device import Engine
from benchmarks.interpreter import measure_interpreter, open_idle_decoder, rows_of, total_us
from benchmarks.made_films import made_film
from benchmarks.overlapping_films import OverlappingFilms, RowMeter, Turn, chip_for
from stream.deciding.decisions import OwnDeciders, OwnDecisions
from stream.film import Film
from stream.settings.model import Settings


def test_every_stage_is_counted_for_every_frame(scenes_film: Path) -> None:
    report = measure_interpreter(scenes_film, rounds=1)
    assert report["frames"] == len(rows_of(scenes_film)[1])
    used = report["us_a_frame"]
    assert set(used) == {"decode", "measure", "probes", "split", "decode reference"}
    assert min(used.values()) > 0
    assert total_us(report) == pytest.approx(sum(used.values()) - used["decode reference"])


def test_the_idle_chip_gives_the_films_times_and_numbers(scenes_film: Path) -> None:
    info, rows = rows_of(scenes_film)
    decoder = open_idle_decoder(scenes_film, info, "all")
    batches = [(batch.pts_s, batch.frames) for batch in decoder.batches()]
    decoder.close()
    np.testing.assert_array_equal(np.concatenate([pts_s for pts_s, _ in batches]), rows["pts_s"])
    np.testing.assert_array_equal(np.concatenate([frames for _, frames in batches]), rows["frame"])
    assert not decoder.notices


def test_an_engine_decodes_one_picture_after_the_other() -> None:
    engine = Engine(fps=100.0)
    ready_s = [engine.take() for _ in range(5)]
    assert all(later - earlier >= 0.01 - 1e-9 for earlier, later in pairwise(ready_s))


def test_an_engine_is_one_for_all_processes() -> None:
    engine = Engine(fps=0.001)  # far slower than any process starts
    first_s = engine.take()
    others = [get_context("spawn").Process(target=engine.take) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0]
    assert engine.take() == first_s + 3000.0


def test_the_meter_gives_the_rows_that_the_cpu_measured(scenes_film: Path) -> None:
    info, rows = rows_of(scenes_film)
    meter, decoder = RowMeter(info.geometry, rows), open_idle_decoder(scenes_film, info, "all")
    measured = [meter.measure(batch.surfaces, batch.pts_s, batch.frames) for batch in decoder.batches()]
    decoder.close()
    np.testing.assert_array_equal(np.concatenate(measured), rows)


def test_films_are_watched_in_every_turn_while_others_end(scenes_film: Path) -> None:
    info, rows = rows_of(scenes_film)
    ended: list[Film] = []

    class Counted(OwnDeciders):
        def on(self, film: Film, settings: Settings) -> OwnDecisions:
            ended.append(film)
            return super().on(film, settings)

    film, before = made_film(5, copies=False), sys.getswitchinterval()
    run = OverlappingFilms(info, rows, 2, 1000.0, film, turn_s=0.2)
    turns = {"alone": Turn(), "ends": Turn(Counted("cpu"), 0.5, 0.001)}
    found = run.run(turns, rounds=2)
    assert {name: len(of) for name, of in found.items()} == {"alone": 2, "ends": 2}
    assert sum(sum(of) for of in found.values()) > 0
    assert ended and run.bare_fps() > 0
    assert sys.getswitchinterval() == before


def shared_part(film: Path, films: int) -> Part:
    """What workers share who watch the film so many times on a chip of 1,000 pictures a second."""
    info, rows = rows_of(film)
    seen = get_context("spawn").RawArray("q", films)
    return Part(info, rows, chip_for(info, 1000.0), seen, 0, films, candidates=5, end_cost_s=0.02)


@pytest.mark.slow
def test_each_worker_watches_its_part_in_every_turn(scenes_film: Path) -> None:
    whole = shared_part(scenes_film, 3)
    found = rates_of(whole, 2, list(TURNS), turn_s=0.3)
    assert list(found) == list(TURNS)
    assert all(rate.fps > 0 and rate.cpu_us > 0 for rate in found.values())
    assert all(pictures > 0 for pictures in whole.seen)


def test_films_are_divided_among_workers(scenes_film: Path) -> None:
    whole = shared_part(scenes_film, 14)
    assert [(part.first, part.films) for part in parts_of(whole, 3)] == [(0, 5), (5, 5), (10, 4)]
    assert all(part.seen is whole.seen and part.chip is whole.chip for part in parts_of(whole, 3))


@pytest.mark.slow
def test_a_worker_that_dies_ends_the_measurement(scenes_film: Path) -> None:
    workers = FilmWorkers(shared_part(scenes_film, 1), 1, turn_s=0.0)
    try:
        workers.begin()
        for pid in workers.pids:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises((EOFError, OSError)):
            workers.turn(0.0)
    finally:
        workers.close()
