"""What a person sees while a library is worked through: a line now and then, or bars on a terminal
(`stream.cli.backfill_bars`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from anyio import create_task_group, sleep

from .. import log
from ..backfill.leases import Lease
from ..backfill.messages import FilmDone, Progress, Ready, Report
from ..backfill.run_metrics import RunMetrics
from ..backfill.states import Kind, TroubleKind, WhyStarted
from ..backfill.tally import Tally
from .progress import failure_line, one_line

LINE_EVERY_S = 10.0
LOOK_EVERY_S = 5.0


class Display:
    """`Watcher` that counts, tells the log and the metrics, and says what failed, one line each on `errors`."""

    def __init__(self, errors: TextIO, metrics: RunMetrics, tally: Tally | None = None) -> None:
        self.tally, self.metrics = tally or Tally(), metrics
        self._errors = errors
        metrics.films.in_work(lambda: len(self.tally.in_work))

    def starting(self, place: str, why: WhyStarted) -> None:
        """For the log."""
        self.tally.starting(place, why)
        self.metrics.starting(place, why)
        log.info("worker starting", place=place, why=why)

    def ready(self, place: str, ready: Ready) -> None:
        """A worker has begun."""
        self.tally.ready(place, ready)
        log.info("worker ready", place=place, device=ready.device, in_flight=ready.in_flight)

    def began(self, lease: Lease, video: Path) -> None:
        """A film was given to a worker, whose log tells of it."""
        self.tally.began(lease, video)

    def went_on(self, lease: Lease, progress: Progress) -> None:
        """A film went on."""
        self.tally.went_on(lease, progress)

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        """A result is in its place."""
        self.tally.done(place, lease, video, facts)
        self.metrics.done(place, lease, video, facts)

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        """One line, when it is final."""
        self.tally.failed(lease, video, kind, reason, final)
        self.metrics.failed(lease, video, kind, reason, final)
        log.error("film charged", film=video, kind=kind, reason=reason, final=final)
        if final:
            self.say(failure_line(video, reason), style="red")

    def gone(self, lease: Lease, video: Path) -> None:
        """One line."""
        self.tally.gone(lease, video)
        self.metrics.gone(lease, video)
        log.warning("film gone", film=video)
        self.say(f"keyart: {one_line(str(video))}: is not there any more")

    def given_back(self, lease: Lease, reason: str) -> None:
        """For the log."""
        self.tally.given_back(lease, reason)
        log.warning("film given back", job=lease.job, key=lease.key, reason=reason)

    def reported(self, place: str, report: Report) -> None:
        """Nothing to say."""
        self.tally.reported(place, report)
        self.metrics.reported(place, report)

    def stopped(self, place: str) -> None:
        """Nothing to say."""
        self.tally.stopped(place)
        self.metrics.stopped(place)

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """One line."""
        self.tally.worker_ended(place, how, last_words)
        self.metrics.worker_ended(place, how, last_words)
        log.error("worker ended", place=place, how=how, last_words=last_words)
        self.say(f"keyart: a worker ({place}) {how}", style="yellow")

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        """One line."""
        self.tally.trouble(kind, reason, wait_s)
        self.metrics.trouble(kind, reason, wait_s)
        log.warning("trouble", kind=kind, reason=reason, wait_s=wait_s)
        self.say(f"keyart: {reason}; trying again in {wait_s:.0f} s", style="yellow")

    def paused(self, paused: bool) -> None:
        """One line."""
        log.info("run paused" if paused else "run goes on")
        line = "paused, `keyart ledger resume` lets it go on" if paused else "goes on"
        self.say(f"keyart: {line}", style="yellow")

    def complain(self, line: str) -> None:
        """Something that a person may want to change, and without which the run goes on."""
        log.warning("left out", reason=line)
        self.say(f"keyart: {line}", style="yellow")

    def say(self, text: str, style: str | None = None) -> None:
        """One line."""
        print(one_line(text), file=self._errors, flush=True)

    def line(self) -> str:
        """Where the run stands."""
        tally = self.tally
        left_s, frames = tally.left_s(), tally.pace.frames_per_s()
        parts = [f"{tally.ended:,} of {max(tally.queued, tally.ended):,} films", f"{tally.counts['failed']:,} failed"]
        if tally.film_hours:
            parts.append(f"{tally.film_hours_per_hour:.1f} h of film per hour")
        if frames:
            parts.append(f"{frames:,.0f} frames/s")
        if left_s is not None and tally.ended < tally.queued:
            parts.append(f"about {shown_duration(left_s)} left")
        return ", ".join(parts)

    def last_line(self) -> str:
        """How the run ended."""
        tally = self.tally
        hours = f", {tally.film_hours_per_hour:.1f} h of film per hour" if tally.film_hours else ""
        return (
            f"{tally.ended:,} of {max(tally.queued, tally.ended):,} films in {shown_duration(tally.wall_s())}, "
            f"{tally.counts['failed']:,} failed{hours}"
        )

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Within the block the state of the run is shown from time to time."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._lines)
            tasks.start_soon(self._looks)
            yield
            tasks.cancel_scope.cancel()

    async def _looks(self) -> None:
        while True:
            self.tally.look()
            await sleep(LOOK_EVERY_S)

    async def _lines(self) -> None:
        while True:
            await sleep(LINE_EVERY_S)
            self.say(self.line())


class QuietDisplay(Display):
    """Says only what failed."""

    async def _lines(self) -> None:
        """Nothing to see."""


def shown_duration(seconds: float) -> str:
    """`3 d 4 h`, `2 h 05 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
