"""The tables of a ledger of version 1, as that version made them, with one film that is done."""

from __future__ import annotations

from sqlalchemy import Connection

_TYPES = {
    "sqlite": {"ID": "INTEGER NOT NULL", "DOUBLE": "DOUBLE"},
    "postgresql": {"ID": "BIGSERIAL NOT NULL", "DOUBLE": "DOUBLE PRECISION"},
}
_STATEMENTS = (
    "CREATE TABLE keyart_facts (name VARCHAR(40) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name))",
    """
    CREATE TABLE keyart_jobs (
        id {ID}, library VARCHAR(40) NOT NULL, "key" TEXT NOT NULL, bucket BIGINT NOT NULL,
        fingerprint VARCHAR(32) NOT NULL, root TEXT NOT NULL, path TEXT, size_bytes BIGINT NOT NULL,
        mtime_ns BIGINT NOT NULL, content VARCHAR(80), state VARCHAR(12) NOT NULL, priority INTEGER NOT NULL,
        alone BOOLEAN NOT NULL, number BIGINT NOT NULL, owner VARCHAR(200), lease_until_s {DOUBLE},
        attempts INTEGER NOT NULL, lost INTEGER NOT NULL, kind VARCHAR(12), reason TEXT, log TEXT,
        queued_s {DOUBLE} NOT NULL, started_s {DOUBLE}, ended_s {DOUBLE}, version VARCHAR(40), wall_s {DOUBLE},
        film_s {DOUBLE}, frames BIGINT, PRIMARY KEY (id), UNIQUE (library, fingerprint, "key")
    )
    """,
    "CREATE INDEX keyart_jobs_next ON keyart_jobs (library, fingerprint, alone, priority DESC, size_bytes DESC, id) "
    "WHERE state = 'queued'",
    "CREATE INDEX keyart_jobs_leases ON keyart_jobs (lease_until_s) WHERE state = 'running'",
    "INSERT INTO keyart_facts VALUES ('schema_version', '1')",
    "INSERT INTO keyart_facts VALUES ('library', 'lib')",
    """
    INSERT INTO keyart_jobs (library, "key", bucket, fingerprint, root, size_bytes, mtime_ns, content, state, priority,
        alone, number, attempts, lost, queued_s, version)
    VALUES ('lib', 'a.mkv', 0, 'ffffffffffffffffffffffffffffffff', '/library', 100, 1, 'c1', 'done', 0, false, 7, 0, 0,
        1.0, '0.1.0')
    """,
)


def make_ledger_of_version_1(connection: Connection) -> None:
    """Make the tables in an empty database."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement.format(**_TYPES[connection.dialect.name])).close()
