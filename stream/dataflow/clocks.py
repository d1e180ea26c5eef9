"""Blocking work on worker threads, with its time on the clock of its stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from ..origin import in_stage

T = TypeVar("T")


@dataclass(slots=True)
class StageClock:
    """What a stage cost. `busy_s` is wall time inside its work, `cpu_s` the CPU time of its own worker thread."""

    name: str
    items: int = 0
    busy_s: float = 0.0
    cpu_s: float = 0.0

    def time(self, work: Callable[[], T], items: int = 1) -> T:
        """Run `work` here and count it."""
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        try:
            return work()
        finally:
            self.busy_s += time.perf_counter() - wall_s
            self.cpu_s += time.thread_time() - cpu_s
            self.items += items

    def stage(self, work: Callable[[], T], items: int = 1) -> T:
        """`time` for a whole stage of a film's way: its errors get a note of its name."""
        with in_stage(self.name):
            return self.time(work, items)

    def add(self, shared: StageClock, items: int) -> None:
        """Take over the share of `items` in work that was done for several callers at once."""
        share = items / max(1, shared.items)
        self.items += items
        self.busy_s += shared.busy_s * share
        self.cpu_s += shared.cpu_s * share


@dataclass(slots=True)
class Clocks:
    """The stages' clocks of one video, by name."""

    by_name: dict[str, StageClock] = field(default_factory=dict)

    def __getitem__(self, name: str) -> StageClock:
        return self.by_name.setdefault(name, StageClock(name))


async def on_thread(work: Callable[[], T], limiter: CapacityLimiter, clock: StageClock, items: int = 1) -> T:
    """Run blocking `work` on a worker thread. Cancelling waits for it: keep each piece well under a second."""
    return await to_thread.run_sync(lambda: clock.time(work, items), limiter=limiter)
