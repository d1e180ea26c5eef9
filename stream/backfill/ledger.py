"""What a library's jobs are: which titles there are, where each stands, what a person may change about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from ..errors import UsageError
from .clock import now_s
from .database import Database
from .inserting import insert_into, insert_jobs
from .schema import facts, jobs, prepare
from .states import STATES, State
from .titles import Title, bucket_of

_BATCH = 5000
"""Titles a transaction: a scan must not keep workers from the ledger for long."""
_PACE_OF = 1000
HasResult = Callable[[str], bool]
"""Whether the result of a title (by its key) is there."""
AFRESH: dict[str, Any] = {
    "state": "queued", "attempts": 0, "lost": 0, "alone": False, "kind": None, "reason": None,
    "log": None, "ended_s": None,
}  # fmt: skip
"""A job that begins again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scan is for. root: the folder that keys are below. redo_version: what another version of Keyart made is
    queued as well. redo_all: every result is made anew, whoever made it."""

    fingerprint: str
    root: str
    has_result: HasResult
    redo_version: str | None = None
    redo_all: bool = False


@dataclass(slots=True)
class Scan:
    """What a scan of the library found. `queued`: new, changed, or with a result that is gone. `waiting`: queued
    before, or in work."""

    seen: int = 0
    queued: int = 0
    queued_bytes: int = 0
    waiting: int = 0
    waiting_bytes: int = 0
    unchanged: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    """Why jobs were queued: new, changed, back, result_gone_or_replaced, version, overwrite; and how many are gone."""

    def add_new(self, new: Sequence[Title], seen: int) -> None:
        """Count titles that the ledger does not know, of those that were looked at."""
        self.seen += seen
        self.queued += len(new)
        self.queued_bytes += sum(title.size_bytes for title in new)
        self.changes["new"] += len(new)


@dataclass(slots=True)
class Standing:
    """Where all jobs stand. films: (state, kind of failure or "") → how many. oldest_s: how long the first of the
    queued has waited, seconds; None when none is."""

    films: Counter[tuple[str, str]] = field(default_factory=Counter)
    queued: int = 0
    oldest_s: float | None = None


class Ledger:
    """The jobs of one result folder in one database. Opening it makes or migrates the tables.

    library: the id in the result folder. A ledger serves one result folder: opening it for another raises UsageError.
    Raises LedgerVersionError for a ledger of a newer Keyart; every method raises LedgerUnavailableError.
    """

    def __init__(self, database: Database, library: str | None = None) -> None:
        self.database = database
        with database.writing() as connection:
            prepare(connection)
            self.library = _bind(connection, library, database.shown)

    def enqueue(self, asked: Asked, titles: Iterable[Title], *, dry: bool = False) -> Scan:
        """Bring the jobs of a fingerprint up to date with what a scan found.

        New titles are queued, changed ones queued again (one with a result keeps its content's fingerprint: the worker
        looks whether the content really changed), and those whose result is gone. What is running stays. dry: only
        count.
        """
        scan, source = Scan(), iter(titles)
        with self.database.reading() as connection:
            first = connection.execute(select(jobs.c.id).where(self._of(asked.fingerprint)).limit(1)).first() is None
            began_s = int(connection.execute(select(now_s())).scalar_one())
        while chunk := {title.key: title for title in islice(source, _BATCH)}:
            with self.database.reading() if dry else self.database.writing() as connection:
                known = {} if first else self._known(connection, asked.fingerprint, list(chunk))
                new = [title for key, title in chunk.items() if key not in known]
                scan.add_new(new, len(chunk))
                changed = _changed(asked, chunk, known, scan)
                if not dry:
                    insert_jobs(connection, _new_rows(self.library, asked, new, began_s))
                    self._update(connection, changed)
        return scan

    def gone(self, fingerprint: str, root: str, is_there: Callable[[str], bool]) -> int:
        """Note the jobs of titles below `root` that a whole scan did not find. Returns how many."""
        mine = and_(
            self._of(fingerprint), jobs.c.root == root, jobs.c.state.in_(("queued", "done", "failed", "quarantined"))
        )
        missing = [row.id for row in self._paged((jobs.c.id, jobs.c.key), mine) if not is_there(row.key)]
        for start in range(0, len(missing), _BATCH):
            ids = missing[start : start + _BATCH]
            which = and_(jobs.c.id.in_(ids), jobs.c.state != "running")
            with self.database.writing() as connection:
                connection.execute(jobs.update().where(which).values(state="gone", ended_s=now_s()))
        return len(missing)

    def counts(self, fingerprint: str | None = None) -> dict[State, int]:
        """How many jobs are in each state, of one result fingerprint or of all."""
        asked = select(jobs.c.state, func.count()).where(self._of(fingerprint)).group_by(jobs.c.state)
        with self.database.reading() as connection:
            found = {state: count for state, count in connection.execute(asked)}
        return {state: found.get(state, 0) for state in STATES}

    def queue_age_s(self, fingerprint: str | None = None) -> float | None:
        """Seconds since the oldest queued job was queued; None when nothing is queued."""
        oldest = select(now_s() - func.min(jobs.c.queued_s)).where(self._of(fingerprint), jobs.c.state == "queued")
        with self.database.reading() as connection:
            age_s = connection.execute(oldest).scalar()
        return None if age_s is None else float(age_s)

    def standing(self, fingerprint: str | None = None) -> Standing:
        """How many jobs are in each state, for which kind of failure, and how old the queue is: one look at each of
        them, .7 s for 10⁶."""
        columns = (jobs.c.state, jobs.c.kind, func.count(), now_s() - func.min(jobs.c.queued_s))
        asked = select(*columns).where(self._of(fingerprint)).group_by(jobs.c.state, jobs.c.kind)
        found = Standing()
        with self.database.reading() as connection:
            for state, kind, count, age_s in connection.execute(asked):
                found.films[state, (kind or "") if state in ("failed", "quarantined") else ""] += count
                if state == "queued":
                    found.queued += count
                    found.oldest_s = max(found.oldest_s or 0.0, float(age_s))
        return found

    def rows(self, states: Sequence[State] = (), fingerprint: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Jobs as mappings of their columns, by id; of some states, or all. Read a part at a time, so that a long look
        holds nobody up."""
        wanted = and_(self._of(fingerprint), jobs.c.state.in_(states) if states else true())
        return (dict(row._mapping) for row in self._paged(jobs.columns, wanted))

    def note_fingerprint(self, fingerprint: str) -> None:
        """Keep what the last run was for: what people ask and change is about its jobs."""
        self.note_fact("fingerprint", fingerprint)

    def last_fingerprint(self) -> str | None:
        """Of the last run; None before the first."""
        return self.fact("fingerprint")

    def note_fact(self, name: str, value: str) -> None:
        """Keep what is true of the whole ledger, in place of what was."""
        with self.database.writing() as connection:
            _keep(connection, name, value)

    def fact(self, name: str) -> str | None:
        """What `note_fact` kept last under a name."""
        with self.database.reading() as connection:
            return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()

    def note_limits(self, limits: str) -> int:
        """Queue again what failed for its `limits` when these (as text) are not those of the last run. Returns how
        many."""
        with self.database.writing() as connection:
            name = facts.c.name == "limits"
            before = connection.execute(select(facts.c.value).where(name)).scalar()
            if before == limits:
                return 0
            _keep(connection, "limits", limits)
            which = and_(self._of(None), jobs.c.state == "failed", jobs.c.kind == "limits")
            return connection.execute(jobs.update().where(which).values(**AFRESH, queued_s=now_s())).rowcount

    def retry(self, keys: Sequence[str] = (), fingerprint: str | None = None) -> int:
        """Queue failed and quarantined jobs again as if they were new: all of them, or those of these keys, cancelled
        ones too. Returns how many."""
        states = ("failed", "quarantined", "cancelled") if keys else ("failed", "quarantined")
        which = and_(self._of(fingerprint), jobs.c.state.in_(states), jobs.c.key.in_(keys) if keys else true())
        with self.database.writing() as connection:
            return connection.execute(jobs.update().where(which).values(**AFRESH, queued_s=now_s())).rowcount

    def cancel(self, keys: Sequence[str], fingerprint: str | None = None) -> int:
        """Let films not be worked on until `retry` names them; one in work is dropped at the next heartbeat. Returns
        how many were queued or in work."""
        waiting = jobs.c.state.in_(("queued", "running"))
        cancelled = {"state": "cancelled", "owner": None, "lease_until_s": None, "ended_s": now_s()}
        with self.database.writing() as connection:
            which = and_(self._of(fingerprint), waiting, jobs.c.key.in_(keys))
            return connection.execute(jobs.update().where(which).values(**cancelled)).rowcount

    def pause(self, paused: bool = True) -> None:
        """Let runs take nothing new until this is undone; what is in work goes on."""
        with self.database.writing() as connection:
            if paused:
                _keep(connection, "paused", "1")
            else:
                connection.execute(facts.delete().where(facts.c.name == "paused"))

    def is_paused(self) -> bool:
        """Whether runs take nothing new."""
        with self.database.reading() as connection:
            return connection.execute(select(facts.c.value).where(facts.c.name == "paused")).first() is not None

    def took(self, fingerprint: str | None = None) -> tuple[int, float]:
        """Of what is done: films, and the seconds they took."""
        asked = select(func.count(), func.sum(jobs.c.wall_s)).where(
            self._of(fingerprint), jobs.c.state == "done", jobs.c.wall_s.is_not(None)
        )
        with self.database.reading() as connection:
            films, wall_s = connection.execute(asked).one()
        return int(films), float(wall_s or 0.0)

    def bytes_per_s(self) -> float | None:
        """Bytes of files that were done in each second in which one was in work, among the last `_PACE_OF` that were:
        the pace of all machines and workers of that time together. None before any is done."""
        worked_on = jobs.c.ended_s - jobs.c.started_s >= jobs.c.wall_s  # else it was found unchanged
        asked = (
            select(jobs.c.started_s, jobs.c.ended_s, jobs.c.size_bytes)
            .where(self._of(None), jobs.c.state == "done", worked_on)
            .order_by(jobs.c.ended_s.desc())
            .limit(_PACE_OF)
        )
        with self.database.reading() as connection:
            rows = sorted(connection.execute(asked).all())
        busy_s, until_s = 0.0, 0.0
        for began_s, ended_s, _ in rows:
            busy_s += max(0.0, ended_s - max(began_s, until_s))
            until_s = max(until_s, ended_s)
        return sum(row.size_bytes for row in rows) / busy_s if busy_s > 0 else None

    def _paged(self, columns: Iterable[ColumnElement[Any]], wanted: ColumnElement[bool]) -> Iterator[Any]:
        """Rows by id, among whose `columns` that is; each part of them in a transaction of its own."""
        after, part = 0, select(*columns).where(wanted).order_by(jobs.c.id).limit(_BATCH)
        while True:
            with self.database.reading() as connection:
                rows = connection.execute(part.where(jobs.c.id > after)).all()
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1].id

    def _of(self, fingerprint: str | None) -> ColumnElement[bool]:
        ours = jobs.c.library == self.library
        return ours if fingerprint is None else and_(ours, jobs.c.fingerprint == fingerprint)

    def _known(self, connection: Connection, fingerprint: str, keys: list[str]) -> dict[str, Any]:
        asked = select(*_LOOKED_AT).where(self._of(fingerprint), jobs.c.key.in_(keys))
        return {row.key: row for row in connection.execute(asked)}

    def _update(self, connection: Connection, changed: list[dict[str, Any]]) -> None:
        """Each names its row, with the number and the state that it was decided on."""
        for values in changed:
            job, number, state = values.pop("job"), values.pop("number_then"), values.pop("state_then")
            which = and_(jobs.c.id == job, jobs.c.number == number, jobs.c.state == state)
            connection.execute(jobs.update().where(which).values(**values))


