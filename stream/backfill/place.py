"""A place for one worker at a time: a shared one that is fed with films, or a process for one film that must be alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from anyio import CancelScope, move_on_after, sleep, to_thread

from ..output.leftovers import FoldersWithLeftovers
from .endings import Endings
from .links import DEVICE_LOST, StartWorker, WorkerEndedError, WorkerLink, WorkerLostError
from .messages import (
    OF_NO_FILM,
    Begin,
    CannotStart,
    DropFilm,
    FilmDone,
    FilmFailed,
    FilmGivenUp,
    FilmGone,
    MayPublish,
    Progress,
    Publish,
    Ready,
    Report,
    RunFilm,
    Said,
    path_out,
)
from .states import WhyStarted
from .stopping import RunStoppedError
from .titles import result_below
from .work import FilmInWork, Work

_LEADS_OUTSIDE = "leads outside of the folders that may be read, remove the link"
_STOP_WORKER_S = 10.0
_STOP_BUSY_WORKER_S = 0.25
"""What a worker with films in work gets to remove what it has half written; nothing waits for these films."""


class Place:
    """One place, where `start` starts its workers."""

    def __init__(self, name: str, work: Work, start: StartWorker) -> None:
        self._name, self._work, self._start = name, work, start
        self._endings = Endings(name, work)
        self._films: dict[int, FilmInWork] = {}
        self._workers = 0
        self._started_s = 0.0
        self._ready = self._closed = False
        self._next_start: WhyStarted = "first"

    def close(self) -> None:
        """Take nothing new: `run` returns when what is in work here has ended."""
        self._closed = True

    async def run(self) -> bool:
        """Work until nothing is left for this run (True), or it takes nothing new, or the place is closed or lost.
        Raises RunStoppedError."""
        work = self._work
        while not (work.stop_taking or self._closed):
            if (held_s := work.held_s()) > 0:
                await sleep(min(held_s, work.look_again_s))
            elif not await self._something() and not work.held_s():
                if await work.nothing_left():
                    return True
                await sleep(work.look_again_s)
        return False

    async def _something(self) -> bool:
        """Run what is to run now: films that must be alone, others, and only then those that just lost the device."""
        work = self._work
        later = [job for job, passed in work.lost_device.items() if passed == work.passed]
        work.alone_may_wait = False
        if films := await work.take(1, alone=True, leave=later):
            await self._worker(films, alone=True)
        elif films := await work.take(1):
            await self._worker(films, alone=False)
        elif films := await work.take(1, alone=True):
            await self._worker(films, alone=True)
        elif work.endless and not work.held_s():
            await self._worker([], alone=False)
            return True
        return bool(films)

    async def _worker(self, films: list[FilmInWork], *, alone: bool) -> None:
        """One worker from its start to its end."""
        self._films, self._ready, link = {film.lease.job: film for film in films}, False, None
        self._workers += 1
        self._work.watcher.starting(self._name, "alone" if alone else self._next_start)
        self._next_start = self._next_start if alone else "idle"
        try:
            link = await self._start(f"{self._name}-{self._workers}")
            await self._serve(link, alone=alone)
        except WorkerLostError as lost:
            await self._after_loss(lost)
        except WorkerEndedError as ended:
            await self._after_death(ended, alone=alone)
        except OSError as error:
            await self._work.give_back(self._taken_away(), "no worker could be started")
            self._work.hold("start", f"a worker cannot be started ({error.strerror or error})")
        finally:
            await self._end(link)

    async def _serve(self, link: WorkerLink, *, alone: bool) -> None:
        work = self._work
        settings = work.settings.model_dump(mode="json")
        fingerprint = work.leases.fingerprint
        await link.send(
            Begin(settings=settings, fingerprint=fingerprint, redo_version=work.redo_version, leased=work.leased)
        )
        self._started_s = work.clock()
        self._signs_now()
        ready = await self._heard(link)
        if not isinstance(ready, Ready):
            reason = ready.reason if isinstance(ready, CannotStart) else "a worker began with something else than ready"
            await work.give_back(self._taken_away(), reason)
            work.hold("start", reason)
            return
        self._check(ready)
        self._signs_now()
        for film in list(self._films.values()):
            await self._begin(link, film)
        served = 0
        while True:
            goes_on = not alone and await self._feed(link, ready.in_flight, served)
            if self._films:
                served += await self._after(link, await self._heard(link))
            elif not (goes_on and work.endless and await self._waited(link)):
                return

    def _check(self, ready: Ready) -> None:
        if ready.settings_fingerprint != self._work.settings.settings_fingerprint:
            raise RunStoppedError("a worker read other settings than it was sent, report this")
        self._ready = True
        self._work.patience["start"].over()
        self._work.watcher.ready(self._name, ready)

    async def _waited(self, link: WorkerLink) -> bool:
        """Wait a moment with an idle worker; whether it is still wanted. Raises WorkerEndedError when it dies."""
        work = self._work
        with move_on_after(work.look_again_s):
            await self._after(link, await link.receive())
        return not (work.stop_taking or await work.asked(work.leases.is_any_alone))

    async def _feed(self, link: WorkerLink, in_flight: int, served: int) -> bool:
        """Fill the worker up; False when it is to be replaced, or films that must run alone wait for this place."""
        backfill = self._work.settings.backfill
        room = in_flight - len(self._films)
        if backfill.recycle_films:
            room = min(room, backfill.recycle_films - served - len(self._films))
        heavy = served and backfill.recycle_mib and link.memory_mib() > backfill.recycle_mib
        if room <= 0 or heavy or self._closed or self._work.alone_may_wait:
            self._next_start = "idle" if self._films else "recycled"
            return False
        for film in await self._work.take(room):
            self._films[film.lease.job] = film
            film.last_sign = self._work.clock()
            await self._begin(link, film)
        return True

    async def _begin(self, link: WorkerLink, film: FilmInWork) -> None:
        lease = film.lease
        if not await to_thread.run_sync(self._work.may_open, film.video):
            del self._films[lease.job]
            await self._endings.failed(film, FilmFailed(job=lease.job, kind="refused", reason=_LEADS_OUTSIDE))
            return
        if lease.alone:
            await self._work.asked(lambda: self._work.leases.begun(lease))
        self._work.watcher.began(lease, film.video)
        film_to_run = RunFilm(
            job=lease.job,
            number=lease.number,
            video=path_out(film.video),
            folder=path_out(result_below(self._work.out, lease.key)),
            not_before=lease.not_before,
            formats=lease.formats,
        )
        await link.send(film_to_run)

    async def _heard(self, link: WorkerLink) -> Said:
        """The next message. A worker that says nothing, or nothing of one of its films, for too long is ended: raises
        WorkerEndedError then, and when it ends by itself."""
        work, limit_s = self._work, self._work.settings.limits.no_progress_s
        while True:
            for film in self._films.values():
                if film.lost and not film.dropped:
                    film.dropped = True
                    await link.send(DropFilm(job=film.lease.job))
            said: Said | None = None
            with move_on_after(work.look_again_s):
                said = await link.receive()
            now_s = work.clock()
            if said is not None and not isinstance(said, OF_NO_FILM) and said.job in self._films:
                self._films[said.job].last_sign = now_s
            signs = [film.last_sign for film in self._films.values()] or [self._started_s]
            if any(now_s - sign > limit_s for sign in signs):
                ended = await link.abort()
                if isinstance(ended, WorkerLostError):
                    raise ended
                raise WorkerEndedError(ended.exit_code, ended.log, hung_s=limit_s)
            if said is not None:
                return said

    async def _after(self, link: WorkerLink, said: Said) -> int:
        """Act on a message; how many films it ended."""
        if isinstance(said, Report):
            self._work.watcher.reported(self._name, said)
        if isinstance(said, OF_NO_FILM) or (film := self._films.get(said.job)) is None:
            return 0
        began = self._work.clock()
        if isinstance(said, Progress):
            self._work.watcher.went_on(film.lease, said)
        elif isinstance(said, MayPublish):
            await self._answer(link, film)
        else:
            del self._films[said.job]
            await self._film_ended(film, said)
        took_s = self._work.clock() - began  # the ledger's time is not the films'
        for other in self._films.values():
            other.last_sign += took_s
        return 0 if isinstance(said, Progress | MayPublish) else 1

    async def _answer(self, link: WorkerLink, film: FilmInWork) -> None:
        """Leave to publish, as long as the lease lasts from now."""
        work, lease = self._work, film.lease
        held = {} if film.lost else await work.asked(lambda: work.leases.renew([lease]))
        left_s = held[lease.job].left_s() if lease.job in held else -1.0
        await link.send(Publish(job=lease.job, left_s=left_s, lease_s=work.leases.lease_s))

    async def _film_ended(self, film: FilmInWork, said: FilmDone | FilmFailed | FilmGone | FilmGivenUp) -> None:
        if isinstance(said, FilmDone):
            await self._endings.done(film, said)
        elif isinstance(said, FilmFailed):
            await self._endings.failed(film, said)
        elif isinstance(said, FilmGone):
            await self._endings.gone(film)
        else:
            await self._work.give_back([film], said.reason)
            if said.trouble is not None:
                self._work.hold(said.trouble, said.reason)

    async def _after_loss(self, lost: WorkerLostError) -> None:
        """Nothing is heard from the worker any more, and so nothing more is to be begun here. What was in work lost its
        lease, as far as anyone can tell."""
        self.close()
        self._work.watcher.worker_ended(self._name, lost.how(), "")
        if self._ready:
            await self._work.lose(self._taken_away(), lost.how())
        else:
            await self._work.give_back(self._taken_away(), lost.how())

    async def _after_death(self, ended: WorkerEndedError, *, alone: bool) -> None:
        """The worker is gone. Its films are not charged and run next alone, but one that was alone is."""
        work, how = self._work, ended.how()
        films = self._taken_away()
        self._next_start = "died"
        work.watcher.worker_ended(self._name, how, ended.last_words())
        await self._clean_up(films)
        if not self._ready:
            await work.give_back(films, how)
            work.hold("start", f"a worker {how} while it began: {ended.last_words()}")
        elif alone and films:
            await self._endings.death_alone(films[0], ended)
        else:
            await work.give_back(films, how, alone=True)
            if ended.exit_code == DEVICE_LOST or not films:
                work.hold("device", f"a worker {how}: {ended.last_words()}")

    async def _end(self, link: WorkerLink | None) -> None:
        """Nothing of this place is in work any more; what still was goes back."""
        with CancelScope(shield=True):
            if link is not None:
                await link.stop(_STOP_BUSY_WORKER_S if self._films else _STOP_WORKER_S)
            self._work.watcher.stopped(self._name)
            if films := self._taken_away():
                await self._clean_up(films)
                with move_on_after(_STOP_WORKER_S):
                    await self._work.give_back(films, "the run ends")

    async def _clean_up(self, films: Iterable[FilmInWork]) -> None:
        """A worker that was killed could not remove what it had half written."""
        await to_thread.run_sync(_clean_up, [result_below(self._work.out, film.lease.key) for film in films])

    def _taken_away(self) -> list[FilmInWork]:
        films = list(self._films.values())
        self._films = {}
        return films

    def _signs_now(self) -> None:
        for film in self._films.values():
            film.last_sign = self._work.clock()


def _clean_up(targets: Iterable[Path]) -> None:
    folders = FoldersWithLeftovers()
    for target in targets:
        folders.clean_up(target)
