"""The time that each stage spends, and blocking work on worker threads that is timed."""

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
    """What a stage cost so far. `busy_s`: wall time of its work, `cpu_s`: CPU time of its worker threads; seconds."""

    name: str
    items: int = 0
    busy_s: float = 0.0
    cpu_s: float = 0.0

    def time(self, work: Callable[[], T], items: int = 1) -> T:
        """Run `work` in this thread; adds its time and `items`, also when it raises. Returns what it returns."""
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
        """Add the share that `items` have in `shared`, the clock of work that was done for several callers at once."""
        share = items / max(1, shared.items)
        self.items += items
        self.busy_s += shared.busy_s * share
        self.cpu_s += shared.cpu_s * share


@dataclass(slots=True)
class Clocks:
    """The clocks of one video by stage name; a clock is made when it is first asked for."""

    by_name: dict[str, StageClock] = field(default_factory=dict)

    def __getitem__(self, name: str) -> StageClock:
        return self.by_name.setdefault(name, StageClock(name))


async def on_thread(work: Callable[[], T], limiter: CapacityLimiter, clock: StageClock, items: int = 1) -> T:
    """Run blocking `work` on a worker thread and return its result.

    Cancelling waits until `work` returns, so each piece must take well under a second. Raises what `work` raises.
    """
    return await to_thread.run_sync(lambda: clock.time(work, items), limiter=limiter)
