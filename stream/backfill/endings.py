"""What becomes of a job when its film ended: done, failed, gone, or tried once more."""

from __future__ import annotations

import os
from pathlib import Path

from anyio import to_thread

from .links import DEVICE_LOST, WorkerEndedError
from .messages import FilmDone, FilmFailed
from .states import Kind
from .work import FilmInWork, Work

INSIDE_ATTEMPTS = 2
"""A failure inside Keyart is tried once more."""
_FILE = {"content", "size_bytes", "mtime_ns", "version"}
_FIGURES = {"wall_s", "film_s", "frames"}


class Endings:
    """Writes how films of one place ended, under their leases. All methods raise RunStoppedError when too many of the
    last films failed, or the ledger cannot be reached for too long."""

    def __init__(self, place: str, work: Work) -> None:
        self._place, self._work = place, work

    async def done(self, film: FilmInWork, said: FilmDone) -> None:
        """A result is in its place."""
        work = self._work
        facts = said.model_dump(include=_FILE if said.unchanged else _FILE | _FIGURES)
        if await self._kept(film, await work.asked(lambda: work.leases.done(film.lease, **facts))):
            if said.episode is not None:
                entry, threshold = said.episode, work.settings.episode.threshold
                await work.asked(lambda: work.leases.note_episode(said.content, entry, threshold))
            for patience in work.patience.values():
                patience.over()
            work.watcher.done(self._place, film.lease, film.video, said)
            work.end(film, failed=False)

    async def failed(self, film: FilmInWork, said: FilmFailed) -> None:
        """The film failed by itself. A failure inside Keyart is tried once more, alone: perhaps others took its memory.
        """
        attempts = film.lease.attempts + 1
        if said.kind == "refused" and await self._library_is_away(film):
            return
        if said.kind == "inside" and attempts < INSIDE_ATTEMPTS:
            await self._again(film, said.kind, said.reason, said.trace, attempts, alone=True)
        else:
            await self._final(film, said.kind, said.reason, said.trace, attempts)

    async def gone(self, film: FilmInWork) -> None:
        """The file is not there any more; but where the whole library is not, that is no file's fault."""
        work = self._work
        if await self._library_is_away(film):
            return
        if await self._kept(film, await work.asked(lambda: work.leases.gone(film.lease))):
            work.watcher.gone(film.lease, film.video)
            work.end(film, failed=False)

    async def _library_is_away(self, film: FilmInWork) -> bool:
        """Whether nothing of the library can be read; then the film goes back."""
        work = self._work
        if film.lease.path is not None or await to_thread.run_sync(_is_there, work.root):
            return False
        await work.give_back([film], "the library is not there")
        work.hold("library", f"{work.root} is empty or not there, mount it")
        return True

    async def death_alone(self, film: FilmInWork, ended: WorkerEndedError) -> None:
        """The process of a film alone died or hung: that counts against the film. A lost device does not, unless it is
        lost again while others pass."""
        work, attempts = self._work, film.lease.attempts + 1
        if ended.exit_code == DEVICE_LOST and ended.hung_s is None:
            await self._device_lost(film, ended)
            return
        kind: Kind = "died" if ended.hung_s is None else "hung"
        told = "; `keyart ledger failed` has its log" if work.leased else ""
        reason = f"its worker {ended.how()}, in a process of its own, {attempts}×{told}"
        if attempts < work.settings.backfill.attempts:
            await self._again(film, kind, reason, ended.log, attempts)
        else:
            await self._quarantined(film, kind, reason, ended.log, attempts)

    async def _device_lost(self, film: FilmInWork, ended: WorkerEndedError) -> None:
        work, job = self._work, film.lease.job
        before = work.lost_device.get(job)
        if before is not None and work.passed > before:
            reason = f"its worker {ended.how()} twice, alone, while other films passed"
            await self._quarantined(film, "device", reason, ended.log, film.lease.attempts + 1)
            return
        work.lost_device[job] = work.passed
        await work.give_back([film], ended.how(), alone=True)
        work.hold("device", f"a worker {ended.how()}: {ended.last_words()}")

    async def _again(
        self, film: FilmInWork, kind: Kind, reason: str, log: str | None, attempts: int, *, alone: bool = False
    ) -> None:
        leases, lease = self._work.leases, film.lease
        changed = {"attempts": attempts, "alone": alone or lease.alone}
        if await self._kept(film, await self._work.asked(lambda: leases.tried(lease, kind, reason, log, **changed))):
            self._work.alone_may_wait = True
            self._work.watcher.failed(lease, film.video, kind, reason, final=False)
            self._work.in_work.pop(lease.job, None)

    async def _final(self, film: FilmInWork, kind: Kind, reason: str, log: str | None, attempts: int) -> None:
        leases, lease = self._work.leases, film.lease
        if await self._kept(film, await self._work.asked(lambda: leases.failed(lease, kind, reason, log, attempts))):
            self._work.watcher.failed(lease, film.video, kind, reason, final=True)
            self._work.end(film, failed=True)

    async def _quarantined(self, film: FilmInWork, kind: Kind, reason: str, log: str, attempts: int) -> None:
        leases, lease = self._work.leases, film.lease
        if await self._kept(
            film, await self._work.asked(lambda: leases.quarantined(lease, kind, reason, log, attempts))
        ):
            self._work.watcher.failed(lease, film.video, kind, reason, final=True)
            self._work.end(film, failed=True)

    async def _kept(self, film: FilmInWork, written: bool) -> bool:
        """Whether the lease still was ours; else the film is somebody else's now."""
        if not written:
            self._work.in_work.pop(film.lease.job, None)
            self._work.watcher.given_back(film.lease, "its lease was lost")
        return written


def _is_there(root: Path) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
