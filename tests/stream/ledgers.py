"""A ledger of each kind: SQLite in a file, and PostgreSQL in a cluster of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from stream.backfill.database import Database, sqlite_url
from stream.backfill.ledger import Ledger

UNPRIVILEGED = "nobody"
"""PostgreSQL does not run as root."""


class Cluster:
    """A PostgreSQL that listens on a socket in its folder alone; started on first use."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._binaries = Path()
        self._names = count()

    def url(self, binaries: Path) -> str:
        """The URL of a new, empty database."""
        folder = self._folder or self._started(binaries)
        name = f"ledger{next(self._names)}"
        self._run("psql", "-q", "-h", str(folder), "-d", "postgres", "-c", f"CREATE DATABASE {name}")
        return f"postgresql://keyart@/{name}?host={folder}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Within the block nobody answers; afterwards it does again."""
        assert self._folder is not None
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "-w", "stop")
        try:
            yield
        finally:
            self._start(self._folder)

    def stop(self) -> None:
        """End it and remove its folder."""
        if self._folder is not None:
            self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "-w", "stop")
            shutil.rmtree(self._folder)

    def _started(self, binaries: Path) -> Path:
        self._binaries = binaries
        folder = Path(tempfile.mkdtemp(prefix="keyart-"))  # short: a socket's path has 107 bytes at most
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        self._run("initdb", "-D", f"{folder}/data", "-U", "keyart", "-A", "trust", "--no-sync", "-E", "UTF8")
        self._start(folder)
        self._folder = folder
        return folder

    def _start(self, folder: Path) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        self._run("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")

    def _run(self, tool: str, *arguments: str) -> None:
        user = UNPRIVILEGED if os.geteuid() == 0 else None
        environment = os.environ | {"LC_ALL": "C.UTF-8", "PGUSER": "keyart"}
        command = [str(self._binaries / tool), *arguments]
        # Not to pipes: the server that pg_ctl starts would keep them open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, user=user, env=environment, cwd="/", stdout=said, stderr=said, check=False)
            said.seek(0)
            assert done.returncode == 0, f"{tool}: {said.read().decode()}"


def postgresql_of(debian_tool: Callable[[str, str], Path]) -> Path:
    """The folder of PostgreSQL's own programs, the newest that is here."""
    debian_tool("postgresql", "pg_ctlcluster")
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    found = Cluster()
    yield found
    found.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.debian)])
def ledger_url(
    request: pytest.FixtureRequest, tmp_path: Path, cluster: Cluster, debian_tool: Callable[[str, str], Path]
) -> str:
    """The URL of an empty ledger, of each kind of database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "ledger.sqlite")
    return cluster.url(postgresql_of(debian_tool))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger of the library `lib`."""
    database = Database(ledger_url)
    yield Ledger(database, "lib")
    database.close()


@pytest.fixture
def file_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger of the library `lib`, in SQLite."""
    database = Database(sqlite_url(tmp_path / "ledger.sqlite"))
    yield Ledger(database, "lib")
    database.close()
