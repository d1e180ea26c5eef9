"""Claims on jobs, and every later write that rests on one: each names the state and the fencing number, so that nothing
that comes late undoes a result or takes a lease from its owner.

A lease ends by the database's clock. Its number rises with every claim of the job, whoever claims.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true, tuple_

from ..manifest import EpisodeEntry
from .clock import now_s
from .database import Database
from .episodes import note_entry
from .schema import IS_QUEUED, IS_RUNNING, jobs
from .states import Kind, State

ALONE_AFTER_LOST = 2
"""Leases of one film that ended without word, after which it runs in a process of its own."""
QUARANTINED_AFTER_LOST = 6
"""After so many, the last of them in work alone, it is quarantined: it takes machine after machine down."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job until `until` (of `time.monotonic`, this process's clock, never later than the
    database's). content: fingerprint of the file's content when its last result was made, None without one.
    not_before: an earlier result of a lower number is made anew. formats: those to cut, none for the settings' own."""

    job: int
    number: int
    key: str
    path: str | None
    size_bytes: int
    mtime_ns: int
    until: float
    lease_s: float
    alone: bool
    attempts: int
    content: str | None
    not_before: int
    formats: tuple[str, ...] = ()

    def left_s(self) -> float:
        """Seconds until it ends; negative when it has ended."""
        return self.until - time.monotonic()


@dataclass(frozen=True, slots=True)
class Taken:
    """Jobs that were taken from owners who said no word more; how many of them must run alone now."""

    jobs: int
    alone: int


