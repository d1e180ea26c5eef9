"""The metrics of a run over a library: what its supervisor is told, and what the ledger says from time to time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

from anyio import CapacityLimiter, sleep, to_thread

from .. import log
from ..device.models import ROLES
from ..episode.verify import OUTCOMES
from ..metrics.exposition import Exposition
from ..metrics.films import FilmMetrics, LibraryMetrics
from ..metrics.flow import FlowMetrics, Known
from ..metrics.workers import WorkerMetrics
from ..pipeline.statistics import CHANNELS, CODECS, DECODERS, READER, REJECTIONS, STAGES
from .errors import LedgerUnavailableError
from .leases import Lease
from .ledger import Standing
from .messages import FilmDone, Progress, Ready, Report
from .states import STATES, Kind, TroubleKind, WhyStarted

BEAT_EVERY_S = 5.0
LOOK_EVERY_S, LOOK_SHARE = 10.0, 0.01
"""How often the ledger is asked where its films stand, at most; and for what share of the time. Counting 10⁶ films
takes .7 s (SQLite and PostgreSQL, two cores), so such a ledger is asked every 70 s."""
_ENDS = ("done", "unchanged", "failed", "gone")
_KINDS: tuple[Kind, ...] = get_args(Kind)
_DEADLY: tuple[Kind, ...] = ("died", "hung", "device")
_REASONS = {state: () for state in STATES} | {
    "failed": tuple(kind for kind in _KINDS if kind not in _DEADLY), "quarantined": _DEADLY,
}  # fmt: skip


class RunMetrics:
    """`Watcher` that counts for Prometheus."""

    def __init__(self) -> None:
        self.exposition = Exposition()
        registry = self.exposition.registry
        self.films = FilmMetrics(registry, _ENDS, _KINDS)
        self.library = LibraryMetrics(registry, _REASONS)
        self.workers = WorkerMetrics(registry, get_args(WhyStarted), get_args(TroubleKind))
        engines = (READER, *ROLES)
        self.flow = FlowMetrics(registry, Known(DECODERS, CODECS, STAGES, CHANNELS, engines, REJECTIONS, OUTCOMES))

    def starting(self, place: str, why: WhyStarted) -> None:
        """See `Watcher`."""
        self.workers.started(why)

    def ready(self, place: str, ready: Ready) -> None:
        """See `Watcher`."""

    def began(self, lease: Lease, video: Path) -> None:
        """See `Watcher`."""

    def went_on(self, lease: Lease, progress: Progress) -> None:
        """See `Watcher`."""

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        """See `Watcher`."""
        if facts.unchanged:
            self.films.ended("unchanged")
        else:
            self.films.done(facts.wall_s, facts.film_s or 0.0)

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        """See `Watcher`."""
        self.films.failed(kind, final=final)

    def gone(self, lease: Lease, video: Path) -> None:
        """See `Watcher`."""
        self.films.ended("gone")

    def given_back(self, lease: Lease, reason: str) -> None:
        """See `Watcher`."""

    def reported(self, place: str, report: Report) -> None:
        """See `Watcher`."""
        self.flow.add(report.counts)
        self.flow.stands(place, report.levels)

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """See `Watcher`."""
        self.workers.died()

    def stopped(self, place: str) -> None:
        """See `Watcher`."""
        self.flow.stands(place, None)

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        """See `Watcher`."""
        self.workers.trouble(kind)

    def paused(self, paused: bool) -> None:
        """See `Watcher`."""

    def stand(self, standing: Standing) -> None:
        """What the ledger says."""
        self.library.stand(standing.films)
        self.films.queue(standing.queued, standing.oldest_s)

    async def beat(self) -> None:
        """Show that the event loop goes round, until it is cancelled."""
        while True:
            self.exposition.beat()
            await sleep(BEAT_EVERY_S)

    async def look(
        self,
        ask: Callable[[], Standing],
        wait: Callable[[float], Awaitable[None]] = sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what the ledger says up to date, until it is cancelled. ask: blocks; it is called on a thread of its
        own, so that nobody waits for the answer. A ledger out of reach is the run's concern, not that of its metrics.
        """
        own_thread = CapacityLimiter(1)
        while True:
            began_s = clock()
            try:
                self.stand(await to_thread.run_sync(ask, limiter=own_thread))
            except LedgerUnavailableError as error:
                log.warning("metrics not brought up to date", error)
            await wait(max(LOOK_EVERY_S, (clock() - began_s) / LOOK_SHARE))
