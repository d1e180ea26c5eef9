"""One service from its start to its end: web servers, watched folders, and the supervisor of its workers."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from anyio import Event, create_task_group, sleep, to_thread

from .. import log
from ..backfill.errors import LedgerUnavailableError, WeightsUnavailableError
from ..backfill.home import HOME, open_ledger
from ..backfill.leases import Leases
from ..backfill.ledger import Ledger
from ..backfill.links import Places
from ..backfill.owner import is_known_dead, own_name
from ..backfill.places import fixed, local_places
from ..backfill.plan import Plan
from ..backfill.run import Ended, new_work, result_fingerprint, run_library
from ..backfill.run_metrics import RunMetrics
from ..backfill.work import Work
from ..errors import KeyartError, SettingsError, UsageError
from ..output.result_folder import refuse_out
from ..settings.model import Settings
from . import jobs
from .app import build_app
from .events import Events
from .health import checks_of, health_app
from .jobs_api import has_result_in
from .metrics import ServeMetrics
from .pictures.client import PicturePool
from .problems import Problem
from .roots import Roots
from .servers import Server, bound, own_words, server
from .service import Service
from .watcher import ServeWatcher
from .watching import watch
from .writer import Writer

PlacesFor = Callable[[Settings, Path, int], Places]
ReadSettings = Callable[[], Settings]
Say = Callable[[str], None]
_AT_START = (
    "address", "hosts", "secure", "settle_s", "body_kib", "rate_per_s", "logins_per_minute", "picture_processes",
)  # fmt: skip
_AGAIN_S = 30.0
_TICK_S = 1.0
_COUNTS_EVERY_S = 5.0
_ROOTS_EVERY_S = 10.0
_REFUSED_LASTS_S = 30.0
"""How long it is shown that the ledger refused something."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked for. watched: folders below the roots. ports: of the service, and of its metrics;
    0 takes a free one."""

    roots: Roots
    out: Path
    publish: Path | None
    ledger_url: str | None
    watched: tuple[Path, ...]
    port: int
    metrics_port: int


@dataclass(slots=True)
class Running:
    """A service before its event loop runs."""

    asked: Asked
    settings: Settings
    fingerprint: str
    ledger: Ledger
    sockets: list[socket.socket]
    """Of the service, and of its metrics."""
    read_settings: ReadSettings
    say: Say
    places: PlacesFor = local_places
    """Where workers run: with these settings, logs in that folder, and so much `nice`."""

    @property
    def ports(self) -> list[int]:
        """The ports that it answers on."""
        return [int(one.getsockname()[1]) for one in self.sockets]


@contextmanager
def opened(asked: Asked, settings: Settings, read_settings: ReadSettings, say: Say) -> Iterator[Running]:
    """A service that is ready to run: its models pulled, its ledger open, its ports bound.

    Raises UsageError, LedgerUnavailableError, WeightsUnavailableError, OutputError. Blocks.
    """
    for folder, option in ((asked.out, "--out"), (asked.publish, "--publish")):
        if folder is not None:
            refuse_out(folder, option)
    for folder in asked.watched:
        if not asked.roots.allows(folder):
            raise UsageError(f"--watch {folder}: lies below no --root, name its folder as one too")
    with ExitStack() as stack:
        sockets = [stack.enter_context(bound(settings.serve.address, asked.port, "--port"))]
        metrics = bound(settings.backfill.metrics_address, asked.metrics_port, "--metrics-port")
        sockets.append(stack.enter_context(metrics))
        fingerprint = result_fingerprint(settings)
        ledger = open_ledger(asked.out, asked.ledger_url)
        stack.callback(ledger.database.close)
        _refuse_other_roots(ledger, asked.roots, fingerprint)
        _take_over(ledger, fingerprint, settings.backfill.lease_s)
        _note(ledger, fingerprint)
        yield Running(asked, settings, fingerprint, ledger, sockets, read_settings, say)


async def run(running: Running, stop: Event, reload: Callable[[], AsyncIterator[None]]) -> None:
    """Serve until `stop` is set and films in work have ended or had their time; they go back then. reload: yields
    whenever the settings are to be read anew."""
    with own_words():
        await _run(running, stop, reload)


async def _run(running: Running, stop: Event, reload: Callable[[], AsyncIterator[None]]) -> None:
    asked, settings = running.asked, running.settings
    metrics, events, trouble = RunMetrics(), Events(), dict[str, str]()
    serve_metrics = ServeMetrics(metrics.exposition.registry)
    watcher = ServeWatcher(metrics, serve_metrics, events, trouble)
    async with PicturePool(settings, logs=asked.out / HOME / "logs") as pictures, create_task_group() as tasks:
        service = Service(
            settings, running.fingerprint, asked.roots, asked.out, asked.publish, running.ledger, Writer(), events,
            pictures, serve_metrics, trouble,
        )  # fmt: skip
        pictures.warm()
        service.writer.refused = lambda reason: watcher.seen("ledger", reason, _REFUSED_LASTS_S)
        workers = _Workers(running, service, watcher, stop)
        checks = checks_of(service, lambda: len(watcher.workers))
        servers = [server(build_app(service)), server(health_app(metrics.exposition.registry, checks))]
        for one, listening in zip(servers, running.sockets, strict=True):
            tasks.start_soon(_served, one, listening)
        tasks.start_soon(metrics.beat)
        tasks.start_soon(metrics.look, lambda: running.ledger.standing(service.fingerprint))
        tasks.start_soon(_tick, watcher)
        tasks.start_soon(_look_at_roots, asked.roots, watcher)
        tasks.start_soon(_tell_counts, service)
        tasks.start_soon(workers.reload_when_asked, reload)
        for folder in asked.watched:
            take = partial(_take, service, running.say)
            tasks.start_soon(watch, folder, settings.serve.settle_s, take, stop, time.monotonic)
        await workers.run()
        events.close()
        for one in servers:
            one.end()
        while not all(one.over for one in servers):
            await sleep(0.05)
        tasks.cancel_scope.cancel()


class _Workers:
    """The supervisor of a service; begun anew for settings that were read anew, and after what should not happen."""

    def __init__(self, running: Running, service: Service, watcher: ServeWatcher, stop: Event) -> None:
        self._running, self._service, self._watcher, self._stop = running, service, watcher, stop
        self._work: Work | None = None
        service.drop = self._drop

    async def run(self) -> None:
        """Keep workers at work until `stop` is set and they have ended."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._drain_when_stopped)
            while not self._stop.is_set():
                ended = await self._run_once()
                if ended.stopped is not None and not self._stop.is_set():
                    self._watcher.trouble("start", ended.stopped, _AGAIN_S)
                    self._running.say(f"keyart: {ended.stopped}; trying again in {_AGAIN_S:g} s")
                    await sleep(_AGAIN_S)
            tasks.cancel_scope.cancel()

    async def _drain_when_stopped(self) -> None:
        await self._stop.wait()
        self._service.draining = True

    async def _run_once(self) -> Ended:
        service, asked, settings = self._service, self._running.asked, self._service.settings
        plan = Plan(asked.out, asked.ledger_url, grace_s=settings.serve.drain_s)
        try:
            places = self._running.places(settings, asked.out / HOME / "logs", settings.serve.worker_nice)
        except KeyartError as error:
            return Ended(stopped=str(error))
        self._work = new_work(
            settings, service.ledger, asked.roots.first, plan, service.fingerprint, fixed(places), self._watcher,
            endless=True, one_writer=service.writer.one, may_open=asked.roots.allows,
        )  # fmt: skip
        try:
            return await run_library(self._work, plan, self._stop)
        finally:
            self._work = None

    def _drop(self, job: int) -> None:
        film = None if self._work is None else self._work.in_work.get(job)
        if film is not None:
            film.lost = True

    async def reload_when_asked(self, reload: Callable[[], AsyncIterator[None]]) -> None:
        """Read settings anew whenever that is asked for; wrong ones are refused aloud, and nothing changes."""
        async for _ in reload():
            try:
                await self._reload()
            except (KeyartError, SettingsError, UsageError, LedgerUnavailableError, WeightsUnavailableError) as error:
                self._service.metrics.reloads.labels("refused").inc()
                log.error("settings refused", error, reason=str(error))
                self._running.say(f"keyart: settings not read anew: {error}; the former ones hold")

    async def _reload(self) -> None:
        service = self._service
        settings = await service.writer.read(self._running.read_settings)
        fingerprint = await service.writer.read(partial(result_fingerprint, settings))
        if settings == service.settings and fingerprint == service.fingerprint:
            self._running.say("keyart: settings read anew, they are as they were")
            return
        old, before = service.settings, service.fingerprint
        service.settings, service.fingerprint = settings, fingerprint
        moved = await service.writer.write(partial(jobs.adopt, service.ledger, before, fingerprint))
        await service.writer.write(partial(_note, service.ledger, fingerprint))
        if self._work is not None:
            self._work.stop_taking = True  # films in work end under the settings they began with
        service.metrics.reloads.labels("done").inc()
        log.info("settings read anew", result=fingerprint, moved=moved)
        later = needs_a_start(old, settings)
        rest = f"; {', '.join(later)} from the next start on" if later else ""
        self._running.say(f"keyart: settings read anew, for films that are begun from now on{rest}")