class Leases:
    """Claims of one owner on the jobs of one library and result fingerprint. Every method is one transaction.

    owner: who claims, unique among the living (`stream.backfill.owner`). lease_s: how long a lease lasts. shard:
    (i, n), only this of n parts of the jobs is claimed. All methods raise LedgerUnavailableError.
    """

    def __init__(
        self,
        database: Database,
        library: str,
        fingerprint: str,
        owner: str,
        lease_s: float,
        shard: tuple[int, int] | None = None,
    ) -> None:
        self._database, self._owner, self._library = database, owner, library
        self.fingerprint, self.lease_s = fingerprint, lease_s
        self._mine = and_(jobs.c.library == library, jobs.c.fingerprint == fingerprint)
        self._wanted = self._mine if shard is None else and_(self._mine, jobs.c.bucket % shard[1] == shard[0])

    def claim(self, count: int, *, alone: bool = False, leave: Collection[int] = ()) -> list[Lease]:
        """Take up to `count` queued jobs, by priority, then the largest files first. Two claims never give one job.

        alone: those that must run in a process of their own, else the others. leave: jobs that are passed over.
        """
        wanted = and_(self._wanted, IS_QUEUED, jobs.c.alone == (true() if alone else false()))
        if leave:
            wanted = and_(wanted, jobs.c.id.not_in(leave))
        order = (jobs.c.priority.desc(), jobs.c.size_bytes.desc(), jobs.c.id)
        next_ids = select(jobs.c.id).where(wanted).order_by(*order).limit(count).with_for_update(skip_locked=True)
        began = time.monotonic()
        with self._database.writing() as connection:
            ids = connection.execute(next_ids).scalars().all()
            if not ids:
                return []
            taken = (
                jobs.update()
                .where(jobs.c.id.in_(ids), IS_QUEUED)
                .values(
                    state="running",
                    number=jobs.c.number + 1,
                    owner=self._owner,
                    lease_until_s=now_s() + self.lease_s,
                    started_s=now_s(),
                    begun=False,
                )
                .returning(jobs)
            )
            rows = connection.execute(taken).all()
        rows = sorted(rows, key=lambda row: ids.index(row.id))
        return [self._lease(row, began) for row in rows]

    def renew(self, leases: Iterable[Lease]) -> dict[int, Lease]:
        """Let the leases last `lease_s` from now; job → lease of those that are still held. What is missing was lost to
        somebody else, or cancelled."""
        held = list(leases)
        if not held:
            return {}
        began = time.monotonic()
        ours = tuple_(jobs.c.id, jobs.c.number).in_([(lease.job, lease.number) for lease in held])
        longer = (
            jobs.update()
            .where(ours, IS_RUNNING, jobs.c.owner == self._owner)
            .values(lease_until_s=now_s() + self.lease_s)
            .returning(jobs)
        )
        with self._database.writing() as connection:
            return {row.id: self._lease(row, began) for row in connection.execute(longer)}

    def begun(self, lease: Lease) -> bool:
        """Note that the worker of a film alone has begun with it. False: the lease was lost."""
        begun = jobs.update().where(self._is_ours(lease), IS_RUNNING).values(begun=True)
        with self._database.writing() as connection:
            return connection.execute(begun).rowcount == 1

    def note_episode(self, content: str, entry: EpisodeEntry, threshold: float) -> None:
        """Keep the verdict on a film that is done; see `stream.backfill.episodes.note_verdict`."""
        note_entry(self._database, self._library, content, entry, threshold=threshold)

    def done(self, lease: Lease, **facts: Any) -> bool:
        """Note a published result; `facts` are columns (`content`, `size_bytes`, `wall_s`, `frames`, …). False when the
        lease was lost before."""
        return self._end(lease, "done", kind=None, reason=None, log=None, attempts=0, lost=0, alone=False, **facts)

    def failed(self, lease: Lease, kind: Kind, reason: str, log: str | None = None, attempts: int = 0) -> bool:
        """Note a failure that stands until the file, the settings or a person change it. False: the lease was lost."""
        return self._end(lease, "failed", kind=kind, reason=reason, log=log, attempts=attempts)

    def quarantined(self, lease: Lease, kind: Kind, reason: str, log: str | None, attempts: int) -> bool:
        """Note a film that took down its own process again and again. False: the lease was lost."""
        return self._end(lease, "quarantined", kind=kind, reason=reason, log=log, attempts=attempts)

    def gone(self, lease: Lease) -> bool:
        """Note that the file is not there any more. False: the lease was lost."""
        return self._end(lease, "gone", kind=None, reason=None, log=None)

    def tried(self, lease: Lease, kind: Kind, reason: str, log: str | None, **changed: Any) -> bool:
        """Queue the job again after an attempt that counts; `changed` are the columns that say so. False: lost."""
        return self._end(lease, "queued", kind=kind, reason=reason, log=log, **changed)

    def give_back(self, leases: Iterable[Lease], *, alone: bool = False) -> int:
        """Queue jobs again that were not finished through no fault of theirs: no attempt is counted. alone: they run
        next in a process of their own. Returns how many were still held."""
        values: dict[str, Any] = {"alone": True} if alone else {}
        return sum(self._end(lease, "queued", **values) for lease in leases)

    def sweep(self) -> Taken:
        """Queue again what lies under a lease that ended; one that ended `ALONE_AFTER_LOST` times without word runs
        next in a process of its own, lest one film take machine after machine down, and one that goes on so is
        quarantined (`QUARANTINED_AFTER_LOST`)."""
        return self._lose(and_(self._mine, jobs.c.lease_until_s < now_s()))

    def lose(self, leases: Iterable[Lease]) -> Taken:
        """Queue again what was in work where nothing can be heard from any more, as if its leases had ended without
        word."""
        taken = [self._lose(self._is_ours(lease)) for lease in leases]
        return Taken(sum(one.jobs for one in taken), sum(one.alone for one in taken))

    def left(self) -> int:
        """How many jobs of the shard are queued or in work, whoever works on them."""
        counts = [select(func.count()).where(self._wanted, state) for state in (IS_QUEUED, IS_RUNNING)]
        with self._database.reading() as connection:
            return sum(connection.execute(count).scalar_one() for count in counts)

    def is_any_left(self) -> bool:
        """Whether a job of the shard is queued or in work, whoever works on it."""
        first = [select(jobs.c.id).where(self._wanted, state).limit(1) for state in (IS_QUEUED, IS_RUNNING)]
        with self._database.reading() as connection:
            return any(connection.execute(one).first() is not None for one in first)

    def is_any_alone(self) -> bool:
        """Whether a queued job must run in a process of its own."""
        first = select(jobs.c.id).where(self._wanted, IS_QUEUED, jobs.c.alone == true()).limit(1)
        with self._database.reading() as connection:
            return connection.execute(first).first() is not None

    def left_bytes(self, most: int | None = None) -> tuple[int, int]:
        """How many of these jobs there are, and the bytes of their files; of the `most` that come first."""
        unfinished = and_(self._wanted, or_(IS_QUEUED, IS_RUNNING))
        sizes = select(jobs.c.size_bytes).where(unfinished)
        if most is not None:
            sizes = sizes.order_by(jobs.c.priority.desc(), jobs.c.size_bytes.desc()).limit(most)
        counted = sizes.subquery()
        with self._database.reading() as connection:
            films, size = connection.execute(select(func.count(), func.sum(counted.c.size_bytes))).one()
        return int(films), int(size or 0)

    def owners(self) -> list[str]:
        """Who holds leases here now."""
        with self._database.reading() as connection:
            held = select(jobs.c.owner).where(self._mine, IS_RUNNING).distinct()
            return [owner for owner in connection.execute(held).scalars() if owner is not None]

    def take_from(self, owners: Sequence[str]) -> Taken:
        """Queue again what dead owners hold, without waiting for their leases to end; else as `sweep`."""
        return self._lose(and_(self._mine, jobs.c.owner.in_(owners))) if owners else Taken(0, 0)

    def _lose(self, which: ColumnElement[bool]) -> Taken:
        # One that had not begun alone, for its worker was still starting, has nothing to do with it.
        lost = jobs.c.lost + case((and_(jobs.c.alone, jobs.c.begun.is_(False)), 0), else_=1)
        too_often = and_(jobs.c.alone, lost >= QUARANTINED_AFTER_LOST)
        reason = f"whoever worked on it vanished without a word, {QUARANTINED_AFTER_LOST}×, the last times alone"
        again = (
            jobs.update()
            .where(which, IS_RUNNING)
            .values(
                state=case((too_often, "quarantined"), else_="queued"),
                kind=case((too_often, "died"), else_=jobs.c.kind),
                reason=case((too_often, reason), else_=jobs.c.reason),
                ended_s=case((too_often, now_s()), else_=jobs.c.ended_s),
                owner=None,
                lease_until_s=None,
                lost=lost,
                alone=case((lost >= ALONE_AFTER_LOST, true()), else_=jobs.c.alone),
            )
        )
        with self._database.writing() as connection:
            alone = connection.execute(again.returning(jobs.c.alone)).scalars().all()
        return Taken(len(alone), sum(alone))

    def _end(self, lease: Lease, state: State, **values: Any) -> bool:
        ended: dict[str, Any] = {} if state == "queued" else {"ended_s": now_s()}
        change = (
            jobs.update()
            .where(self._is_ours(lease), IS_RUNNING)
            .values(state=state, owner=None, lease_until_s=None, **ended, **values)
        )
        with self._database.writing() as connection:
            return connection.execute(change).rowcount == 1

    def _is_ours(self, lease: Lease) -> ColumnElement[bool]:
        return and_(jobs.c.id == lease.job, jobs.c.number == lease.number, jobs.c.owner == self._owner)

    def _lease(self, row: Any, began: float) -> Lease:
        return Lease(
            job=row.id,
            number=row.number,
            key=row.key,
            path=row.path,
            size_bytes=row.size_bytes,
            mtime_ns=row.mtime_ns,
            until=began + self.lease_s,
            lease_s=self.lease_s,
            alone=row.alone,
            attempts=row.attempts,
            content=row.content,
            not_before=row.not_before,
            formats=tuple(row.formats.split(",")) if row.formats else (),
        )
