"""Jobs that clients ask for, in the ledger's tables. All functions block and raise LedgerUnavailableError."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, func, select

from ..backfill.clock import now_s
from ..backfill.inserting import insert_into, insert_jobs
from ..backfill.ledger import AFRESH, Ledger
from ..backfill.schema import jobs, requests
from ..backfill.states import State
from ..backfill.titles import Title, absolute_as_text, bucket_of, key_of, relative_outside
from .problems import Problem
from .roots import Roots

KEEP_KEYS_S = 7 * 86400.0
"""How long idempotency keys are remembered."""
COLUMNS = (
    jobs.c.id, jobs.c.key, jobs.c.path, jobs.c.state, jobs.c.priority, jobs.c.formats, jobs.c.kind, jobs.c.reason,
    jobs.c.attempts, jobs.c.queued_s, jobs.c.started_s, jobs.c.ended_s, jobs.c.size_bytes, jobs.c.mtime_ns,
    jobs.c.content, jobs.c.version, jobs.c.wall_s, jobs.c.film_s, jobs.c.frames, jobs.c.fingerprint, jobs.c.number,
)  # fmt: skip
"""What the service knows of a job."""
Job = Any
"""A row of `COLUMNS`."""
HasResult = Callable[[str, str], bool]
"""Whether the result of a title (its key, the fingerprint) is there."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for. formats: none for the settings' own. asked_for: by a person or program, so that what
    failed or was cancelled is tried again; False where a file was only found."""

    title: Title
    formats: tuple[str, ...] = ()
    asked_for: bool = True


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a wish. queued: it waits anew because of it."""

    job: int
    key: str
    state: State
    queued: bool


def title_of(roots: Roots, path: Path, priority: int) -> Title:
    """The title of a file below a root, as a scan of the first root would have it. Blocks.

    Raises Problem 403 for one outside, 404 for what is not there, 422 for what is no file.
    """
    found = roots.inside(path)
    try:
        status = found.stat()
    except (OSError, ValueError) as error:
        if (away := roots.away()) is not None:
            detail = f"{away} is not there, mount it and ask again"
            raise Problem(503, "The library is not there", detail, headers={"Retry-After": "30"}) from None
        why = getattr(error, "strerror", None) or "is no path"
        raise Problem(404, "There is no such video", f"{path}: {why}, check the path") from None
    if not found.is_file():
        raise Problem(422, "It is no video", f"{path} is no file, name the files in it")
    if found.is_relative_to(roots.first):
        key, outside = key_of(found.relative_to(roots.first).as_posix()), None
    else:
        key, outside = key_of(relative_outside(found)), absolute_as_text(found)
    return Title(key, status.st_size, status.st_mtime_ns, outside, priority)


def submit(ledger: Ledger, root: Path, fingerprint: str, wish: Wish, has_result: HasResult) -> Submitted:
    """Queue a title, or find that it is queued, in work or done already."""
    with ledger.database.writing() as connection:
        return submit_in(connection, ledger.library, root, fingerprint, wish, has_result)


def submit_in(
    connection: Connection, library: str, root: Path, fingerprint: str, wish: Wish, has_result: HasResult
) -> Submitted:
    """`submit` within a transaction."""
    title = wish.title
    mine = and_(jobs.c.library == library, jobs.c.fingerprint == fingerprint, jobs.c.key == title.key)
    row = connection.execute(select(*COLUMNS).where(mine).with_for_update()).first()
    if row is None:
        began_s = int(connection.execute(select(now_s())).scalar_one())
        new = (
            library, title.key, bucket_of(title.key), fingerprint, str(root), title.path, title.size_bytes,
            title.mtime_ns, title.priority, began_s, float(began_s), 0,
        )  # fmt: skip
        insert_jobs(connection, [new])
        if wish.formats:
            connection.execute(jobs.update().where(mine).values(formats=",".join(wish.formats)))
        row = connection.execute(select(*COLUMNS).where(mine)).one()
        return Submitted(row.id, row.key, row.state, queued=True)
    change = _change_of(row, wish, has_result)
    if change:
        connection.execute(jobs.update().where(jobs.c.id == row.id).values(**change))
    return Submitted(row.id, row.key, change.get("state", row.state), queued=change.get("state") == "queued")


def _change_of(row: Job, wish: Wish, has_result: HasResult) -> dict[str, Any]:
    """What is to change in a job that is known."""
    title, formats = wish.title, ",".join(wish.formats) or None
    other_formats = wish.asked_for and bool(formats) and formats != row.formats
    if row.state == "running":
        if other_formats:
            raise Problem(409, "It is in work", "with other formats; ask again when it is done", id=row.id)
        return {}
    if row.state == "queued":
        change = {} if title.priority <= row.priority else {"priority": title.priority}
        return change | ({"formats": formats} if other_formats else {})
    changed = (row.size_bytes, row.mtime_ns) != (title.size_bytes, title.mtime_ns)
    there = row.state == "done" and not changed and not other_formats and has_result(row.key, row.fingerprint)
    if there or (not wish.asked_for and not changed and row.state not in ("done", "gone")):
        return {}
    return {
        **AFRESH, "size_bytes": title.size_bytes, "mtime_ns": title.mtime_ns, "path": title.path,
        "priority": title.priority, "formats": formats or row.formats, "queued_s": now_s(),
    }  # fmt: skip


