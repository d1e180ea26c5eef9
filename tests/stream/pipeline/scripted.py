"""A decoder that hands out pictures from memory, and the first half of a film's way around it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np
from anyio import CapacityLimiter, create_task_group

from engines.faces import Reading
from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry, Surface
from stream.dataflow.batching import Batcher
from stream.decode.decoder import Decoder
from stream.film import Film
from stream.pipeline.watch import Threads, watch
from stream.records import FrameBatch, Notice
from stream.settings.model import Settings

from .watched_films import info_of

FPS = 25.0
BATCH = 32


class ScriptedDecoder:
    """`stream.decode.decoder.Decoder` of grey pictures (H, W) uint8, at 25 a second."""

    name = "scripted"

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        height, width = pictures[0].shape
        self.info = replace(info_of(Geometry(width, height)), fps=FPS)
        self.notices: list[Notice] = []
        self._surfaces = [Surface(p, None, None, 8, Colour(full_range=True), self.info.geometry) for p in pictures]

    def batches(self) -> Generator[FrameBatch]:
        for first in range(0, len(self._surfaces), BATCH):
            surfaces = self._surfaces[first : first + BATCH]
            numbers = np.arange(first, first + len(surfaces), dtype=np.int32)
            yield FrameBatch(surfaces, numbers / FPS, numbers, np.zeros(len(surfaces), np.bool_))

    def frame_at(self, pts_s: float) -> Surface:
        return self._surfaces[round(pts_s * FPS)]

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        numbers = range(int(np.ceil(first_s * FPS)), int(last_s * FPS) + 1)
        return [(n / FPS, self._surfaces[n]) for n in numbers]

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        return [(time_s, self._surfaces[round(time_s * FPS)]) for time_s in times_s]

    def close(self) -> None:
        """Nothing is open."""


def scene(seed: int, darkest: int = 20, brightest: int = 230) -> np.ndarray:
    """(48, 64) uint8 of coarse noise, another picture for every seed."""
    cells = np.random.default_rng(seed).integers(darkest, brightest, (6, 8))
    return np.kron(cells, np.ones((8, 8), np.int64)).astype(np.uint8)


def no_faces(surfaces: Sequence[Surface]) -> list[Reading]:
    return [Reading((), np.ones(4, np.float32) / 2) for _ in surfaces]


async def watch_scripted(
    film: Film, decoder: Decoder, on_frames: Callable[[int], None] = lambda frames: None
) -> None:
    """The first half of the film's way; the engines see no face."""
    limiter = CapacityLimiter(4)
    reader: Batcher[Surface, Reading] = Batcher(no_faces, 1, 0.0, limiter)
    async with create_task_group() as tasks:
        tasks.start_soon(reader.serve)
        threads, ops = Threads(CapacityLimiter(1), CapacityLimiter(1)), CpuOps()
        meter = ops.meter(decoder.info.geometry)
        try:
            await watch(film, decoder, ops, meter, reader, Settings(), threads, on_frames)
        finally:
            reader.close()
