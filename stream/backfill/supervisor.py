"""Workers kept at work on a library's jobs, whatever happens to them. All writes to the ledger are made by this
process, in one thread; workers only work."""

from __future__ import annotations

from anyio import CancelScope, Event, create_task_group, move_on_after, sleep
from anyio.abc import TaskGroup

from .errors import NowhereError
from .links import Places
from .place import Place
from .work import Work

_LAST_S = 5.0
"""What the ledger gets at the end to take back leases."""


async def supervise(work: Work, stop: Event, grace_s: float) -> None:
    """Run every place there is until nothing is left, or `stop` is set: then nothing new is taken, films in work get
    `grace_s`, and their leases go back. Raises RunStoppedError, in a group, when the run must end."""
    try:
        await _until_over(work, stop, grace_s)
    finally:
        with CancelScope(shield=True), move_on_after(_LAST_S):
            await work.give_back(list(work.in_work.values()), "the run ends")


async def _until_over(work: Work, stop: Event, grace_s: float) -> None:
    async with create_task_group() as beating:
        beating.start_soon(_heartbeat, work)
        async with create_task_group() as running:
            running.start_soon(_stop_when_asked, work, stop, grace_s, running.cancel_scope)
            async with create_task_group() as placed:
                await _Staffing(work, placed).run()
            running.cancel_scope.cancel()
        beating.cancel_scope.cancel()


class _Staffing:
    """Keeps a `Place` running in `tasks` for every place there is."""

    def __init__(self, work: Work, tasks: TaskGroup) -> None:
        self._work, self._tasks = work, tasks
        self._open: dict[str, Place] = {}
        self._over = Event()

    async def run(self) -> None:
        """Open places that come and close those that go, until one of them finds nothing left for this run. Where there
        is none, wait, longer and longer. Raises RunStoppedError when that lasts too long."""
        work = self._work
        while not (self._over.is_set() or work.stop_taking):
            wait_s = work.look_again_s
            try:
                self._keep(await work.places())
            except NowhereError as nowhere:
                if not self._open:
                    if await work.nothing_left():
                        return
                    wait_s = work.patience["start"].wait_s(str(nowhere))
                    work.watcher.trouble("nowhere", str(nowhere), wait_s)
            with move_on_after(wait_s):
                await self._over.wait()

    def _keep(self, places: Places) -> None:
        for name in self._open.keys() - places.keys():
            self._open.pop(name).close()
        for name, start in places.items():
            if name not in self._open:
                self._open[name] = Place(name, self._work, start)
                self._tasks.start_soon(self._run, name, self._open[name])

    async def _run(self, name: str, place: Place) -> None:
        if await place.run():
            self._over.set()
        elif self._open.get(name) is place:
            del self._open[name]


async def beat(work: Work) -> None:
    """Renew what is in work, note what was lost, and take back what others left."""
    leases = [film.lease for film in work.in_work.values() if not film.lost]
    held = await work.asked(lambda: work.leases.renew(leases))
    for lease in leases:
        film = work.in_work.get(lease.job)
        if film is not None and film.lease.number == lease.number:
            film.lease, film.lost = held.get(lease.job, lease), lease.job not in held
    if (await work.asked(work.leases.sweep)).alone:
        work.alone_may_wait = True


async def _heartbeat(work: Work) -> None:
    """Three times a lease, until it is cancelled."""
    while True:
        await sleep(work.leases.lease_s / 3)
        await beat(work)


async def _stop_when_asked(work: Work, stop: Event, grace_s: float, scope: CancelScope) -> None:
    await stop.wait()
    work.stop_taking = True
    with move_on_after(grace_s):
        while work.in_work:
            await sleep(0.05)
    scope.cancel()
