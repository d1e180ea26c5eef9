"""Workers kept at work on a library's jobs, whatever happens to them. All writes to the ledger are made by this
process, in one thread; workers only work."""

from __future__ import annotations

from collections.abc import Mapping

from anyio import CancelScope, Event, create_task_group, move_on_after, sleep

from .place import Place
from .work import Work

_LAST_S = 5.0
"""What the ledger gets at the end to take back leases."""


async def supervise(work: Work, places: Mapping[str, Mapping[str, str]], stop: Event, grace_s: float) -> None:
    """Run every place (name → environment) until nothing is left, or `stop` is set: then nothing new is taken, films in
    work get `grace_s`, and their leases go back. Raises RunStoppedError, in a group, when the run must end."""
    try:
        await _until_over(work, places, stop, grace_s)
    finally:
        with CancelScope(shield=True), move_on_after(_LAST_S):
            await work.give_back(list(work.in_work.values()), "the run ends")


async def _until_over(work: Work, places: Mapping[str, Mapping[str, str]], stop: Event, grace_s: float) -> None:
    async with create_task_group() as beating:
        beating.start_soon(_heartbeat, work)
        async with create_task_group() as running:
            running.start_soon(_stop_when_asked, work, stop, grace_s, running.cancel_scope)
            async with create_task_group() as placed:
                for name, environment in places.items():
                    placed.start_soon(Place(name, work, environment).run)
            running.cancel_scope.cancel()
        beating.cancel_scope.cancel()


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
