"""How fast films are watched in one process while others end in it, on a stand-in for a chip: what
`python -m benchmarks.interpreter FILE --films 14` prints.

Films are watched without end through the whole first half of the pipeline. Meanwhile turns of a second change what
else needs the interpreter, over and over, so that what the machine does beside falls on all of them alike.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Any

import anyio
import numpy as np
from anyio import CapacityLimiter, create_task_group, sleep, to_thread
from threadpoolctl import threadpool_limits

from engines.faces import Reading
from kernels.active_areas import BarsEvidence
from kernels.bars import ActiveArea
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.surface import Array, Geometry, Surface
from stream.candidates.picture_pool import PicturePool
from stream.dataflow.batching import Batcher
from stream.deciding.decisions import Deciders, OwnDeciders
from stream.deciding.processes import DecidingProcesses
from stream.decode.decoder import DecodeOptions
from stream.decode.nvdec.decoder import NvDecoder
from stream.decode.nvdec.packets import PacketReader
from stream.decode.nvdec.session import Chip
from stream.film import Film
from stream.framing.active import active_rects
from stream.pipeline.watch import Threads, watch
from stream.ranking.choice import CheckResult
from stream.ranking.selection import Selection
from stream.records import VideoInfo
from stream.settings.model import Settings
from stream.settings.sections import CropSettings

from .idle_device import IdleMemory, IdleRuntime, PacedChip
from .made_films import made_film

ENGINES = 7
TURN_S = 3.0
BEGIN, SETTLE = 1.0, 0.4
"""Of a turn, before the first one and before each is measured: what a slow turn leaves in the queues, several hundred
pictures of 14 films, would count for the next one."""
_ENDS_MEASURED = 5
_STEP_S = 0.02
"""A busy thread works for its share of each such time."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What goes on beside the watching. deciders: where the ends of films are decided, None: no film ends. share: of
    one interpreter that they would take if it were done in this process, so often do films end; without `deciders`
    that of a thread that only computes. interval_s: between switches of the interpreter."""

    deciders: Deciders | None = None
    share: float = 0.0
    interval_s: float = sys.getswitchinterval()


class RowMeter:
    """`kernels.ops.Meter` of the CUDA path, whose kernels do nothing, with the rows that the CPU measured."""

    def __init__(self, geometry: Geometry, rows: np.ndarray) -> None:
        self._inner, self._rows = CudaMeter(geometry, IdleRuntime()), rows

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        self._inner.measure(surfaces, pts_s, frames)
        begin = int(np.searchsorted(self._rows["pts_s"], pts_s[0]))
        return self._rows[begin : begin + len(surfaces)].copy()

    def small(self, place: int) -> Surface:
        return self._inner.small(place)

    def thumbnails(self) -> Array:
        return self._inner.thumbnails()

    def borders(self) -> np.ndarray:
        return self._inner.borders()


class WatchedFilms:
    """One film, watched so many times at once on a chip, over and over. seen: (films,) int64, how many pictures of each
    have been watched; it is counted up."""

    def __init__(self, info: VideoInfo, rows: np.ndarray, chip: PacedChip, seen: np.ndarray) -> None:
        self._info, self._rows, self._chip, self._seen = info, rows, chip, seen
        self._settings = Settings(crop=CropSettings(bars=False))  # kernels that do nothing find no bars

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """They are watched while the block lasts."""
        reader = Batcher[Surface, Reading](_read, 32, 0.03, CapacityLimiter(2))
        async with create_task_group() as tasks:
            tasks.start_soon(reader.serve)
            threads = Threads(*(CapacityLimiter(len(self._seen)) for _ in range(2)))
            for place in range(len(self._seen)):
                tasks.start_soon(self._watch_again, place, reader, threads)
            yield
            tasks.cancel_scope.cancel()
            reader.close()

    async def _watch_again(self, place: int, reader: Batcher[Surface, Reading], threads: Threads) -> None:
        info, ops = self._info, CudaOps(IdleRuntime())
        while True:
            film = Film(info, PicturePool(64, 8), BarsEvidence(info.geometry))
            decoder = await to_thread.run_sync(
                lambda: NvDecoder(info, DecodeOptions(), Chip(self._chip), IdleMemory()), limiter=threads.decode
            )
            before = int(self._seen[place])

            def seen(frames: int, before: int = before) -> None:
                self._seen[place] = before + frames

            try:
                await watch(
                    film, decoder, ops, RowMeter(info.geometry, self._rows), reader, self._settings, threads, seen
                )
            finally:
                decoder.close()


class OverlappingFilms:
    """One film, watched `films` times at once on a chip of `fps` pictures a second. ending: a film of which only the
    end is worked on. turn_s: how long a turn is measured; others wait in proportion."""

    def __init__(
        self, info: VideoInfo, rows: np.ndarray, films: int, fps: float, ending: Film, turn_s: float = TURN_S
    ) -> None:
        self._info, self._rows, self._fps, self._ending, self._turn_s = info, rows, fps, ending, turn_s
        self._films = films

    def run(self, turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
        """Name of a turn → pictures a second in each round."""
        before = sys.getswitchinterval()
        try:
            with threadpool_limits(1):  # as in every run
                return anyio.run(self._run, turns, rounds)
        finally:
            sys.setswitchinterval(before)

    def bare_fps(self) -> float:
        """Pictures a second of the chip when its pictures are dropped at once."""
        return bare_fps(self._info, chip_for(self._info, self._fps), self._films, self._turn_s)

    async def _run(self, turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
        fps: dict[str, list[float]] = defaultdict(list)
        cost_s = end_cost_s(self._ending, OwnDeciders("cpu"))
        seen = np.zeros(self._films, np.int64)
        films = WatchedFilms(self._info, self._rows, chip_for(self._info, self._fps), seen)
        async with films.watched():
            await sleep(BEGIN * self._turn_s)
            order = list(turns)
            for _ in range(rounds):
                for name in order:
                    fps[name].append(await self._turn(turns[name], cost_s, seen))
                order.append(order.pop(0))  # no turn always follows the same one
        return fps

    async def _turn(self, turn: Turn, cost_s: float, seen: np.ndarray) -> float:
        sys.setswitchinterval(turn.interval_s)
        async with beside(turn, self._ending, cost_s):
            await sleep(SETTLE * self._turn_s)
            begun, begun_s = int(seen.sum()), time.perf_counter()
            await sleep(self._turn_s)
            return (int(seen.sum()) - begun) / (time.perf_counter() - begun_s)


@asynccontextmanager
async def beside(turn: Turn, ending: Film, cost_s: float) -> AsyncGenerator[None]:
    """What goes on beside the watching in a turn, while the block lasts. ending: the film that ends. cost_s: what its
    end takes of an interpreter, CPU seconds."""
    over = Event()
    async with create_task_group() as tasks:
        if turn.deciders is not None:
            tasks.start_soon(_end_films, ending, turn.deciders, cost_s / turn.share, over)
        elif turn.share:
            Thread(target=partial(_compute, turn.share, over), daemon=True).start()
        try:
            yield
        finally:
            over.set()


async def _end_films(film: Film, deciders: Deciders, every_s: float, over: Event) -> None:
    async with create_task_group() as ends:
        while not over.is_set():
            ends.start_soon(to_thread.run_sync, partial(decide, film, deciders))
            await sleep(every_s)


def chip_for(info: VideoInfo, fps: float) -> PacedChip:
    """A chip of `fps` pictures a second for films of this size."""
    return PacedChip((info.width, info.height), ENGINES, fps)


def bare_fps(info: VideoInfo, chip: PacedChip, films: int, turn_s: float = TURN_S) -> float:
    """Pictures a second of the chip when the film is decoded so many times at once and its pictures are dropped."""
    left, seen = Event(), [0] * films

    def decode(place: int) -> None:
        while not left.is_set():
            decoder, reader = chip.CreateDecoder(), PacketReader(info.path)
            for packet in reader.packets():
                data: Any = chip.PacketData()
                data.bsl_data, data.bsl, data.pts = packet.address, packet.nbytes, packet.pts
                found = len(decoder.Decode(data))
                seen[place] += found
                if left.is_set():
                    break
            reader.close()

    threads = [Thread(target=decode, args=(place,)) for place in range(films)]
    for thread in threads:
        thread.start()
    time.sleep(SETTLE * turn_s)
    begun, begun_s = sum(seen), time.perf_counter()
    time.sleep(2 * turn_s)
    fps = (sum(seen) - begun) / (time.perf_counter() - begun_s)
    left.set()
    for thread in threads:
        thread.join()
    return fps


def end_cost_s(film: Film, deciders: Deciders) -> float:
    """What the end of a film takes of this process's interpreter, CPU seconds."""
    decide(film, deciders)  # what is imported late is not what is measured
    begun_s = time.thread_time()
    for _ in range(_ENDS_MEASURED):
        decide(film, deciders)
    return (time.thread_time() - begun_s) / _ENDS_MEASURED


