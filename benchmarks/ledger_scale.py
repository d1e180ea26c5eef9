"""How the ledger bears a million films: `python -m benchmarks.ledger_scale --ledger URL` prints one line of JSON.

Exit 0 only if 10⁶ new titles are queued within 60 s, and a claim with its finish takes at most 1.5 times as long
(median) among 10⁶ jobs as among 10³. Beside it: what a heartbeat takes, and how many films a second several supervisors
at once claim and finish. Nothing of it stays. Without --ledger: SQLite in a temporary folder.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stream.backfill.database import Database, sqlite_url
from stream.backfill.leases import Leases
from stream.backfill.ledger import Asked, Ledger
from stream.backfill.titles import Title

FEW, MANY = 1_000, 1_000_000
MOST_ENQUEUE_S, MOST_RATIO = 60.0, 1.5
BLOCK, BLOCKS = 20, 30
"""Claims in turn with the other ledger, and how often."""
SUPERVISORS = 8
FILMS_OF_EACH = 100
BEATS = 100
MARK = "scale"


def titles(count: int) -> Iterator[Title]:
    """Titles in folders of a thousand, of sizes that come in no order."""
    for number in range(count):
        yield Title(f"{number // 1000:04}/{number:07}.mkv", 10**9 + (number * 7919) % 10**9, 10**18)


def enqueued_s(ledger: Ledger, count: int) -> float:
    """Seconds to queue `count` new titles."""
    began_s = time.perf_counter()
    asked = Asked(fingerprint=MARK, root="/library", has_result=lambda key: True)
    scan = ledger.enqueue(asked, titles(count))
    assert scan.queued == count
    return time.perf_counter() - began_s


def claim_and_finish_ms(ledger: Ledger, rounds: int) -> list[float]:
    """Milliseconds of each of so many claims of one job with the note that it is done."""
    leases = Leases(ledger.database, ledger.library, MARK, "ledger_scale", 60.0)
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        (lease,) = leases.claim(1)
        assert leases.done(lease)
        times.append((time.perf_counter() - began_s) * 1e3)
    return times


def heartbeat_ms(ledger: Ledger) -> float:
    """Median milliseconds to renew two leases and to sweep those that ended."""
    leases = Leases(ledger.database, ledger.library, MARK, "heartbeat", 60.0)
    held, times = leases.claim(2), []
    for _ in range(BEATS):
        began_s = time.perf_counter()
        assert len(leases.renew(held)) == 2
        leases.sweep()
        times.append((time.perf_counter() - began_s) * 1e3)
    leases.give_back(held)
    return statistics.median(times)


def films_per_s(ledger: Ledger, supervisors: int, films_of_each: int) -> float:
    """Films that so many supervisors at once, each a thread with a connection, claim and finish in a second."""

    def work(number: int) -> None:
        leases = Leases(ledger.database, ledger.library, MARK, f"supervisor-{number}", 60.0)
        for _ in range(films_of_each):
            (lease,) = leases.claim(1)
            assert leases.done(lease)

    began_s = time.perf_counter()
    with ThreadPoolExecutor(supervisors) as pool:
        list(pool.map(work, range(supervisors)))
    return supervisors * films_of_each / (time.perf_counter() - began_s)


def measured(small: Database, large: Database, many: int, blocks: int) -> dict[str, object]:
    """The figures. Claims take turns, a block in the small ledger and one in the large: a disk and a machine that are
    quicker at one time than at another are so for both."""
    library = uuid.uuid4().hex
    few_ledger, many_ledger = Ledger(small, library), Ledger(large, library)
    enqueued_s(few_ledger, FEW)
    many_s = enqueued_s(many_ledger, many)
    few_times, many_times = list[float](), list[float]()
    for _ in range(blocks):
        few_times += claim_and_finish_ms(few_ledger, BLOCK)
        many_times += claim_and_finish_ms(many_ledger, BLOCK)
    few_ms, many_ms = statistics.median(few_times), statistics.median(many_times)
    return {
        "database": large.url.get_backend_name(), "rows": many, "enqueue_s": round(many_s, 2),
        "claim_and_finish_ms": round(many_ms, 3), "claim_and_finish_of_1000_ms": round(few_ms, 3),
        "ratio": round(many_ms / few_ms, 3), "heartbeat_ms": round(heartbeat_ms(many_ledger), 3),
        f"films_per_s_of_{SUPERVISORS}": round(films_per_s(many_ledger, SUPERVISORS, FILMS_OF_EACH), 1),
        "holds": many_s <= MOST_ENQUEUE_S * many / MANY and many_ms <= MOST_RATIO * few_ms,
    }  # fmt: skip


@contextmanager
def two_ledgers(url: str | None) -> Iterator[tuple[Database, Database]]:
    """Two empty ledgers in one database (PostgreSQL: schemas of their own), which are removed again."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if url is None:
            urls = [sqlite_url(Path(folder) / f"{name}.sqlite") for name in ("small", "large")]
        else:
            urls = [stack.enter_context(_schema(url)) for _ in range(2)]
        small, large = (Database(one) for one in urls)
        stack.callback(small.close)
        stack.callback(large.close)
        yield small, large


@contextmanager
def _schema(url: str) -> Iterator[str]:
    """The URL of a schema that is there within the block."""
    name, database = f"keyart_scale_{uuid.uuid4().hex[:12]}", Database(url)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    try:
        inside = database.url.update_query_dict({"options": f"-csearch_path={name}"})
        yield inside.render_as_string(hide_password=False)
    finally:
        with database.writing() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
        database.close()


def main() -> int:
    """Print the line; 0 if the figures hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", metavar="URL", help="an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--rows", type=int, default=MANY)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    given = parser.parse_args()
    with two_ledgers(given.ledger) as (small, large):
        found = measured(small, large, given.rows, given.blocks)
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
