"""How the ledger bears a million films: `python -m benchmarks.ledger_scale --ledger URL` prints one line of JSON.

Exit 0 only if 10⁶ new titles are queued within 60 s, and a claim with its finish takes at most 1.5 times as long
(median) among 10⁶ jobs as among 10³. The rows of its library are removed again. Without --ledger: SQLite in a temporary
folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from stream.backfill.database import Database, sqlite_url
from stream.backfill.leases import Leases
from stream.backfill.ledger import Asked, Ledger
from stream.backfill.schema import facts, jobs
from stream.backfill.titles import Title

FEW, MANY = 1_000, 1_000_000
MOST_ENQUEUE_S, MOST_RATIO = 60.0, 1.5
ROUNDS = 300


def titles(count: int) -> Iterator[Title]:
    """Titles in folders of a thousand, of sizes that come in no order."""
    for number in range(count):
        yield Title(f"{number // 1000:04}/{number:07}.mkv", 10**9 + (number * 7919) % 10**9, 10**18)


def enqueued_s(ledger: Ledger, fingerprint: str, count: int) -> float:
    """Seconds to queue `count` new titles."""
    began_s = time.perf_counter()
    asked = Asked(fingerprint=fingerprint, root="/library", has_result=lambda key: True)
    scan = ledger.enqueue(asked, titles(count))
    assert scan.queued == count
    return time.perf_counter() - began_s


def claim_and_finish_ms(ledger: Ledger, fingerprint: str, rounds: int) -> float:
    """Median of a claim of one job and the note that it is done."""
    leases = Leases(ledger.database, ledger.library, fingerprint, "ledger_scale", 60.0)
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        (lease,) = leases.claim(1)
        assert leases.done(lease)
        times.append((time.perf_counter() - began_s) * 1e3)
    return statistics.median(times)


def measured(database: Database, many: int, rounds: int) -> dict[str, object]:
    """The figures, from a library of its own, which is empty again at the end."""
    ledger, mark = Ledger(database, f"scale-{uuid.uuid4().hex[:16]}"), uuid.uuid4().hex
    few_mark, many_mark = f"{mark[:28]}few", f"{mark[:28]}many"
    try:
        few_s = enqueued_s(ledger, few_mark, FEW)
        few_ms = claim_and_finish_ms(ledger, few_mark, rounds)
        many_s = enqueued_s(ledger, many_mark, many)
        many_ms = claim_and_finish_ms(ledger, many_mark, rounds)
    finally:
        with database.writing() as connection:
            connection.execute(jobs.delete().where(jobs.c.library == ledger.library))
            connection.execute(facts.delete().where(facts.c.value == ledger.library))
    return {
        "database": database.url.get_backend_name(), "rows": many, "enqueue_s": round(many_s, 2),
        "enqueue_1000_s": round(few_s, 3), "claim_and_finish_ms": round(many_ms, 3),
        "claim_and_finish_of_1000_ms": round(few_ms, 3), "ratio": round(many_ms / few_ms, 3),
        "holds": many_s <= MOST_ENQUEUE_S * many / MANY and many_ms <= MOST_RATIO * few_ms,
    }  # fmt: skip


def main() -> int:
    """Print the line; 0 if the figures hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", metavar="URL", help="an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--rows", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(given.ledger or sqlite_url(Path(folder) / "ledger.sqlite"))
        try:
            found = measured(database, given.rows, given.rounds)
        finally:
            database.close()
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
