"""The graph with as few slots as it may have: it neither comes to a halt nor keeps one."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import anyio
import numpy as np
import pytest
from anyio import CapacityLimiter, create_task_group
from anyio.lowlevel import checkpoint

from engines.faces import Reading
from kernels.active_areas import BarsEvidence
from kernels.cpu import CpuOps
from stream.candidates.picture_pool import PicturePool
from stream.dataflow.batching import Batcher
from stream.decode.decoder import DecodeOptions
from stream.decode.nvdec.decoder import NvDecoder
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.decode.slots import Demand
from stream.film import Film
from stream.pipeline.watch import Threads, watch
from stream.settings.model import Settings

from ..decode.host_memory import HostMemory
from ..decode.nvdec.fake_nvdec import FakeNvdec

BATCH = 8
TAKE = 340
"""Pictures of a take, more than fill the cells of an unclosed shot."""


@pytest.fixture
def long_takes(make_film, moving) -> Path:
    """Four takes of almost fourteen seconds."""
    takes = [picture for seed in range(4) for picture in moving(TAKE, seed=seed, size=(64, 48))]
    return make_film("takes.mp4", takes)


def opened(path: Path, memory: HostMemory, limit: int) -> NvDecoder:
    """A decoder whose slots are `limit`; the picture pool has room for one picture only."""
    options = DecodeOptions(threads=1, batch=BATCH, kept_1080p=0)
    decoder = open_on_chip(path, options, Chip(FakeNvdec()), lambda: memory)
    assert isinstance(decoder, NvDecoder)
    decoder._pool._limit = limit
    return decoder


async def watched(decoder: NvDecoder) -> Film:
    film = Film(decoder.info, PicturePool(0, 8), BarsEvidence(decoder.info.geometry))
    limiter, ops = CapacityLimiter(4), CpuOps()

    def look(surfaces) -> list[Reading]:
        return [Reading((), np.ones(4, np.float32) / 2) for _ in surfaces]

    reader: Batcher = Batcher(look, 1, 0.0, limiter)
    async with create_task_group() as tasks:
        tasks.start_soon(reader.serve)
        threads = Threads(CapacityLimiter(1), CapacityLimiter(1))
        meter = ops.meter(decoder.info.geometry)
        try:
            await watch(film, decoder, ops, meter, reader, Settings(), threads, lambda frames: None)
        finally:
            reader.close()
    return film


def test_the_least_slots_are_enough_and_all_come_back(long_takes):
    memory = HostMemory()
    least = Demand(batch=BATCH, kept_1080p=0).least(64 * 48 * 3 // 2)
    decoder = opened(long_takes, memory, least)
    film = anyio.run(watched, decoder)
    assert film.funnel.frames == 4 * TAKE and len(film.shots) >= 4
    pool = decoder._pool
    assert 49 < pool.peak <= least
    gc.collect()
    assert pool.in_use == len(film.pool) == 1
    decoder.close()
    film.pool.clear()
    gc.collect()
    assert memory.alive == 0


def test_with_too_few_the_graph_waits_and_can_be_stopped(long_takes):
    memory = HostMemory()
    decoder = opened(long_takes, memory, 30)

    async def run() -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(watched, decoder)
            while not decoder._pool.waits:
                await checkpoint()
            tasks.cancel_scope.cancel()

    anyio.run(run)
    _wait_for_worker_threads()
    assert memory.alive <= 30
    decoder.close()
    gc.collect()
    assert memory.alive == 0


def _wait_for_worker_threads() -> None:
    """AnyIO tells its threads to end and does not wait; until then they hold what they worked on last."""
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread":
            thread.join()
