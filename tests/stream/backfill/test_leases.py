"""Claims, and writes that come too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, event

from stream.backfill.leases import ALONE_AFTER_LOST, QUARANTINED_AFTER_LOST, Lease, Leases, Taken
from stream.backfill.ledger import Ledger
from stream.backfill.schema import jobs
from stream.backfill.titles import Title

from .shelf import enqueue, leases_of, row, titles


def end_of_leases(ledger: Ledger) -> None:
    """Let every lease have ended a while ago."""
    with ledger.database.writing() as connection:
        connection.execute(jobs.update().values(lease_until_s=jobs.c.lease_until_s - 1000))


def claim_one(leases: Leases, *, alone: bool = False) -> Lease:
    (lease,) = leases.claim(1, alone=alone)
    return lease


def test_claims_go_by_priority_then_size(ledger: Ledger) -> None:
    sizes = [("small", 1, 0), ("large", 9, 0), ("urgent", 1, 5)]
    enqueue(ledger, [Title(key, size, 1, None, priority) for key, size, priority in sizes])
    assert [lease.key for lease in leases_of(ledger).claim(3)] == ["urgent", "large", "small"]


def test_no_job_is_claimed_twice(ledger: Ledger) -> None:
    enqueue(ledger, titles(*(f"{number}.mkv" for number in range(60))))
    owners = [leases_of(ledger, f"owner{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(lambda leases: [lease.job for _ in range(5) for lease in leases.claim(3)], owners))
    assert sorted(job for jobs_of_one in claimed for job in jobs_of_one) == sorted(
        found["id"] for found in ledger.rows()
    )


def test_shards_divide_the_library(ledger: Ledger) -> None:
    keys = [f"{number}.mkv" for number in range(40)]
    enqueue(ledger, titles(*keys))
    parts = [leases_of(ledger, shard=(number, 3)) for number in range(3)]
    assert sum(part.left() for part in parts) == 40
    claimed = [{lease.key for lease in part.claim(100)} for part in parts]
    assert set().union(*claimed) == set(keys)
    assert sum(map(len, claimed)) == 40
    assert all(claimed)


def test_jobs_that_are_passed_over_stay(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv"))
    leases = leases_of(ledger)
    first = row(ledger, "a.mkv")["id"]
    assert [lease.key for lease in leases.claim(5, leave=[first])] == ["b.mkv"]


def test_numbers_rise_with_every_claim(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    leases = leases_of(ledger)
    first = claim_one(leases)
    assert leases.give_back([first]) == 1
    assert claim_one(leases).number == first.number + 1


def test_an_old_number_undoes_nothing(ledger: Ledger) -> None:
    """Each write of an owner that lost its lease finds nothing to change, also when it is the same process."""
    enqueue(ledger, titles("a.mkv"))
    slow, quick = leases_of(ledger, "slow"), leases_of(ledger, "quick")
    old = claim_one(slow)
    end_of_leases(ledger)
    assert quick.sweep().jobs == 1
    new = claim_one(quick)
    late_writes = [
        lambda: slow.failed(old, "refused", "late"), lambda: slow.quarantined(old, "died", "late", None, 3),
        lambda: slow.tried(old, "inside", "late", None), lambda: slow.done(old), lambda: slow.gone(old),
        lambda: slow.give_back([old]), lambda: bool(slow.renew([old])),
        lambda: quick.give_back([old]), lambda: quick.done(old), lambda: bool(quick.renew([old])),
    ]  # fmt: skip
    assert not any(write() for write in late_writes)
    assert quick.done(new, content="c")
    assert not any(write() for write in late_writes)
    assert row(ledger, "a.mkv")["state"] == "done"
    assert quick.sweep().jobs == 0


def test_a_renewed_lease_is_not_swept(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    mine, other = leases_of(ledger, "mine"), leases_of(ledger, "other")
    lease = claim_one(mine)
    end_of_leases(ledger)
    assert mine.renew([lease])[lease.job].number == lease.number
    assert other.sweep().jobs == 0
    assert mine.done(lease)


def test_a_lease_that_ended_twice_without_word_goes_alone(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    leases = leases_of(ledger)
    for _ in range(ALONE_AFTER_LOST):
        claim_one(leases)
        end_of_leases(ledger)
        leases.sweep()
    assert leases.claim(1) == []
    lease = claim_one(leases, alone=True)
    assert (lease.alone, lease.attempts) == (True, 0)
    leases.done(lease)
    assert not row(ledger, "a.mkv")["alone"]


def test_a_film_whose_workers_vanish_again_and_again_is_quarantined(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    leases = leases_of(ledger)
    for lost in range(QUARANTINED_AFTER_LOST):
        alone = lost >= ALONE_AFTER_LOST
        for begun in (False, True) if alone else (True,):
            lease = claim_one(leases, alone=alone)
            assert not begun or leases.begun(lease)
            end_of_leases(ledger)
            assert leases.sweep().jobs == 1
            assert begun or row(ledger, "a.mkv")["lost"] == lost, "its worker was still starting"
    assert not leases.begun(lease)
    found = row(ledger, "a.mkv")
    assert (found["state"], found["kind"], found["lost"]) == ("quarantined", "died", QUARANTINED_AFTER_LOST)
    assert "vanished without a word" in found["reason"]
    assert leases.left() == 0


def test_what_the_dead_hold_is_taken_at_once(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv"))
    dead, living = leases_of(ledger, "dead"), leases_of(ledger, "living")
    claim_one(dead)
    kept = claim_one(living)
    assert sorted(living.owners()) == ["dead", "living"]
    assert living.take_from(["dead"]) == Taken(jobs=1, alone=0)
    assert living.take_from([]) == Taken(0, 0)
    assert living.done(kept)


def test_what_is_asked_often_reads_no_other_jobs(file_ledger: Ledger) -> None:
    """Among a million jobs, a heartbeat must not look at each."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        asked.append((statement, values))

    leases = leases_of(file_ledger)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        leases.claim(1)
        leases.sweep()
        leases.is_any_left()
        leases.owners()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    plans = []
    with file_ledger.database.reading() as connection:
        for statement, values in asked:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                plans += [row[3] for row in plan if "keyart_jobs" in row[3]]
    assert len(plans) == 5
    assert all("keyart_jobs_next (" in plan or "keyart_jobs_leases (" in plan for plan in plans), plans


def test_an_attempt_that_counts_is_kept(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    leases = leases_of(ledger)
    assert leases.tried(claim_one(leases), "died", "died", "log", attempts=1, alone=True)
    lease = claim_one(leases, alone=True)
    assert lease.attempts == 1
    assert leases.quarantined(lease, "died", "died again", "its log", 2)
    assert (row(ledger, "a.mkv")["state"], row(ledger, "a.mkv")["log"]) == ("quarantined", "its log")


def test_bytes_that_are_left(ledger: Ledger) -> None:
    leases = leases_of(ledger)
    assert leases.left_bytes() == (0, 0)
    for key, size_bytes in (("b", 1), ("c", 100), ("a", 10)):  # in no order that an index has
        enqueue(ledger, titles(key, size_bytes=size_bytes))
    assert leases.give_back(leases.claim(1), alone=True) == 1
    enqueue(ledger, titles("d", size_bytes=2, priority=1))
    assert leases.left_bytes() == (4, 113)
    assert leases.left_bytes(2) == (2, 102), "of those that come first"
    assert leases.done(leases.claim(1)[0])
    leases.claim(1)
    assert leases.left_bytes() == (3, 111), "those in work are left, too"
