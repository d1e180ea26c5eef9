"""What `keyart backfill` does, once its options are read: scan, work, sum up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from anyio import Event, create_task_group, get_cancelled_exc_class

from .. import log
from ..backfill.errors import LedgerUnavailableError, WeightsUnavailableError
from ..backfill.home import HOME, ledger_to_look_at, open_ledger
from ..backfill.ledger import Ledger, Scan, Standing
from ..backfill.links import AskPlaces
from ..backfill.places import fixed, local_places
from ..backfill.plan import Plan, parse_shard, parse_until
from ..backfill.ray.access import Access, access_to
from ..backfill.ray.places import connect_to, for_nodes, open_ray_places
from ..backfill.run import Ended, new_work, result_fingerprint, run_library, scan_library
from ..backfill.run_metrics import RunMetrics
from ..backfill.tally import write_summary
from ..backfill.walker import Library, open_library
from ..errors import OutputError, UsageError
from ..output.result_folder import refuse_out
from ..settings.model import Settings
from ..version import own_version
from .backfill_bars import open_display
from .backfill_progress import Display, shown_duration
from .exits import FAILED, STOPPED, say
from .interrupt import Interrupted, Interrupts
from .tables import films

_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
SUMMARY, METRICS = "summary.json", "metrics.prom"


def plan_of(
    out: Path,
    ledger: str | None,
    limit: int | None,
    shard: str | None,
    until: str | None,
    redo: str | None,
    grace_s: float,
    dry: bool,
) -> Plan:
    """The plan that options ask for. Raises UsageError."""
    if redo not in (None, "version"):
        raise UsageError(f"--redo {redo}: only `version` is known")
    return Plan(
        out=out,
        ledger_url=ledger,
        limit=limit,
        shard=None if shard is None else parse_shard(shard),
        until=None if until is None else parse_until(until, datetime.now().astimezone()),
        redo_version=redo is not None,
        grace_s=grace_s,
        dry=dry,
    )


def since_s(text: str | None) -> float | None:
    """`3d` ago or an ISO time, as seconds since 1970. Raises UsageError."""
    if text is None:
        return None
    if ago := _AGO.fullmatch(text):
        return time.time() - float(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise UsageError(f"--newer-than {text}: is no time, write 3d, 12h or 2026-11-29") from None


@dataclass(slots=True)
class BackfillRun:
    """One run of the command."""

    settings: Settings
    plan: Plan
    quiet: bool
    as_json: bool
    metrics_port: int | None = None
    access: Access | None = None
    """How Ray is reached, None to work on this machine alone."""

    def work_through(self, library: str, priority: int, newer_than_s: float | None, interrupts: Interrupts) -> int:
        """The exit code. Raises what `errors_to_exit_codes` explains."""
        try:
            return self._worked_through(library, priority, newer_than_s, interrupts)
        # Before the first film: nothing is wrong with the library or the command, so a scheduler may try again.
        except (LedgerUnavailableError, WeightsUnavailableError, OutputError) as error:
            say(f"keyart: {error}; run again")
            return STOPPED

    def _worked_through(self, library: str, priority: int, newer_than_s: float | None, interrupts: Interrupts) -> int:
        refuse_out(self.plan.out)
        found = open_library(library, self.plan.out, lambda line: say(f"keyart: {line}"), priority, newer_than_s)
        fingerprint = result_fingerprint(self.settings)
        if self.plan.dry:
            return self._count(found, fingerprint)
        with (
            log.opened(self.settings.log, lambda line: say(f"keyart: {line}")),
            self._metrics() as metrics,
            self._ledger() as ledger,
        ):
            log.info("run begun", version=own_version(), library=found.root, out=self.plan.out, result=fingerprint)
            scan = scan_library(ledger, found, self.plan, self.settings, fingerprint)
            log.info("library scanned", films=scan.seen, queued=scan.queued, changes=dict(scan.changes))
            if not self.quiet:
                say(_scanned(scan))
            try:
                ended = self._supervised(ledger, found.root, fingerprint, interrupts, metrics)
            except Interrupted as interrupted:
                log.warning("run interrupted", signal=interrupted.exit_code - 128)
                raise
            return self._said(ended)

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        ledger = open_ledger(self.plan.out, self.plan.ledger_url)
        try:
            yield ledger
        finally:
            ledger.database.close()

    @contextmanager
    def _metrics(self) -> Iterator[RunMetrics]:
        """Answered on a port where one is asked for. Raises UsageError when it cannot be had."""
        metrics, address = RunMetrics(), self.settings.backfill.metrics_address
        port = self.metrics_port
        with nullcontext() if port is None else metrics.exposition.served(address, port):
            yield metrics

    def _supervised(
        self, ledger: Ledger, root: Path, fingerprint: str, interrupts: Interrupts, metrics: RunMetrics
    ) -> Ended:
        """Work until the end, or until a signal: raises Interrupted."""
        stop: list[Event] = []
        with open_display(self.quiet, metrics) as display:
            work = partial(self._run, ledger, root, fingerprint, display, stop)
            return interrupts.run(work, when_asked=lambda: self._asked_to_stop(stop))

    def _asked_to_stop(self, stop: list[Event]) -> None:
        say(f"keyart: nothing new is begun, films in work have {self.plan.grace_s:g} s; once more ends at once")
        for event in stop:
            event.set()

    async def _run(self, ledger: Ledger, root: Path, fingerprint: str, display: Display, stop: list[Event]) -> Ended:
        stop.append(Event())
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        async with self._places(root, ledger.library, display) as places:
            work = new_work(self.settings, ledger, root, self.plan, fingerprint, places, display)
            tally, metrics = display.tally, display.metrics
            tally.queued, tally.queued_bytes = work.leases.left_bytes(self.plan.limit)
            ask = partial(ledger.standing, fingerprint)
            try:
                async with display.shown(), create_task_group() as tasks:
                    tasks.start_soon(metrics.beat)
                    if self.metrics_port is not None:
                        tasks.start_soon(metrics.look, ask)
                    ended = await run_library(work, self.plan, stop[0])
                    tasks.cancel_scope.cancel()
            except get_cancelled_exc_class():  # the second signal: there is no time to ask the ledger
                self._sum_up(display, started, Ended(stopped="interrupted", left=None), None)
                raise
        self._sum_up(display, started, ended, ask)
        return ended

    def _sum_up(self, display: Display, started: str, ended: Ended, ask: Callable[[], Standing] | None) -> None:
        tally = display.tally
        summary = {
            "started": started, **tally.summary(), "stopped": ended.stopped, "left": ended.left, "ledger": ended.counts,
        }  # fmt: skip
        self._leave_behind(self.plan.out / HOME, summary, display.metrics, ask)
        log.info("run finished", **tally.counts, stopped=ended.stopped, left=ended.left)
        if self.as_json:
            print(json.dumps(summary, ensure_ascii=False), flush=True)
        elif not self.quiet:
            say(display.last_line())

    @asynccontextmanager
    async def _places(self, root: Path, library: str, display: Display) -> AsyncIterator[AskPlaces]:
        """Where workers run: on this machine, or on Ray's nodes."""
        logs = self.plan.out / HOME / "logs"
        if self.access is None:
            yield fixed(local_places(self.settings, logs))
            return
        connect = connect_to(self.access, self.settings, root, self.plan.out, logs, library)
        async with open_ray_places(self.access, connect, display.complain) as places:
            yield places

    def _leave_behind(
        self, home: Path, summary: dict[str, Any], metrics: RunMetrics, ask: Callable[[], Standing] | None
    ) -> None:
        """The summary and the metrics beside the results. Where they cannot be written that is said, and the run's own
        end stays what it is."""
        with self._said_only():
            write_summary(home / SUMMARY, summary)
        with self._said_only():
            if ask is not None:
                metrics.stand(ask())
        with self._said_only():
            metrics.exposition.write(home / METRICS)

    @contextmanager
    def _said_only(self) -> Iterator[None]:
        try:
            yield
        except (OutputError, LedgerUnavailableError) as error:
            log.warning("not left behind", error)
            say(f"keyart: {error}")

    def _said(self, ended: Ended) -> int:
        if ended.stopped is not None:
            left = "how many films are left is not known" if ended.left is None else f"{films(ended.left)} left"
            say(f"keyart: {ended.stopped}; {left}")
            return STOPPED
        failed = ended.counts.get("failed", 0) + ended.counts.get("quarantined", 0)
        if failed:
            say(f"keyart: {films(failed)} of the library failed, `keyart ledger failed` lists them")
        return FAILED if failed else 0

    def _count(self, library: Library, fingerprint: str) -> int:
        ledger = ledger_to_look_at(self.plan.out, self.plan.ledger_url)
        try:
            scan = scan_library(ledger, library, self.plan, self.settings, fingerprint)
            pace = ledger.bytes_per_s()
        finally:
            ledger.database.close()
        waiting = scan.waiting + scan.queued
        seconds = (scan.waiting_bytes + scan.queued_bytes) / pace if pace else None
        if self.as_json:
            print(json.dumps({"films": scan.seen, "to_do": waiting, "about_s": seconds, "why": dict(scan.changes)}))
            return 0
        known = "how long is not known before some are done" if seconds is None else f"about {shown_duration(seconds)}"
        print(f"{films(scan.seen)}, {waiting} to do, {known}{' at the pace of before' if seconds else ''}")
        return 0


def on_ray(run: BackfillRun, address: str) -> BackfillRun:
    """The same run with its workers on Ray's nodes. Raises UsageError where Ray cannot be used."""
    plan = replace(run.plan, out=run.plan.out.absolute())
    return replace(run, settings=for_nodes(run.settings), plan=plan, access=access_to(address))


def _scanned(scan: Scan) -> str:
    why = [f"{count} {name.replace('_', ' ')}" for name, count in scan.changes.items() if count]
    if scan.waiting:
        why.append(f"{scan.waiting} waited already")
    because = f" ({', '.join(why)})" if why else ""
    return f"{films(scan.seen)} found, {scan.queued + scan.waiting} to do{because}"
