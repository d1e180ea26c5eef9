"""The ledger's database: SQLite in a file of its own, or PostgreSQL; transactions that read, and that may write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from ..errors import UsageError
from .errors import LedgerUnavailableError

_BUSY_S = 30.0
"""How long a writer waits for another before SQLite says that the database is locked."""
_ANSWER_WITHIN = {"connect_timeout": 10, "tcp_user_timeout": 20_000}
"""Seconds for a connection, milliseconds for an answer of the network: a server that vanished must not hold a run."""
_WRITES = "keyart_writes"
_MOST_WORDS = 300
"""Characters of an error that are shown."""


class Database:
    """An engine with two kinds of transaction. Safe for several threads; safe to share with other processes.

    Raises UsageError for a URL that names no database Keyart knows, LedgerUnavailableError when it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = parsed(url)
        file = self.url.database if self.is_sqlite else None
        self.shown = file or self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)
        self._file = Path(file) if file else None
        self._identity: tuple[int, int] | None = None
        self._engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the ledger is a file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; committed when the block ends, rolled back when it raises. With SQLite it
        waits for other writers at its beginning, so that what it reads stays true."""
        self._refuse_another_file()
        with self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; it never waits for writers."""
        self._refuse_another_file()
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _refuse_another_file(self) -> None:
        """SQLite would go on writing into a file that was removed while it is open, for nobody to read."""
        if self._file is None:
            return
        try:
            status = self._file.stat()
            found = status.st_dev, status.st_ino
        except OSError:
            found = None
        self._identity = self._identity or found
        if found != self._identity:
            raise LedgerUnavailableError(f"the ledger {self.shown} was removed while it was in use, put it back")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            said = " ".join(str(error.orig).split())
            raise LedgerUnavailableError(f"the ledger {self.shown} cannot be used ({said}), check it") from error
        except SQLAlchemyError as error:
            said = " ".join(str(error).split())[:_MOST_WORDS]
            raise LedgerUnavailableError(f"the ledger {self.shown} cannot be used ({said}), report this") from error


def parsed(url: str) -> URL:
    """The URL with the driver that Keyart brings. Raises UsageError for another kind of database."""
    try:
        found = make_url(url)
        backend = found.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise UsageError(f"--ledger {url}: is no database URL, write postgresql://user@host/name") from None
    if backend == "sqlite":
        return found.set(drivername="sqlite+pysqlite")
    if backend == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    raise UsageError(f"--ledger {url}: Keyart keeps its ledger in SQLite or PostgreSQL, not in {backend}")


def sqlite_url(file: Path) -> str:
    """The URL of a ledger in a file."""
    return URL.create("sqlite+pysqlite", database=str(file)).render_as_string()


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=_ANSWER_WITHIN)
    except ModuleNotFoundError:
        raise UsageError("a ledger in PostgreSQL needs psycopg: pip install 'keyart[library]'") from None


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: Any) -> None:
        # The driver's own transactions begin at the first write, too late for one that reads before it writes.
        connection.isolation_level = None
        for line in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {line}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
