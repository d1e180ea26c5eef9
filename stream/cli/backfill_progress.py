"""What a person sees while a library is worked through: bars on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TextIO

from anyio import create_task_group, sleep
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from .. import log
from ..backfill.leases import Lease
from ..backfill.messages import FilmDone, Progress, Ready
from ..backfill.states import Kind
from ..backfill.tally import Tally
from ..metrics import Metrics
from .progress import failure_line, one_line

LINE_EVERY_S = 10.0
_DRAW_EVERY_S = 0.5
_BEAT_EVERY_S = 5.0


class Display:
    """`Watcher` that counts, tells the log and the metrics, and says what failed, one line each on `errors`."""

    def __init__(self, errors: TextIO, metrics: Metrics, tally: Tally | None = None) -> None:
        self.tally, self.metrics = tally or Tally(), metrics
        self._errors = errors

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
        self.metrics.film_done(
            unchanged=facts.unchanged,
            wall_s=facts.wall_s,
            film_s=facts.film_s or 0.0,
            frames=facts.frames,
            decoder=facts.decoder,
            codec=facts.codec,
            stages=facts.stages,
            rejected=facts.rejected,
        )

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        """One line, when it is final."""
        self.tally.failed(lease, video, kind, reason, final)
        self.metrics.film_failed(kind, final=final)
        log.error("film charged", film=video, kind=kind, reason=reason, final=final)
        if final:
            self.say(failure_line(video, reason), style="red")

    def gone(self, lease: Lease, video: Path) -> None:
        """One line."""
        self.tally.gone(lease, video)
        self.metrics.film_gone()
        log.warning("film gone", film=video)
        self.say(f"keyart: {one_line(str(video))}: is not there any more")

    def given_back(self, lease: Lease, reason: str) -> None:
        """For the log."""
        self.tally.given_back(lease, reason)
        log.warning("film given back", job=lease.job, key=lease.key, reason=reason)

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """One line."""
        self.tally.worker_ended(place, how, last_words)
        self.metrics.worker_died()
        log.error("worker ended", place=place, how=how, last_words=last_words)
        self.say(f"keyart: a worker ({place}) {how}", style="yellow")

    def trouble(self, reason: str, wait_s: float) -> None:
        """One line."""
        self.tally.trouble(reason, wait_s)
        self.metrics.trouble()
        log.warning("trouble", reason=reason, wait_s=wait_s)
        self.say(f"keyart: {reason}; trying again in {wait_s:.0f} s", style="yellow")

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
        left_s = tally.left_s()
        eta = "" if left_s is None else f", {shown_duration(left_s)} left"
        return (
            f"{tally.ended} of {max(tally.queued, tally.ended)} films, {tally.counts['failed']} failed, "
            f"{tally.film_hours * 3600 / tally.wall_s():.2f} h of film per hour{eta}"
        )

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Within the block the state of the run is shown from time to time."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._lines)
            tasks.start_soon(self._beats)
            yield
            tasks.cancel_scope.cancel()

    def beat(self) -> None:
        """Bring the metrics up to date."""
        self.metrics.beat()
        self.metrics.in_work.set(len(self.tally.in_work))
        self.metrics.queued.set(max(0, self.tally.queued - self.tally.ended - len(self.tally.in_work)))

    async def _beats(self) -> None:
        while True:
            self.beat()
            await sleep(_BEAT_EVERY_S)

    async def _lines(self) -> None:
        while True:
            await sleep(LINE_EVERY_S)
            self.say(self.line())


class QuietDisplay(Display):
    """Says only what failed."""

    async def _lines(self) -> None:
        """Nothing to see."""


class RichDisplay(Display):
    """The state of the run and of the films in work, drawn anew twice a second."""

    def __init__(self, errors: TextIO, metrics: Metrics, tally: Tally | None = None) -> None:
        super().__init__(errors, metrics, tally)
        self._console = Console(file=errors)
        self._live = Live(console=self._console, transient=True, auto_refresh=False)

    def say(self, text: str, style: str | None = None) -> None:
        """One line above what is drawn."""
        self._console.print(one_line(text), style=style, markup=False, highlight=False, soft_wrap=True)

    async def _lines(self) -> None:
        with self._live:
            while True:
                self._live.update(Group(*(Text(line) for line in self.lines())), refresh=True)
                await sleep(_DRAW_EVERY_S)

    def lines(self) -> list[str]:
        """What is drawn: the run, its places, the films in work."""
        hours = self.tally.wall_s() / 3600
        places = [
            f"  {name} ({place.device}): {place.films} films, {place.film_s / 3600 / hours:.2f} h of film per hour"
            for name, place in self.tally.places.items()
        ]
        films = [
            f"  {one_line(video.name)}: {frames:,}{f' of {total:,}' if total else ''} frames"
            for video, frames, total in self.tally.in_work.values()
        ]
        return [self.line(), *places, *films]


@contextmanager
def open_display(quiet: bool, metrics: Metrics, errors: TextIO | None = None) -> Iterator[Display]:
    """The display that fits `errors`, stderr by default."""
    stream = errors or sys.stderr
    if quiet:
        yield QuietDisplay(stream, metrics)
    else:
        yield RichDisplay(stream, metrics) if stream.isatty() else Display(stream, metrics)


def shown_duration(seconds: float) -> str:
    """`3 d 4 h`, `2 h 05 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
