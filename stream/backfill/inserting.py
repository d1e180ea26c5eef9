"""New rows: many jobs at once, by what each database does quickest; others where one may be there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from .schema import jobs

_COLUMNS = {
    "library": "text", "key": "text", "bucket": "bigint", "fingerprint": "text", "root": "text", "path": "text",
    "size_bytes": "bigint", "mtime_ns": "bigint", "priority": "integer", "number": "bigint",
    "queued_s": "double precision", "not_before": "bigint",
}  # fmt: skip
"""What differs between new jobs, each with its type in PostgreSQL, in the order of `insert_jobs`' rows."""
_THE_SAME = {"state": "'queued'", "alone": "false", "attempts": "0", "lost": "0"}


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do on a conflict, which each database has an own class for."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_jobs(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert queued jobs; rows whose library, fingerprint and key are there already are left as they are."""
    if not rows:
        return
    names = ", ".join([*_COLUMNS, *_THE_SAME])
    if connection.dialect.name == "postgresql":
        # One statement with an array for each column: tens of thousands of rows a second.
        arrays = ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
        source = f"SELECT *, {', '.join(_THE_SAME.values())} FROM unnest({arrays})"
        values: Any = tuple(list(column) for column in zip(*rows, strict=True))
    else:
        source = f"VALUES ({', '.join('?' for _ in _COLUMNS)}, {', '.join(_THE_SAME.values())})"
        source, values = source, list(rows)
    connection.exec_driver_sql(f"INSERT INTO {jobs.name} ({names}) {source} ON CONFLICT DO NOTHING", values).close()
