"""A worker process: `python -m stream.backfill.worker`. In: films, on stdin; out: published results, and on stdout what
happened (`stream.backfill.messages`). It ends when stdin ends, so that it never outlives its supervisor.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
from anyio import CancelScope, Event, create_task_group, to_thread
from anyio.abc import TaskGroup

from .. import log
from ..device.kit import MakeKit
from ..device.open import open_kit
from ..errors import DecidersLostError, DeviceLostError, KeyartError, LimitError, OutputError, device_errors
from ..manifest import Manifest
from ..origin import errors_in, in_stage
from ..output.result_folder import abandon_all
from ..pipeline.describe import content_fingerprint
from ..pipeline.failures import reason_of
from ..pipeline.film_run import process
from ..pipeline.many import open_result, write_result
from ..pipeline.services import Services, open_services
from ..settings.model import Settings
from ..version import own_version
from .errors import LeaseLostError
from .links import DECIDERS_LOST, DEVICE_LOST
from .messages import (
    TO_WORKER,
    Begin,
    CannotStart,
    DropFilm,
    FilmDone,
    FilmFailed,
    FilmGivenUp,
    FilmGone,
    MayPublish,
    Message,
    Progress,
    Publish,
    Ready,
    RunFilm,
    path_in,
)
from .pipes import Send, lines, sender
from .publishing import LEAST_SHARE_LEFT, Permission, Published, Wanted, adoptable, publish
from .reports import Reports

_TELL_EVERY_S = 1.0
Receive = Callable[[], Awaitable[bytes | None]]


@dataclass(slots=True)
class _InWork:
    """A film in work: how to stop it, and the answer to its request to publish."""

    scope: CancelScope = field(default_factory=CancelScope)
    answered: Event = field(default_factory=Event)
    answer: Publish | None = None
    told_at: float = 0.0


class FilmWorker:
    """Runs films on shared services and says how each ended. `send` may be called from any thread."""

    def __init__(self, begin: Begin, settings: Settings, services: Services, send: Send) -> None:
        self._settings, self._services, self._send, self._leased = settings, services, send, begin.leased
        models = {role: model.sha256 for role, model in services.models.items()}
        version = own_version() if begin.redo_version else None
        self._wanted = Wanted(settings, models, begin.fingerprint, version)
        self._in_work: dict[int, _InWork] = {}
        self._reports = Reports(services.statistics, services.memory, send)

    @property
    def busy(self) -> bool:
        """Whether a film is in work."""
        return bool(self._in_work)

    async def handle(self, message: RunFilm | Publish | DropFilm, tasks: TaskGroup) -> None:
        """Begin a film, answer one, or drop one; what is not in work any more is passed over."""
        if isinstance(message, RunFilm):
            self._in_work[message.job] = _InWork()
            tasks.start_soon(self._run, message)
        elif (film := self._in_work.get(message.job)) is not None:
            if isinstance(message, DropFilm):
                film.scope.cancel()
            else:
                film.answer = message
                film.answered.set()

    async def report(self) -> None:
        """Tell every few seconds what the films in work have done, until it is cancelled."""
        await self._reports.keep_sending(lambda: self.busy)

    async def _run(self, film: RunFilm) -> None:
        work = self._in_work[film.job]
        ended: Message = FilmGivenUp(job=film.job, reason="was dropped")
        with log.about(film=path_in(film.video), job=film.job), work.scope:
            log.info("film begun")
            ended = await self._ended(film, work)
        del self._in_work[film.job]
        self._reports.send()  # first, so that whoever hears of the end has heard of all that led to it
        self._send(ended)

    async def _ended(self, film: RunFilm, work: _InWork) -> Message:
        try:
            with device_errors():
                return await self._done(film, work)
        except DeviceLostError as error:
            log.error("film given up", error)
            raise
        except FileNotFoundError:
            log.warning("film gone")
            return FilmGone(job=film.job)
        except DecidersLostError as error:
            log.error("film given up", error)
            raise
        except Exception as error:
            ended = failure(film.job, error)
            what = "film failed" if isinstance(ended, FilmFailed) else "film given up"
            log.error(what, error, reason=ended.reason)
            return ended

    async def _done(self, film: RunFilm, work: _InWork) -> FilmDone:
        video, folder = path_in(film.video), path_in(film.folder)
        content, status = await to_thread.run_sync(_looked_at, video)
        wanted = self._wanted_of(film)
        earlier = None
        if self._leased:
            earlier = await to_thread.run_sync(adoptable, folder, content, wanted, film.not_before)
        manifest = earlier or await self._publish(film, work, video, folder, wanted.settings)
        log.info("film finished", folder=folder, unchanged=earlier is not None, wall_s=manifest.timings.wall_s)
        return film_done(film.job, content, status, manifest, unchanged=earlier is not None)

    def _wanted_of(self, film: RunFilm) -> Wanted:
        if not film.formats:
            return self._wanted
        return replace(self._wanted, settings=self._settings.model_copy(update={"formats": film.formats}))

    async def _publish(
        self, film: RunFilm, work: _InWork, video: Path, folder: Path, settings: Settings
    ) -> Manifest:
        def told(stage: str, frames: int, total: int | None) -> None:
            now_s = time.monotonic()
            if now_s - work.told_at >= _TELL_EVERY_S:
                work.told_at = now_s
                self._send(Progress(job=film.job, stage=stage, frames=frames, total=total))

        under = Published(film.number, self._wanted.fingerprint)
        async with open_result(folder, overwrite=self._leased or settings.overwrite) as target:
            result = await process(video, settings, self._services, told)
            permission = await self._permission(film, work)
            with in_stage("sink"):
                if self._leased:
                    await to_thread.run_sync(publish, target, result, under, permission)
                else:
                    await to_thread.run_sync(write_result, target, result)
        return result.manifest

    async def _permission(self, film: RunFilm, work: _InWork) -> Permission:
        """Leave to publish; asked for again when the answer took so long that little is left of the lease."""
        while True:
            asked_at = time.monotonic()
            self._send(MayPublish(job=film.job))
            await work.answered.wait()
            assert work.answer is not None
            permission = Permission(work.answer.left_s, work.answer.lease_s, asked_at)
            if permission.holds() or work.answer.left_s <= work.answer.lease_s * LEAST_SHARE_LEFT:
                return permission
            work.answered = Event()


def failure(job: int, error: Exception) -> FilmFailed | FilmGivenUp:
    """How a film ended that raised `error`: its own failure, or what is nobody's."""
    found = errors_in(error)
    if any(isinstance(one, LeaseLostError) for one in found):
        return FilmGivenUp(job=job, reason=str(next(one for one in found if isinstance(one, LeaseLostError))))
    reason = reason_of(error)
    if any(isinstance(one, OutputError) for one in found):
        return FilmGivenUp(job=job, trouble="output", reason=reason)
    trace = "".join(traceback.format_exception(error))
    if any(isinstance(one, LimitError) for one in found):
        return FilmFailed(job=job, kind="limits", reason=reason)
    if any(isinstance(one, KeyartError) for one in found):
        return FilmFailed(job=job, kind="refused", reason=reason, trace=trace)
    return FilmFailed(job=job, kind="inside", reason=reason, trace=trace)


