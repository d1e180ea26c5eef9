"""What the supervisor tells, passed on: to the metrics, the log, the clients that listen, and the banner."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import log
from ..backfill.leases import Lease
from ..backfill.messages import FilmDone, Progress, Ready, Report
from ..backfill.run_metrics import RunMetrics
from ..backfill.states import Kind, State, TroubleKind, WhyStarted
from .events import Events
from .metrics import ServeMetrics

_LASTS_S = 5.0
"""How long trouble is shown after the time of the next try, unless that shows it again."""


@dataclass(slots=True)
class ServeWatcher:
    """`Watcher` of a service. trouble: kind → one line, while it lasts; the banner shows it."""

    metrics: RunMetrics
    serve_metrics: ServeMetrics
    events: Events
    trouble_now: dict[str, str]
    clock: Callable[[], float] = time.monotonic
    in_work: dict[int, Lease] = field(default_factory=dict)
    workers: set[str] = field(default_factory=set)
    """Places with a worker that is ready."""
    _until: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics.films.in_work(lambda: len(self.in_work))

    def starting(self, place: str, why: WhyStarted) -> None:
        """A worker is started."""
        self.metrics.starting(place, why)
        log.info("worker starting", place=place, why=why)

    def ready(self, place: str, ready: Ready) -> None:
        """A worker waits for films."""
        self.workers.add(place)
        log.info("worker ready", place=place, device=ready.device, in_flight=ready.in_flight)

    def began(self, lease: Lease, video: Path) -> None:
        """A film was given to a worker."""
        self.in_work[lease.job] = lease
        log.info("film begun", job=lease.job, film=video)
        self._tell(lease, "running")

    def went_on(self, lease: Lease, progress: Progress) -> None:
        """A film went on."""
        told = {"stage": progress.stage, "frames": progress.frames, "total": progress.total}
        self.events.publish("progress", {"id": lease.job, **told})

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        """A result is in its place."""
        self.metrics.done(place, lease, video, facts)
        log.info("film finished", job=lease.job, film=video, wall_s=facts.wall_s, unchanged=facts.unchanged)
        self._over(lease, "done", images=facts.images)

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        """A film failed, for good or to be tried again."""
        self.metrics.failed(lease, video, kind, reason, final)
        log.error("film failed", job=lease.job, film=video, kind=kind, reason=reason, final=final)
        self._over(lease, "failed" if final else "queued", reason=reason)

    def gone(self, lease: Lease, video: Path) -> None:
        """The file is not there any more."""
        self.metrics.gone(lease, video)
        log.warning("film gone", job=lease.job, film=video)
        self._over(lease, "gone")

    def given_back(self, lease: Lease, reason: str) -> None:
        """A film goes back to the queue, or was cancelled."""
        log.warning("film given back", job=lease.job, key=lease.key, reason=reason)
        self._over(lease, None, reason=reason)

    def reported(self, place: str, report: Report) -> None:
        """A worker says what its films did."""
        self.metrics.reported(place, report)

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """A worker died, or was ended."""
        self.workers.discard(place)
        self.metrics.worker_ended(place, how, last_words)
        log.error("worker ended", place=place, how=how, last_words=last_words)

    def stopped(self, place: str) -> None:
        """A place has no worker now."""
        self.workers.discard(place)
        self.metrics.stopped(place)

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        """Something keeps work waiting that is no film's fault."""
        self.metrics.trouble(kind, reason, wait_s)
        log.warning("trouble", kind=kind, reason=reason, wait_s=wait_s)
        self._until[kind] = self.clock() + wait_s + _LASTS_S
        self.show(kind, reason)

    def seen(self, kind: TroubleKind, line: str, for_s: float) -> None:
        """Trouble that was met elsewhere than in the supervisor; shown for so long, unless it is met again."""
        if kind not in self.trouble_now:
            log.warning("trouble", kind=kind, reason=line)
        self._until[kind] = max(self.clock() + for_s, self._until.get(kind, 0.0))
        self.show(kind, line)

    def paused(self, paused: bool) -> None:
        """A person has paused all runs, or lets them go on."""
        log.info("paused" if paused else "goes on")
        self.show("paused", "paused, `keyart ledger resume` lets work go on" if paused else None)

    def show(self, kind: str, line: str | None) -> None:
        """Show one line on the banner until it is taken away with None."""
        if self.trouble_now.get(kind) == line:
            return
        self.trouble_now.pop(kind, None)
        if line is not None:
            self.trouble_now[kind] = line
        self.serve_metrics.trouble.labels(kind).set(line is not None)
        self.events.publish("trouble", {"now": dict(self.trouble_now)})

    def forget_what_passed(self) -> None:
        """Take trouble off the banner that did not come again; to be called every second or so."""
        now_s = self.clock()
        for kind in [kind for kind, until_s in self._until.items() if until_s <= now_s]:
            del self._until[kind]
            self.show(kind, None)

    def _over(self, lease: Lease, state: State | None, **more: Any) -> None:
        self.in_work.pop(lease.job, None)
        self._tell(lease, state, **more)

    def _tell(self, lease: Lease, state: State | None, **more: Any) -> None:
        """state: None where only the ledger knows it."""
        self.events.publish("job", {"id": lease.job, "key": lease.key, "state": state, **more})
