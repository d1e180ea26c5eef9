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

SCHEMA_VERSION = 4
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
"""What is true of the whole ledger: `schema_version`, `library` (the id in the result folder), `paused`, and what the
last run and the last service were for."""

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
    # Formats to cut this title to, joined by commas, where a client asked for others than the settings have.
    Column("formats", Text),
    UniqueConstraint("library", "fingerprint", "key"),
)
"""One row a file and result fingerprint. `library`: the id in the result folder; `key`: the path below the library, as
`stream.backfill.titles` writes it; `bucket`: a number from the key, by which `--shard` divides; `path`: the absolute
path of a file outside the library; `alone`: it runs in a process of its own, which has `begun` with it; `number`: the
fencing number, which rises with every claim; `not_before`: results of a lower number are made anew; `lost`: leases that
ended without word."""

IS_QUEUED, IS_RUNNING, IS_DONE = (
    jobs.c.state == literal_column(f"'{state}'") for state in ("queued", "running", "done")
)
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

_TITLES = Index(
    "keyart_jobs_titles", jobs.c.library, jobs.c.key, jobs.c.state, jobs.c.ended_s, jobs.c.id
)
_RESULTS = Index(
    "keyart_jobs_results",
    jobs.c.library,
    jobs.c.ended_s,
    jobs.c.id,
    sqlite_where=IS_DONE,
    postgresql_where=IS_DONE,
)

reviews = Table(
    "keyart_reviews",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("content", String(80)),
    Column("state", String(12), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("draft", Text),
    Column("opened_by", String(80)),
    Column("opened_s", Double),
    Column("changed_by", String(80)),
    Column("changed_s", Double),
    Column("record", Text),
    Column("decided_s", Double),
)
"""What editors decided about a title's result. job: of `jobs`; content: of the file that was looked at, so that a title
whose file changed since waits again; state: open, approved, rejected; version: rises with every change, and each change
names the one it was made on; draft: choices so far, as JSON; record: what was decided, as JSON
(`stream.serve.review.record`)."""

tokens = Table(
    "keyart_tokens",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(12), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_s", Double, nullable=False),
    Column("revoked_s", Double),
)
"""Bearer tokens of the service. hash: SHA-256 of the token, in hex; the token itself is kept nowhere."""

sessions = Table(
    "keyart_sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("until_s", Double, nullable=False),
)
"""Logins of the review page. hash: of the cookie; token: the id of the one it was made with."""

requests = Table(
    "keyart_requests",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("body", String(64), nullable=False),
    Column("job", BigInteger, nullable=False),
    Column("at_s", Double, nullable=False),
)
"""Idempotency keys of requests for jobs: which body came with each (its SHA-256), and what it led to."""

episodes = Table(
    "keyart_episodes",
    metadata,
    Column("library", String(40), primary_key=True),
    Column("content", String(80), primary_key=True),
    Column("verdict", String(12), nullable=False),
    Column("read", String(120)),
    Column("expected", String(120)),
    Column("decided", String(120)),
    Column("version", String(40), nullable=False),
    Column("at_s", Double, nullable=False),
)
"""The last verdict on the episode of each file. content: its fingerprint; verdict: confirmed, mismatch, unverified;
read: the number in the picture, where it was read with enough confidence; expected: by the metadata; decided: by an
operator; version: of the Keyart that judged."""

Migration = Callable[[Connection], None]
"""Changes the tables of one version into those of the next."""


def _to_2(connection: Connection) -> None:
    """Two columns; and an index of leases by library, for without it a sweep reads every job."""
    for column in ("not_before BIGINT NOT NULL DEFAULT 0", "begun BOOLEAN NOT NULL DEFAULT FALSE"):
        connection.exec_driver_sql(f"ALTER TABLE {jobs.name} ADD COLUMN {column}").close()
    _LEASES.drop(connection)
    _LEASES.create(connection)


def _to_3(connection: Connection) -> None:
    """What the service keeps, and the formats of a job."""
    connection.exec_driver_sql(f"ALTER TABLE {jobs.name} ADD COLUMN formats TEXT").close()
    for index in (_TITLES, _RESULTS):
        index.create(connection)
    metadata.create_all(connection, [reviews, tokens, sessions, requests])


def _to_4(connection: Connection) -> None:
    """Verdicts on episodes."""
    metadata.create_all(connection, [episodes])


MIGRATIONS: dict[int, Migration] = {1: _to_2, 2: _to_3, 3: _to_4}
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
