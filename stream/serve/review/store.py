"""Reviews in the ledger: who has a title open, the draft, the decision; each change is one transaction.

A change names the version it was made on; on any other than the current one it is refused, so that of two editors the
second is told. A review is about one content of the file: when that changed, the draft and the decision are void.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from ...backfill.clock import now_s
from ...backfill.database import Database
from ...backfill.inserting import insert_into
from ...backfill.schema import jobs, reviews
from ..problems import Problem
from .record import Decision, Draft, Record, iso
from .titles import DECIDED

PRESENT_S = 600.0
"""So long after opening or changing a title, an editor counts as having it open."""
ReviewState = Literal["waiting", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the review of a title stands. version: rises with every change, 0 before the first; opened, changed: by
    whom and when, seconds since 1970; record: of the last decision, also after it was reopened; at_s: when this was
    read."""

    state: ReviewState
    version: int
    at_s: float
    draft: Draft | None = None
    opened_by: str | None = None
    opened_s: float | None = None
    changed_by: str | None = None
    changed_s: float | None = None
    record: Record | None = None
    decided_s: float | None = None

    def present(self) -> str | None:
        """Who has it open now."""
        return present(self.opened_by, self.opened_s, self.changed_by, self.changed_s, self.at_s)

    def opened_for(self, who: str) -> float | None:
        """When this editor opened it; None where another did, or nobody."""
        return self.opened_s if self.opened_by == who else None


Decide = Callable[[Decision, Record, Draft], Standing]
"""Notes a decision and the choices it was made with."""


def present(
    opened_by: str | None, opened_s: float | None, changed_by: str | None, changed_s: float | None, at_s: float
) -> str | None:
    """Who has a title open: opened or changed it within the last ten minutes."""
    if opened_by is None or opened_s is None:
        return None
    seen_s = max(opened_s, changed_s or 0.0) if changed_by == opened_by else opened_s
    return opened_by if at_s - seen_s < PRESENT_S else None


class Reviews:
    """Of one ledger. `row`: the columns of a job (`titles.job_row`). All methods block and raise
    LedgerUnavailableError; those that take a version raise Problem 409 when it is not the current one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, row: Any) -> Standing:
        """Where the review stands."""
        with self._database.reading() as connection:
            return _standing(connection, row, lock=False)

    def open(self, row: Any, who: str) -> Standing:
        """Note that an editor opened a title. Returns the standing before, as its `present` may be another."""
        with self._database.writing() as connection:
            before = _locked(connection, row)
            there = before.present()
            again = there == who and before.state == "waiting"
            at_s = before.opened_s if again else before.at_s
            _write(connection, row, before, version=before.version, opened_by=who, opened_s=at_s)
            return before if there not in (None, who) else _standing(connection, row, lock=False)

    def draft(self, row: Any, version: int, draft: Draft, who: str) -> Standing:
        """Keep the choices so far."""
        with self._database.writing() as connection:
            before = _at_version(connection, row, version)
            return _changed(connection, row, before, who, draft=draft.model_dump_json())

    def reopen(self, row: Any, version: int, who: str, first: Callable[[Standing], object]) -> Standing:
        """Let a decided title wait again, with the choices it was decided with. first: called within the transaction
        with what is to change; what it raises leaves that as it is."""
        with self._database.writing() as connection:
            before = _at_version(connection, row, version)
            first(before)
            return _changed(connection, row, before, who, state="open", decided_s=None)

    @contextmanager
    def deciding(self, row: Any, version: int, who: str) -> Iterator[Decide]:
        """A transaction for a decision: within the block nobody else can change the review."""
        with self._database.writing() as connection:
            before = _at_version(connection, row, version)

            def decide(decision: Decision, record: Record, draft: Draft) -> Standing:
                kept = {"record": record.dump_json(), "draft": draft.model_dump_json()}
                closed = {"opened_by": None, "opened_s": None, "decided_s": now_s()}
                return _changed(connection, row, before, who, state=decision, **kept, **closed)

            yield decide


def _at_version(connection: Connection, row: Any, version: int) -> Standing:
    found = _locked(connection, row)
    refuse_other_version(found, version)
    now = connection.execute(select(jobs.c.state, jobs.c.content).where(jobs.c.id == row.id)).first()
    if now is None or now.state != "done" or now.content != row.content:
        raise Problem(409, "The title changed", "its file is worked on again, open it anew when that is done")
    return found


def refuse_other_version(found: Standing, version: int) -> None:
    """Raise Problem 409 where a change was made on another version than the current one."""
    if found.version != version:
        who = found.changed_by or "somebody"
        when = f" at {iso(found.changed_s)}" if found.changed_s else ""
        more: dict[str, Any] = {
            "changed_by": found.changed_by, "changed_s": found.changed_s, "version": found.version
        }  # fmt: skip
        raise Problem(409, "It was changed meanwhile", f"{who} changed this title{when}, look at it again", **more)


def _changed(connection: Connection, row: Any, before: Standing, who: str, **values: Any) -> Standing:
    _write(connection, row, before, version=before.version + 1, changed_by=who, changed_s=now_s(), **values)
    return _standing(connection, row, lock=False)


def _write(connection: Connection, row: Any, before: Standing, **values: Any) -> None:
    """What is about an older content of the file goes."""
    kept = {
        "content": row.content, "state": "open" if before.state == "waiting" else before.state,
        "draft": before.draft.model_dump_json() if before.draft else None,
    }  # fmt: skip
    connection.execute(reviews.update().where(reviews.c.job == row.id).values(**{**kept, **values}))


def _locked(connection: Connection, row: Any) -> Standing:
    """The standing of a review that nobody else can change until the transaction ends."""
    fresh = insert_into(connection, reviews).values(job=row.id, content=row.content, state="open", version=0)
    connection.execute(fresh.on_conflict_do_nothing())
    return _standing(connection, row, lock=True)


def _standing(connection: Connection, row: Any, *, lock: bool) -> Standing:
    asked = select(*reviews.columns).where(reviews.c.job == row.id)
    found = connection.execute(asked.with_for_update() if lock else asked).first()
    at_s = float(connection.execute(select(now_s())).scalar_one())
    if found is None:
        return Standing("waiting", 0, at_s)
    opened = {name: getattr(found, name) for name in ("opened_by", "opened_s", "changed_by", "changed_s")}
    record = Record.model_validate_json(found.record) if found.record else None
    if found.content != row.content:  # one more than anybody has seen: whoever looks at the older one is told
        return Standing("waiting", found.version + 1, at_s, record=record, **opened)
    draft = Draft.model_validate_json(found.draft) if found.draft else None
    state: ReviewState = found.state if found.state in DECIDED else "waiting"
    return Standing(state, found.version, at_s, draft, **opened, record=record, decided_s=found.decided_s)