_LOOKED_AT = (
    jobs.c.id, jobs.c.key, jobs.c.state, jobs.c.number, jobs.c.size_bytes, jobs.c.mtime_ns, jobs.c.content,
    jobs.c.version, jobs.c.priority,
)  # fmt: skip


def _changed(
    asked: Asked, titles: Mapping[str, Title], known: Mapping[str, Any], scan: Scan
) -> list[dict[str, Any]]:
    """What is to change in jobs that are known."""
    changed = []
    for key, row in known.items():
        title = titles[key]
        decided_on = {"job": row.id, "number_then": row.number, "state_then": row.state}
        anew = {"not_before": row.number + 1} if asked.redo_all else {}
        why = _why_again(row, title, asked)
        if why is not None:
            scan.changes[why] += 1
            scan.queued += 1
            scan.queued_bytes += title.size_bytes
            content = row.content if why in ("changed", "back") else None
            seen = _seen(asked.root, title)
            changed.append({**decided_on, **AFRESH, **seen, **anew, "content": content, "queued_s": now_s()})
            continue
        scan.unchanged += 1
        if row.state in ("queued", "running"):
            scan.waiting += 1
            scan.waiting_bytes += title.size_bytes
        if row.state == "queued" and (anew or row.priority != title.priority):
            changed.append({**decided_on, **anew, "priority": title.priority})
    return changed


