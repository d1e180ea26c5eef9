"""Which titles there are to review: the newest result of each key, page by page, and the neighbours of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from ...backfill.database import Database
from ...backfill.schema import IS_DONE, jobs, reviews
from ...backfill.titles import key_of

Shown = Literal["waiting", "approved", "rejected", "all"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
DECIDED = ("approved", "rejected")
_SAME_FILE = reviews.c.content.is_not_distinct_from(jobs.c.content)
"""The file is the one that the review is about; a title whose file changed since waits again."""
_JOINED = jobs.outerjoin(reviews, reviews.c.job == jobs.c.id)
COLUMNS = (
    jobs.c.id, jobs.c.key, jobs.c.root, jobs.c.path, jobs.c.state, jobs.c.fingerprint, jobs.c.content,
    jobs.c.size_bytes, jobs.c.mtime_ns, jobs.c.film_s, jobs.c.ended_s, jobs.c.reason, jobs.c.formats,
)  # fmt: skip
"""What is read of a job."""
_LISTED = (
    *COLUMNS, reviews.c.state.label("review"), _SAME_FILE.label("same_file"), reviews.c.version, reviews.c.opened_by,
    reviews.c.opened_s, reviews.c.changed_by, reviews.c.changed_s, reviews.c.record, reviews.c.decided_s,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which titles. text: to be found in the key, in whatever case; page: from 1."""

    review: Shown = "waiting"
    text: str = ""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class TitlesPage:
    """Rows with the columns of a job and of its review, newest result first; how many there are on all pages."""

    rows: Sequence[Any]
    total: int


def titles_page(database: Database, library: str, wanted: Wanted) -> TitlesPage:
    """One page of the titles that have a result. Raises LedgerUnavailableError."""
    with database.reading() as connection:
        which = and_(_newest(connection, library), _reviewed(wanted.review), _named(wanted.text))
        total = connection.execute(select(func.count()).select_from(_JOINED).where(which)).scalar_one()
        skipped = (wanted.page - 1) * wanted.per_page
        if skipped >= total:  # else the whole ledger is read once more, for nothing
            return TitlesPage([], total)
        asked = _in_order(select(*_LISTED).select_from(_JOINED).where(which))
        return TitlesPage(connection.execute(asked.limit(wanted.per_page).offset(skipped)).all(), total)


def title_counts(database: Database, library: str, text: str = "") -> dict[str, int]:
    """How many titles a list of each kind has on all its pages. Raises LedgerUnavailableError."""
    decided = case((_SAME_FILE, reviews.c.state), else_=None)
    with database.reading() as connection:
        which = and_(_newest(connection, library), _named(text))
        asked = select(decided, func.count()).select_from(_JOINED).where(which).group_by(decided)
        found = {state: count for state, count in connection.execute(asked)}
    approved, rejected, total = found.get("approved", 0), found.get("rejected", 0), sum(found.values())
    return {
        "waiting": total - approved - rejected, "approved": approved, "rejected": rejected, "all": total
    }  # fmt: skip


def job_row(connection: Connection, library: str, job: int) -> Any | None:
    """The columns of a job, whatever its state; None where there is none."""
    return connection.execute(select(*COLUMNS).where(jobs.c.id == job, jobs.c.library == library)).first()


def newest_of(connection: Connection, row: Any, library: str) -> int | None:
    """The id of the newest result of a row's key; None where it has none."""
    asked = select(jobs.c.id).where(jobs.c.library == library, jobs.c.key == row.key, IS_DONE)
    return connection.execute(_in_order(asked).limit(1)).scalar()


def neighbours(connection: Connection, library: str, row: Any) -> tuple[int | None, int | None]:
    """The waiting titles before and after a row, in the order of the list; None for both where it has no result."""
    if row.ended_s is None:
        return None, None
    which = and_(_newest(connection, library), _reviewed("waiting"))
    here, at = tuple_(jobs.c.ended_s, jobs.c.id), tuple_(row.ended_s, row.id)
    asked = select(jobs.c.id).select_from(_JOINED).where(which).limit(1)
    before = asked.where(here > at).order_by(jobs.c.ended_s, jobs.c.id)
    after = _in_order(asked.where(here < at))
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def shown_review(row: Any) -> Literal["waiting", "approved", "rejected"]:
    """Where the review of a row of `titles_page` stands."""
    if row.same_file and row.review in DECIDED:
        return "approved" if row.review == "approved" else "rejected"
    return "waiting"


def _in_order(asked: Select[Any]) -> Select[Any]:
    return asked.order_by(jobs.c.ended_s.desc(), jobs.c.id.desc())


def _newest(connection: Connection, library: str) -> ColumnElement[bool]:
    """Done, and no other result of the same title is newer. Where all jobs are of one fingerprint, no title has two."""
    mine = and_(jobs.c.library == library, IS_DONE)
    of_library = select(jobs.c.fingerprint).where(jobs.c.library == library)
    first = connection.execute(of_library.order_by(jobs.c.fingerprint).limit(1)).scalar()
    last = connection.execute(of_library.order_by(jobs.c.fingerprint.desc()).limit(1)).scalar()
    if first == last:
        return mine
    other = aliased(jobs)
    later = tuple_(other.c.ended_s, other.c.id) > tuple_(jobs.c.ended_s, jobs.c.id)
    same = and_(other.c.library == jobs.c.library, other.c.key == jobs.c.key, other.c.state == "done")
    return and_(mine, ~exists(select(other.c.id).where(same, later)))


def _reviewed(shown: Shown) -> ColumnElement[bool]:
    if shown == "all":
        return true()
    if shown == "waiting":
        decided = and_(reviews.c.state.in_(DECIDED), _SAME_FILE)
        return or_(reviews.c.job.is_(None), ~decided)
    return and_(reviews.c.state == shown, _SAME_FILE)


def _named(text: str) -> ColumnElement[bool]:
    return jobs.c.key.icontains(key_of(text), autoescape=True) if text else true()