def _looked_at(video: Path) -> tuple[str, os.stat_result]:
    try:
        status = video.stat()
        return content_fingerprint(video), status
    except FileNotFoundError:
        raise  # no failure of the film's: the job is gone
    except OSError as error:
        raise KeyartError(f"cannot be read ({error.strerror}), check its permissions") from error


def film_done(job: int, content: str, status: os.stat_result, manifest: Manifest, *, unchanged: bool) -> FilmDone:
    """What a manifest, and the file as it was before the work, say of a finished film."""
    return FilmDone(
        job=job,
        content=content,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        version=manifest.tool.version,
        unchanged=unchanged,
        wall_s=manifest.timings.wall_s,
        film_s=manifest.video.duration_s,
        frames=manifest.funnel.frames,
        images=len(manifest.images),
        episode=manifest.episode,
    )


async def serve(receive: Receive, send: Send, make_kit: MakeKit = open_kit) -> int:
    """Run what comes until the input ends; the exit code. receive: the next line, None at the end."""
    first = await receive()
    if first is None:
        return 0
    begin = TO_WORKER.validate_json(first)
    assert isinstance(begin, Begin)
    settings, problem = Settings(**begin.settings), None
    with log.opened(settings.log, _complain):
        try:
            async with open_services(settings, None, make_kit) as services:
                await _films(begin, settings, services, receive, send)
        except* DecidersLostError as group:
            _complain(str(errors_in(group)[0]))
            os._exit(DECIDERS_LOST)  # the supervisor finds out alone which of the films in work it was
        except* KeyartError as group:
            problem = reason_of(group)
            log.error("worker cannot start", group)
        except* DeviceLostError as group:
            _complain(str(errors_in(group)[0]))
            os._exit(DEVICE_LOST)  # libraries that give back their parts of a lost device may abort, and hide the code
    if problem is not None:
        send(CannotStart(reason=problem))
    return 0 if problem is None else 1


async def _films(begin: Begin, settings: Settings, services: Services, receive: Receive, send: Send) -> None:
    fingerprint = settings.settings_fingerprint
    notices = tuple(dict.fromkeys(notice.code for notice in services.notices))
    send(
        Ready(
            device=services.device,
            in_flight=services.in_flight,
            settings_fingerprint=fingerprint,
            notices=notices,
        )
    )
    worker = FilmWorker(begin, settings, services, send)
    async with create_task_group() as tasks:
        tasks.start_soon(worker.report)
        while (line := await receive()) is not None:
            message = TO_WORKER.validate_json(line)
            assert not isinstance(message, Begin)
            await worker.handle(message, tasks)
        if worker.busy:
            _end_now()
        tasks.cancel_scope.cancel()


def _complain(line: str) -> None:
    print(f"keyart: {line}", file=sys.stderr, flush=True)


def _end_now() -> None:
    """The supervisor is gone with films in work: remove what lies beside their places, wait for no native code."""
    abandon_all()
    os._exit(1)


async def _main() -> int:
    # What C libraries print must not come between the messages.
    out = os.dup(1)
    os.dup2(2, 1)
    incoming = lines(0)

    async def receive() -> bytes | None:
        return await anext(incoming, None)

    return await serve(receive, sender(out))


if __name__ == "__main__":
    faulthandler.enable()
    # A service manager sends these to all processes of a service; the supervisor decides what becomes of its workers.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(anyio.run(_main))