def needs_a_start(before: Settings, now: Settings) -> list[str]:
    """Settings that changed and are read when a service starts."""
    changed = [f"serve.{name}" for name in _AT_START if getattr(before.serve, name) != getattr(now.serve, name)]
    if before.backfill.metrics_address != now.backfill.metrics_address:
        changed.append("backfill.metrics_address")
    return changed


async def _served(one: Server, listening: socket.socket) -> None:
    await one.serve([listening])


async def _tick(watcher: ServeWatcher) -> None:
    while True:
        watcher.forget_what_passed()
        await sleep(_TICK_S)


async def _look_at_roots(roots: Roots, watcher: ServeWatcher) -> None:
    """Tell of folders that are not there, also while no film is due."""
    while True:
        if (away := await to_thread.run_sync(roots.away)) is not None:
            watcher.seen("library", f"{away} is not there, mount it", 1.5 * _ROOTS_EVERY_S)
        await sleep(_ROOTS_EVERY_S)


async def _tell_counts(service: Service) -> None:
    """Tell those who listen where the titles stand, whoever changed it."""
    told: dict[str, int] = {}
    while True:
        if service.events.listeners:
            try:
                counts = await service.writer.read(partial(service.ledger.counts, service.fingerprint))
            except LedgerUnavailableError as error:
                log.warning("counts not told", error)
            else:
                now = {str(state): count for state, count in counts.items()}
                if now != told:
                    told = now
                    service.events.publish("counts", dict(now))
        await sleep(_COUNTS_EVERY_S)


