"""What lies beside the results in `.keyart`: the library's id, the ledger in a file, logs, the summary."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError, UsageError
from .database import Database, sqlite_url
from .ledger import Ledger

HOME = ".keyart"
"""The folder beside the results that holds the ledger, the library's id, workers' logs and the summary."""


def library_id(out: Path) -> str:
    """The id of a result folder, made on first use. Raises OutputError where it cannot be written."""
    file = out / HOME / "library.json"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".library-{uuid.uuid4().hex}.json")
        fresh.write_text(json.dumps({"id": uuid.uuid4().hex}) + "\n")
        with suppress(FileExistsError):  # the first of two that begin at once wins
            os.link(fresh, file)
        fresh.unlink()
        return str(json.loads(file.read_text())["id"])
    except OSError as error:
        raise OutputError(f"{out} cannot be written to ({error.strerror}), choose another --out") from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{file} is damaged: restore it, or remove it with the ledger to begin anew") from None


def seen_library_id(out: Path) -> str | None:
    """The id of a result folder as it is seen from here; None where there is none."""
    try:
        return str(json.loads((out / HOME / "library.json").read_text())["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_home_of(out: Path, library: str) -> bool:
    """Whether a folder is there and still the result folder of this id: not removed, and its disk mounted."""
    return seen_library_id(out) == library


def open_ledger(out: Path, url: str | None) -> Ledger:
    """The ledger of a result folder, in a file of its own or at `url`, made on first use. Raises UsageError,
    LedgerUnavailableError, LedgerVersionError, OutputError."""
    library = library_id(out)
    return Ledger(Database(sqlite_url(_file(out)) if url is None else url), library)


def existing_ledger(out: Path | None, url: str | None) -> Ledger:
    """The ledger that is there, for a look at it. Raises UsageError when there is none, LedgerUnavailableError,
    LedgerVersionError."""
    if (out is None) == (url is None):
        raise UsageError("name the ledger: either --out DIR or --ledger URL")
    if out is not None and not _file(out).is_file():
        raise UsageError(f"--out {out}: has no ledger, `keyart backfill LIBRARY --out {out}` makes one")
    database = Database(sqlite_url(_file(out or Path())) if url is None else url)
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        raise UsageError(f"--ledger {database.shown}: is not there")
    return Ledger(database)


def ledger_to_look_at(out: Path, url: str | None) -> Ledger:
    """The ledger of a dry run, which makes nothing: one in memory where there is none yet."""
    if url is not None or _file(out).is_file():
        return open_ledger(out, url)
    return Ledger(Database("sqlite://"), "dry")


def _file(out: Path) -> Path:
    return out / HOME / "ledger.sqlite"