def decide(film: Film, deciders: Deciders) -> Selection:
    """All that is decided at the end of a film by its numbers, where every check on pixels passes."""
    settings = Settings()
    with closing(deciders.on(film, settings)) as decisions:
        decisions.people()
        decisions.judge(active_rects(film.info.geometry, ActiveArea(), {}, settings.crop.bars_margin_px))
        chosen = decisions.choose({}, lift=True)
        while chosen.unchecked:
            times_s = [one.candidate.pts_s for one in chosen.unchecked]
            chosen = decisions.choose(dict.fromkeys(times_s, CheckResult(None, 1.0)), lift=True)
        return chosen.selection


def _read(surfaces: Any) -> list[Reading]:
    return [Reading((), None) for _ in surfaces]


def _compute(share: float, over: Event) -> None:
    """Take this share of an interpreter until it is over."""
    while not over.is_set():
        until_s = time.perf_counter() + share * _STEP_S
        while time.perf_counter() < until_s:
            pass
        time.sleep((1 - share) * _STEP_S)


def turns_of(interval_s: float, elsewhere: Deciders) -> dict[str, Turn]:
    """The turns, with this time between switches. elsewhere: in other processes."""
    found = {"watching alone": Turn(interval_s=interval_s)}
    for words, share in (("a quarter", 0.25), ("half", 0.5)):
        found[f"ends, {words}, in threads"] = Turn(OwnDeciders("cpu"), share, interval_s)
        found[f"ends, {words}, in processes"] = Turn(elsewhere, share, interval_s)
        found[f"a busy thread, {words}"] = Turn(None, share, interval_s)
    return found


