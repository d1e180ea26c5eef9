"""How fast films are watched by several worker processes on the stand-in for one chip, with and without ends of films:
what `python -m benchmarks.interpreter FILE --films 14 --workers 1 2` prints.

The chip's engines are shared (`benchmarks.idle_device.PacedChip`), so its rate stays that of one chip. Each worker
watches its part of the films, and films end in it as often as its part asks for; what is decided of their numbers has
processes of its own in each worker, as everywhere. Turns follow each other over and over, and so do the numbers of
workers, because what the machine does beside must fall on all of them alike.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import anyio
import numpy as np
import psutil
from anyio import to_thread
from threadpoolctl import threadpool_limits

from stream.deciding.decisions import OwnDeciders
from stream.deciding.processes import DecidingProcesses
from stream.film import Film
from stream.records import VideoInfo
from stream.settings.model import Settings

from .idle_device import PacedChip
from .made_films import made_film
from .overlapping_films import BEGIN, SETTLE, TURN_S, Turn, WatchedFilms, bare_fps, beside, chip_for, decide, end_cost_s

_PROCESSES = get_context("spawn")
_ENDS_WITHIN_S = 30.0
TURNS = {"watching alone": 0.0, "ends, a quarter, in processes": 0.25, "ends, half, in processes": 0.5}
"""Name of a turn → share of one interpreter that the ends of films would take of all workers together, if they were
decided in threads."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker is given. seen: of the films of all workers, int64 in shared memory; first, films: which of them
    are its own. candidates: of the films that end; end_cost_s: what an end takes of an interpreter, CPU seconds."""

    info: VideoInfo
    rows: np.ndarray
    chip: PacedChip
    seen: Any
    first: int
    films: int
    candidates: int
    end_cost_s: float


class Rate(NamedTuple):
    """Pictures a second, and CPU microseconds that the workers took for each, without the processes that decide."""

    fps: float
    cpu_us: float


class FilmWorkers:
    """So many worker processes, which watch the films of `whole` until they are closed. Raises EOFError, or the
    OSError of a broken pipe, where one has died. turn_s: how long a turn is measured; others wait in proportion."""

    def __init__(self, whole: Part, workers: int, turn_s: float = TURN_S) -> None:
        self._turn_s = turn_s
        self._whole = whole  # where nothing refers to the chip's locks, a worker that begins does not find them
        self._seen = np.frombuffer(whole.seen, np.int64)
        self._links: list[Connection[Any, Any]] = []
        self._workers: list[Any] = []
        for part in parts_of(whole, workers):
            ours, theirs = _PROCESSES.Pipe()
            worker = _PROCESSES.Process(target=_work, args=(part, theirs))
            worker.start()
            theirs.close()  # so that ours ends when the worker does
            self._links.append(ours)
            self._workers.append(worker)

    @property
    def pids(self) -> list[int]:
        """Of the workers."""
        return [worker.pid for worker in self._workers]

    def begin(self) -> None:
        """Wait until all of them watch."""
        for link in self._links:
            link.recv()
        time.sleep(BEGIN * self._turn_s)

    def turn(self, share: float) -> Rate:
        """The rate in one turn. share: as in `TURNS`, of all workers together."""
        with self._beside(share / len(self._links)):
            time.sleep(SETTLE * self._turn_s)
            begun, begun_s, used_s = int(self._seen.sum()), time.perf_counter(), self._cpu_s()
            time.sleep(self._turn_s)
            pictures, took_s = int(self._seen.sum()) - begun, time.perf_counter() - begun_s
            return Rate(pictures / took_s, 1e6 * (self._cpu_s() - used_s) / max(1, pictures))

    @contextmanager
    def _beside(self, share: float) -> Iterator[None]:
        for link in self._links:
            link.send(share)
        yield
        for link in self._links:
            link.send(None)
        for link in self._links:
            link.recv()

    def _cpu_s(self) -> float:
        times = [psutil.Process(pid).cpu_times() for pid in self.pids]
        return float(sum(one.user + one.system for one in times))

    def close(self) -> None:
        """End them."""
        for link in self._links:
            link.close()
        for worker in self._workers:
            worker.join(_ENDS_WITHIN_S)
            worker.kill()
            worker.join()
            worker.close()


def parts_of(whole: Part, workers: int) -> list[Part]:
    """The parts of so many workers, as equal as can be."""
    films = [len(places) for places in np.array_split(np.arange(whole.films), workers)]
    return [
        Part(
            whole.info, whole.rows, whole.chip, whole.seen, sum(films[:number]), own, whole.candidates, whole.end_cost_s
        )
        for number, own in enumerate(films)
    ]


def _work(part: Part, orders: Connection[Any, Any]) -> None:
    """What a worker does."""
    ending = made_film(part.candidates, copies=False)
    seen = np.frombuffer(part.seen, np.int64)[part.first : part.first + part.films]
    films = WatchedFilms(part.info, part.rows, part.chip, seen)
    with threadpool_limits(1), closing(DecidingProcesses(Settings().cuda.deciding_processes, "cpu")) as deciders:
        decide(ending, deciders)  # when it has begun to watch, all has been imported
        anyio.run(_watch, films, ending, part.end_cost_s, deciders, orders)


async def _watch(
    films: WatchedFilms, ending: Film, cost_s: float, deciders: DecidingProcesses, orders: Connection[Any, Any]
) -> None:
    """Watch until there are no orders any more. An order is the share of an interpreter that the ends of films take
    until the next message."""
    async with films.watched():
        orders.send(None)
        while True:
            try:
                share = await to_thread.run_sync(orders.recv)
            except EOFError:
                return
            async with beside(Turn(deciders if share else None, share), ending, cost_s):
                await to_thread.run_sync(orders.recv)
            orders.send(None)


def measure_workers(
    info: VideoInfo, rows: np.ndarray, films: int, fps: float, candidates: int, rounds: int, workers: Sequence[int]
) -> dict[str, Any]:
    """Rates with each number of workers in each turn, as JSON values: medians of the rounds, and as shares of the bare
    chip's rate and of the rate of the first number of workers in the same turn and round. candidates: of the films that
    end."""
    found: dict[int, dict[str, list[Rate]]] = {number: defaultdict(list) for number in workers}
    with threadpool_limits(1):
        bare = bare_fps(info, chip_for(info, fps), films)
        cost_s = end_cost_s(made_film(candidates, copies=False), OwnDeciders("cpu"))
    order = list(TURNS)
    for _ in range(rounds):
        for number in workers:
            seen = _PROCESSES.RawArray("q", films)
            whole = Part(info, rows, chip_for(info, fps), seen, 0, films, candidates, cost_s)
            for name, rate in rates_of(whole, number, order).items():
                found[number][name].append(rate)
        order.append(order.pop(0))  # no turn always follows the same one
    return {
        "films": films, "chip_fps": fps, "bare_fps": round(bare), "candidates": candidates, "rounds": rounds,
        "end_ms": round(1e3 * cost_s, 1),
        "workers": {
            number: {name: _summary(of[name], found[workers[0]][name], bare) for name in TURNS}
            for number, of in found.items()
        },
    }  # fmt: skip


def rates_of(whole: Part, workers: int, turns: Sequence[str], turn_s: float = TURN_S) -> dict[str, Rate]:
    """The rate of so many workers in each of these turns, in this order."""
    with closing(FilmWorkers(whole, workers, turn_s)) as running:
        running.begin()
        return {name: running.turn(TURNS[name]) for name in turns}


def _summary(rates: Sequence[Rate], of_first: Sequence[Rate], bare: float) -> dict[str, float]:
    fps = [rate.fps for rate in rates]
    return {
        "fps": round(statistics.median(fps)),
        "of_bare": round(statistics.median(fps) / bare, 3),
        "best": round(max(fps) / bare, 3),
        "of_first": round(statistics.median(a / b.fps for a, b in zip(fps, of_first, strict=True)), 3),
        "cpu_us": round(statistics.median(rate.cpu_us for rate in rates), 1),
    }