def _seen(root: str, title: Title) -> dict[str, Any]:
    return {
        "root": root, "path": title.path, "size_bytes": title.size_bytes, "mtime_ns": title.mtime_ns,
        "priority": title.priority,
    }  # fmt: skip


def _new_rows(library: str, asked: Asked, titles: Iterable[Title], began_s: int) -> list[tuple[Any, ...]]:
    """Rows as `insert_jobs` takes them. Numbers begin at the time, so that a ledger that replaces a lost one is ahead
    of the results that the lost one left."""
    return [
        (
            library, title.key, bucket_of(title.key), asked.fingerprint, asked.root, title.path, title.size_bytes,
            title.mtime_ns, title.priority, began_s, float(began_s), began_s + 1 if asked.redo_all else 0,
        )
        for title in titles
    ]  # fmt: skip


def _why_again(row: Any, title: Title, asked: Asked) -> str | None:
    """Why a job that is known is to be queued again, in one word; None when it stays as it is."""
    if row.state in ("queued", "running", "cancelled"):
        return None
    if (row.size_bytes, row.mtime_ns) != (title.size_bytes, title.mtime_ns):
        return "changed"
    if row.state == "gone":
        return "back"
    if row.state == "done" and not asked.has_result(title.key):
        return "result_gone_or_replaced"
    if row.state == "done" and asked.redo_version is not None and row.version != asked.redo_version:
        return "version"
    return "overwrite" if row.state == "done" and asked.redo_all else None


def _keep(connection: Connection, name: str, value: str) -> None:
    """Keep a fact in place of what was, also where another process does the same at once."""
    fresh = insert_into(connection, facts).values(name=name, value=value)
    connection.execute(fresh.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _bind(connection: Connection, library: str | None, shown: str) -> str:
    """The library that the ledger serves; the first that opens it."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == "library")).scalar()
    if found is None and library is not None:
        connection.execute(facts.insert().values(name="library", value=library))
        return library
    if found is None:
        raise UsageError(f"the ledger {shown} is empty: `keyart backfill LIBRARY --out DIR` fills it")
    if library is not None and library != found:
        raise UsageError(
            f"the ledger {shown} belongs to another result folder (id {found}, this one has {library}): "
            "use that --out, or another --ledger"
        )
    return str(found)