async def _take(service: Service, say: Say, path: Path) -> bool:
    """Queue a file that came; False while the ledger is out of reach."""
    if service.draining:
        return False
    priority = service.settings.serve.priority
    try:
        title = await service.writer.read(partial(jobs.title_of, service.roots, path, priority))
        wish = jobs.Wish(title, asked_for=False)
        there = has_result_in(service.out)
        queue = partial(jobs.submit, service.ledger, service.roots.first, service.fingerprint, wish, there)
        found = await service.writer.write(queue)
    except LedgerUnavailableError as error:
        log.warning("file not queued yet", error, film=path)
        return False
    except Problem as problem:
        log.warning("file not queued", film=path, reason=str(problem))
        say(f"keyart: {path}: not queued ({problem})")
        return True
    if found.queued:
        log.info("file queued", job=found.job, film=path)
        service.events.publish("job", {"id": found.job, "key": found.key, "state": found.state})
    return True


def _take_over(ledger: Ledger, fingerprint: str, lease_s: float) -> None:
    """Do under these settings what an earlier service left undone under others."""
    before = ledger.fact("served")
    if before is None or before == fingerprint:
        return
    leases = Leases(ledger.database, ledger.library, before, own_name(), lease_s)
    leases.take_from([owner for owner in leases.owners() if is_known_dead(owner)])
    leases.sweep()
    jobs.adopt(ledger, before, fingerprint)


def _note(ledger: Ledger, fingerprint: str) -> None:
    ledger.note_fingerprint(fingerprint)
    ledger.note_fact("served", fingerprint)


def _refuse_other_roots(ledger: Ledger, roots: Roots, fingerprint: str) -> None:
    """Keys are below the folder that they were queued from: another one has other files under the same keys."""
    others = [root for root in jobs.roots_of_queue(ledger, fingerprint) if root != str(roots.first)]
    if others:
        raise UsageError(
            f"--root {roots.first}: titles of this ledger that wait lie below {others[0]}, give that as the first "
            "--root"
        )