def measure_overlap(
    info: VideoInfo, rows: np.ndarray, films: int, fps: float, candidates: int, rounds: int, intervals_s: list[float]
) -> dict[str, Any]:
    """Rates in all turns with each time between switches, as JSON values: medians of the rounds, and as shares of the
    bare chip's rate and of the first turn's in the same round. candidates: of the films that end."""
    ending = made_film(candidates, copies=False)
    run = OverlappingFilms(info, rows, films, fps, ending)
    bare = run.bare_fps()
    with closing(DecidingProcesses(Settings().cuda.deciding_processes, "cpu")) as elsewhere:
        with threadpool_limits(1):
            costs: dict[str, Deciders] = {"in threads": OwnDeciders("cpu"), "in processes": elsewhere}
            end_ms = {where: round(1e3 * end_cost_s(ending, deciders), 1) for where, deciders in costs.items()}
        turns = {
            f"{name}, {1e3 * interval_s:g} ms": turn
            for interval_s in intervals_s
            for name, turn in turns_of(interval_s, elsewhere).items()
        }
        found = run.run(turns, rounds)
    first = next(iter(found.values()))
    return {
        "films": films, "chip_fps": fps, "bare_fps": round(bare), "candidates": candidates, "end_ms": end_ms,
        "rounds": rounds,
        "turns": {
            name: {
                "fps": round(statistics.median(of)),
                "of_bare": round(statistics.median(of) / bare, 3),
                "of_alone": round(statistics.median(a / b for a, b in zip(of, first, strict=True)), 3),
                "best_quarter": round(statistics.quantiles(of, n=4, method="inclusive")[-1] / bare, 3),
            }
            for name, of in found.items()
        },
    }  # fmt: skip