def submit_once(
    ledger: Ledger, root: Path, fingerprint: str, wish: Wish, has_result: HasResult, once: tuple[str, str]
) -> Submitted:
    """`submit`, but the same request never twice. once: the idempotency key and a fingerprint of the body.

    Raises Problem 422 where the key came with another body before.
    """
    key, body = once
    with ledger.database.writing() as connection:
        if (known := _known(connection, key, body)) is not None:
            return known
        found = submit_in(connection, ledger.library, root, fingerprint, wish, has_result)
        connection.execute(requests.delete().where(requests.c.at_s < now_s() - KEEP_KEYS_S))
        noted = insert_into(connection, requests).values(key=key, body=body, job=found.job, at_s=now_s())
        connection.execute(noted.on_conflict_do_nothing())  # another service may have noted the key just now
        _known(connection, key, body)  # refuses, and undoes all of this, where that one was another request's
    return found


def _known(connection: Connection, key: str, body: str) -> Submitted | None:
    """What a key led to before; None where it is new. Raises Problem 422 where it came with another body."""
    known = connection.execute(select(requests).where(requests.c.key == key)).first()
    if known is None:
        return None
    if known.body != body:
        raise Problem(422, "The idempotency key was used before", "with another request, choose a new one")
    row = connection.execute(select(*COLUMNS).where(jobs.c.id == known.job)).one()
    return Submitted(row.id, row.key, row.state, queued=False)


def job(ledger: Ledger, number: int) -> Job:
    """One job. Raises Problem 404."""
    with ledger.database.reading() as connection:
        asked = select(*COLUMNS).where(jobs.c.library == ledger.library, jobs.c.id == number)
        row = connection.execute(asked).first()
    if row is None:
        raise Problem(404, "There is no such job", f"job {number} is not in the ledger")
    return row


def page(ledger: Ledger, states: Sequence[State], after: int, most: int) -> list[Job]:
    """Jobs by id, from the one after `after` on."""
    wanted = [jobs.c.library == ledger.library, jobs.c.id > after]
    if states:
        wanted.append(jobs.c.state.in_(states))
    with ledger.database.reading() as connection:
        return list(connection.execute(select(*COLUMNS).where(*wanted).order_by(jobs.c.id).limit(most)).all())


def cancel(ledger: Ledger, number: int) -> Job:
    """Let a job not be worked on. Raises Problem 404, and 409 for one that has ended."""
    values = {"state": "cancelled", "owner": None, "lease_until_s": None, "ended_s": now_s()}
    which = and_(jobs.c.library == ledger.library, jobs.c.id == number, jobs.c.state.in_(("queued", "running")))
    with ledger.database.writing() as connection:
        connection.execute(jobs.update().where(which).values(**values))
    row = job(ledger, number)
    if row.state != "cancelled":
        raise Problem(409, "The job has ended", f"it is {row.state} and cannot be cancelled", state=row.state)
    return row


def adopt(ledger: Ledger, before: str, fingerprint: str) -> int:
    """Let what is queued under other settings be done under these. Returns how many.

    A title that has a job under these settings already keeps that one, queued again; the other is cancelled.
    """
    if before == fingerprint:
        return 0
    with ledger.database.writing() as connection:
        other = jobs.alias()
        both = and_(other.c.library == jobs.c.library, other.c.fingerprint == fingerprint, other.c.key == jobs.c.key)
        queued = and_(jobs.c.library == ledger.library, jobs.c.fingerprint == before, jobs.c.state == "queued")
        known = select(other.c.id).where(both).exists()
        again = [
            (row.id, row.twin)
            for row in connection.execute(
                select(jobs.c.id, select(other.c.id).where(both).scalar_subquery().label("twin")).where(queued, known)
            )
        ]
        for old, twin in again:
            ended = jobs.c.state.not_in(("queued", "running"))
            connection.execute(
                jobs.update().where(jobs.c.id == twin, ended).values(**AFRESH, queued_s=now_s())
            )
            reason = f"is done as job {twin}, under the settings that were read since"
            connection.execute(
                jobs.update().where(jobs.c.id == old).values(state="cancelled", reason=reason, ended_s=now_s())
            )
        moved = connection.execute(jobs.update().where(queued, ~known).values(fingerprint=fingerprint)).rowcount
    return moved + len(again)


def roots_of_queue(ledger: Ledger, fingerprint: str) -> list[str]:
    """The folders that keys of queued jobs are below, but for files that are named by themselves."""
    asked = (
        select(jobs.c.root, func.count())
        .where(
            jobs.c.library == ledger.library, jobs.c.fingerprint == fingerprint, jobs.c.state == "queued",
            jobs.c.path.is_(None),
        )
        .group_by(jobs.c.root)
    )  # fmt: skip
    with ledger.database.reading() as connection:
        return [row.root for row in connection.execute(asked)]
