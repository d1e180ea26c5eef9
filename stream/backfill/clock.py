"""The one clock that leases are measured by: the database's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class now_s(GenericFunction[float]):  # named as SQL functions are
    """The database's clock, seconds since 1970: the one clock that leases are measured by."""

    type = Double()
    inherit_cache = True


@compiles(now_s, "sqlite")
def _sqlite_now(element: now_s, compiler: Any, **how: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_s, "postgresql")
def _postgresql_now(element: now_s, compiler: Any, **how: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"
