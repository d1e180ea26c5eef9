"""The ledger's tables. The schema has a version; an older ledger is migrated forward when it is opened."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    inspect,
    literal_column,
    select,
)

from .clock import now_s
from .errors import LedgerVersionError

SCHEMA_VERSION = 2
_ONE_MAKES_TABLES = 0x6B657961
"""The advisory lock of PostgreSQL that is held meanwhile."""
metadata = MetaData()
_BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in a column of type INTEGER only

facts = Table(
    "keyart_facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What is true of the whole ledger: `schema_version`, `library` (the id in the result folder), `paused`."""

jobs = Table(
    "keyart_jobs",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    # Which result: the file, and everything that can change what is made of it.
    Column("library", String(40), nullable=False),
    Column("key", Text, nullable=False),
    Column("bucket", BigInteger, nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("root", Text, nullable=False),
    Column("path", Text),
    # How the file was when it was last seen.
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content", String(80)),
    # Where the job stands.
    Column("state", String(12), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("alone", Boolean, nullable=False, default=False),
    Column("begun", Boolean, nullable=False, server_default=false()),
    Column("number", BigInteger, nullable=False, default=0),
    Column("not_before", BigInteger, nullable=False, server_default="0"),
    Column("owner", String(200)),
    Column("lease_until_s", Double),
    # What happened to it.
    Column("attempts", Integer, nullable=False, default=0),
    Column("lost", Integer, nullable=False, default=0),
    Column("kind", String(12)),
    Column("reason", Text),
    Column("log", Text),
    Column("queued_s", Double, nullable=False, default=now_s()),
    Column("started_s", Double),
    Column("ended_s", Double),
    # What came of it.
    Column("version", String(40)),
    Column("wall_s", Double),
    Column("film_s", Double),
    Column("frames", BigInteger),
    UniqueConstraint("library", "fingerprint", "key"),
)
"""One row a file and result fingerprint. `library`: the id in the result folder; `key`: the path below the library, as
`stream.backfill.titles` writes it; `bucket`: a number from the key, by which `--shard` divides; `path`: the absolute
path of a file outside the library; `alone`: it runs in a process of its own, which has `begun` with it; `number`: the
fencing number, which rises with every claim; `not_before`: results of a lower number are made anew; `lost`: leases that
ended without word."""

IS_QUEUED, IS_RUNNING = jobs.c.state == literal_column("'queued'"), jobs.c.state == literal_column("'running'")
"""As the partial indexes below have them: to a database a parameter might be another state."""
Index(
    "keyart_jobs_next",
    jobs.c.library,
    jobs.c.fingerprint,
    jobs.c.alone,
    jobs.c.priority.desc(),
    jobs.c.size_bytes.desc(),
    jobs.c.id,
    sqlite_where=IS_QUEUED,
    postgresql_where=IS_QUEUED,
)
_LEASES = Index(
    "keyart_jobs_leases",
    jobs.c.library,
    jobs.c.fingerprint,
    jobs.c.lease_until_s,
    sqlite_where=IS_RUNNING,
    postgresql_where=IS_RUNNING,
)

Migration = Callable[[Connection], None]
"""Changes the tables of one version into those of the next."""


def _to_2(connection: Connection) -> None:
    """Two columns; and an index of leases by library, for without it a sweep reads every job."""
    for column in ("not_before BIGINT NOT NULL DEFAULT 0", "begun BOOLEAN NOT NULL DEFAULT FALSE"):
        connection.exec_driver_sql(f"ALTER TABLE {jobs.name} ADD COLUMN {column}").close()
    _LEASES.drop(connection)
    _LEASES.create(connection)


MIGRATIONS: dict[int, Migration] = {1: _to_2}
"""Version → what makes a ledger of it one of the next version."""


def prepare(connection: Connection) -> None:
    """Make the tables, or bring them to this version. Raises LedgerVersionError when they are of a newer one."""
    if connection.dialect.name == "postgresql":  # of two runs that begin at once, one makes them
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_MAKES_TABLES})").close()
    if not inspect(connection).has_table(facts.name):
        metadata.create_all(connection)
        connection.execute(facts.insert().values(name="schema_version", value=str(SCHEMA_VERSION)))
        return
    found = int(connection.execute(select(facts.c.value).where(facts.c.name == "schema_version")).scalar_one())
    if found > SCHEMA_VERSION:
        raise LedgerVersionError(
            f"the ledger is of version {found}, this Keyart knows {SCHEMA_VERSION}: use the newer Keyart, "
            "or another --out or --ledger"
        )
    for version in range(found, SCHEMA_VERSION):
        MIGRATIONS[version](connection)
    connection.execute(facts.update().where(facts.c.name == "schema_version").values(value=str(SCHEMA_VERSION)))
