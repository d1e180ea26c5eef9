"""What the ledger holds after scans, and what a person may change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from stream.backfill.database import Database, sqlite_url
from stream.backfill.errors import LedgerUnavailableError, LedgerVersionError
from stream.backfill.ledger import Ledger, Standing
from stream.backfill.schema import SCHEMA_VERSION, facts, jobs
from stream.backfill.titles import Title
from stream.errors import UsageError

from .shelf import FINGERPRINT, enqueue, leases_of, row, titles
from .version_1 import make_ledger_of_version_1


def finish(ledger: Ledger, **facts_of_file: object) -> None:
    leases = leases_of(ledger)
    for lease in leases.claim(100):
        known = {"content": "c1", "size_bytes": lease.size_bytes, "mtime_ns": lease.mtime_ns, "version": "1"}
        assert leases.done(lease, **{**known, **facts_of_file})


def test_new_titles_are_queued_once(ledger: Ledger) -> None:
    found = titles("a.mkv", "b/c.mkv", "d\\xff.mkv")
    assert enqueue(ledger, found).queued == 3
    again = enqueue(ledger, found)
    assert (again.seen, again.queued, again.unchanged, again.waiting) == (3, 0, 3, 3)
    assert ledger.counts(FINGERPRINT)["queued"] == 3


def test_two_scans_at_once_queue_a_title_once(ledger: Ledger) -> None:
    """The second finds nothing known, as it looked before the first wrote."""
    from stream.backfill.inserting import insert_jobs
    from stream.backfill.ledger import Asked, _new_rows

    asked = Asked(FINGERPRINT, "/library", lambda key: False)
    for _ in range(2):
        with ledger.database.writing() as connection:
            insert_jobs(connection, _new_rows("lib", asked, titles("a.mkv"), 5))
    assert [found["number"] for found in ledger.rows()] == [5]


def test_what_changed_is_queued_again(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv", "c.mkv"))
    finish(ledger)
    changed = [Title("a.mkv", 100, 1), Title("b.mkv", 101, 1), Title("c.mkv", 100, 2)]
    scan = enqueue(ledger, changed, results=("a.mkv", "b.mkv", "c.mkv"))
    assert scan.changes["changed"] == 2
    assert row(ledger, "a.mkv")["state"] == "done"
    assert row(ledger, "b.mkv")["state"] == row(ledger, "c.mkv")["state"] == "queued"
    assert row(ledger, "b.mkv")["content"] == "c1"


def test_a_result_that_is_gone_is_made_again(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv"))
    finish(ledger)
    scan = enqueue(ledger, titles("a.mkv", "b.mkv"), results=("a.mkv",))
    assert scan.changes == {"new": 0, "result_gone_or_replaced": 1}
    assert row(ledger, "b.mkv")["content"] is None


def test_another_version_redoes_nothing_unless_asked(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    finish(ledger, version="1")
    assert enqueue(ledger, titles("a.mkv"), results=("a.mkv",)).queued == 0
    assert enqueue(ledger, titles("a.mkv"), results=("a.mkv",), redo_version="2").changes["version"] == 1


def test_all_is_made_anew_when_asked(ledger: Ledger) -> None:
    enqueue(ledger, titles("done.mkv"))
    finish(ledger)
    found = titles("done.mkv", "new.mkv")
    scan = enqueue(ledger, found, results=("done.mkv", "new.mkv"), redo_all=True)
    assert (scan.changes["overwrite"], scan.changes["new"]) == (1, 1)
    for lease in leases_of(ledger).claim(2):
        assert lease.not_before == lease.number, "what was published before this claim does not do"


def test_what_waits_is_made_anew_too(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    assert enqueue(ledger, titles("a.mkv"), redo_all=True).queued == 0
    (lease,) = leases_of(ledger).claim(1)
    assert lease.not_before == lease.number


def test_what_a_person_cancels_waits_for_a_person(ledger: Ledger) -> None:
    enqueue(ledger, titles("work.mkv", "wait.mkv", "other.mkv"))
    leases = leases_of(ledger)
    (lease,) = leases.claim(1, leave=[row(ledger, name)["id"] for name in ("wait.mkv", "other.mkv")])
    assert ledger.cancel(["work.mkv", "wait.mkv", "unknown.mkv"]) == 2
    assert leases.renew([lease]) == {}
    assert not leases.done(lease)
    assert enqueue(ledger, titles("work.mkv", "wait.mkv", "other.mkv", size_bytes=101)).queued == 0
    assert ledger.counts()["cancelled"] == 2
    assert ledger.retry() == 0
    assert ledger.retry(["work.mkv"]) == 1
    assert row(ledger, "work.mkv")["state"] == "queued"


def test_other_settings_are_other_jobs(ledger: Ledger) -> None:
    from stream.backfill.ledger import Asked

    enqueue(ledger, titles("a.mkv"))
    finish(ledger)
    other = Asked("e" * 32, "/library", lambda key: True)
    assert ledger.enqueue(other, titles("a.mkv")).queued == 1
    assert ledger.counts(FINGERPRINT)["done"] == 1


def test_what_a_whole_scan_does_not_find_is_gone_and_may_come_back(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv"))
    finish(ledger)
    assert ledger.gone(FINGERPRINT, "/library", {"a.mkv"}.__contains__) == 1
    assert row(ledger, "b.mkv")["state"] == "gone"
    assert enqueue(ledger, titles("a.mkv", "b.mkv"), results=("a.mkv", "b.mkv")).changes["back"] == 1


def test_a_dry_scan_changes_nothing(ledger: Ledger) -> None:
    from stream.backfill.ledger import Asked

    scan = ledger.enqueue(Asked(FINGERPRINT, "/library", lambda key: False), titles("a.mkv"), dry=True)
    assert (scan.queued, scan.queued_bytes) == (1, 100)
    assert not list(ledger.rows())


def test_a_refusal_stands_until_the_file_changes_or_a_person_asks(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv"))
    leases = leases_of(ledger)
    leases.failed(leases.claim(1)[0], "refused", "is no film", attempts=1)
    assert enqueue(ledger, titles("a.mkv")).queued == 0
    assert ledger.retry(("b.mkv",)) == 0
    assert ledger.retry() == 1
    assert row(ledger, "a.mkv")["attempts"] == 0
    leases.failed(leases.claim(1)[0], "refused", "is no film", attempts=1)
    assert enqueue(ledger, titles("a.mkv", size_bytes=101)).queued == 1


def test_other_limits_give_what_failed_for_them_another_try(ledger: Ledger) -> None:
    enqueue(ledger, titles("a.mkv", "b.mkv"))
    leases = leases_of(ledger)
    first, second = leases.claim(2)
    leases.failed(first, "limits", "lasts too long")
    leases.failed(second, "refused", "is no film")
    assert ledger.note_limits("1 h") == 1
    leases.failed(leases.claim(1)[0], "limits", "lasts too long")
    assert ledger.note_limits("1 h") == 0
    assert ledger.note_limits("2 h") == 1


def test_the_pace_is_that_of_all_workers_together(ledger: Ledger) -> None:
    assert ledger.bytes_per_s() is None
    enqueue(ledger, titles("a.mkv", "b.mkv", "c.mkv", "unchanged.mkv"))
    finish(ledger, wall_s=1.0)
    times = {"a.mkv": (100, 110), "b.mkv": (105, 115), "c.mkv": (1000, 1005)}  # two at a time, then a pause
    with ledger.database.writing() as connection:
        for key, (began_s, ended_s) in times.items():
            values = {"started_s": began_s, "ended_s": ended_s, "size_bytes": 400}
            connection.execute(jobs.update().where(jobs.c.key == key).values(**values))
        values = {"started_s": 990.0, "ended_s": 990.5}
        connection.execute(jobs.update().where(jobs.c.key == "unchanged.mkv").values(**values))
    assert ledger.bytes_per_s() == 1200 / 20
    assert ledger.took() == (4, 4.0)


def test_pause_and_resume(ledger: Ledger) -> None:
    assert not ledger.is_paused()
    ledger.pause()
    ledger.pause()
    assert ledger.is_paused()
    ledger.pause(False)
    assert not ledger.is_paused()


def test_a_ledger_serves_one_result_folder(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="belongs to another result folder"):
        Ledger(ledger.database, "other")
    assert Ledger(ledger.database).library == "lib"


def test_an_older_ledger_is_brought_up_to_date(ledger_url: str) -> None:
    database = Database(ledger_url)
    with database.writing() as connection:
        make_ledger_of_version_1(connection)
    for _ in range(2):
        ledger = Ledger(database, "lib")
        assert (row(ledger, "a.mkv")["state"], row(ledger, "a.mkv")["not_before"]) == ("done", 0)
    with database.reading() as connection:
        version = connection.execute(select(facts.c.value).where(facts.c.name == "schema_version")).scalar_one()
        made = {column["name"] for column in inspect(connection).get_columns(jobs.name)}
    assert (version, made) == (str(SCHEMA_VERSION), set(jobs.c.keys()))
    assert enqueue(ledger, titles("a.mkv", "b.mkv"), results=("a.mkv",)).queued == 1
    assert [lease.key for lease in leases_of(ledger).claim(2)] == ["b.mkv"]
    database.close()


def test_a_newer_ledger_is_left_alone(ledger: Ledger) -> None:
    with ledger.database.writing() as connection:
        connection.execute(facts.update().where(facts.c.name == "schema_version").values(value="999"))
    with pytest.raises(LedgerVersionError, match="of version 999"):
        Ledger(ledger.database, "lib")


def test_a_ledger_out_of_reach_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    database = Database(sqlite_url(tmp_path / "ledger.sqlite"))
    with pytest.raises(LedgerUnavailableError, match="file is not a database"):
        Ledger(database, "lib")
    database.close()


@pytest.mark.parametrize("by", ["nothing", "another ledger"])
def test_a_ledger_that_is_removed_while_it_is_open_is_noticed(tmp_path: Path, by: str) -> None:
    file = tmp_path / "ledger.sqlite"
    database = Database(sqlite_url(file))
    ledger = Ledger(database, "lib")
    enqueue(ledger, titles("a.mkv"))
    file.rename(tmp_path / "aside")
    if by == "another ledger":
        file.touch()
    with pytest.raises(LedgerUnavailableError, match="was removed while it was in use"):
        enqueue(ledger, titles("b.mkv"))
    (tmp_path / "aside").replace(file)
    assert enqueue(ledger, titles("b.mkv")).queued == 1
    database.close()


def test_only_databases_that_keyart_knows() -> None:
    for url in ("mysql://host/name", "no url"):
        with pytest.raises(UsageError, match="--ledger"):
            Database(url)


def test_where_all_jobs_stand(ledger: Ledger) -> None:
    assert ledger.standing(FINGERPRINT) == Standing()
    enqueue(ledger, titles(*"abcdef"))
    leases = leases_of(ledger)
    done, refused, dead, again, _ = leases.claim(5)
    assert leases.done(done)
    assert leases.failed(refused, "refused", "is none")
    assert leases.tried(again, "inside", "?", None)
    assert leases.quarantined(dead, "died", "died", None, 3)
    standing = ledger.standing(FINGERPRINT)
    assert standing.films == {
        ("done", ""): 1, ("failed", "refused"): 1, ("quarantined", "died"): 1, ("running", ""): 1, ("queued", ""): 2,
    }  # fmt: skip
    assert standing.queued == 2, "a job that is tried again is queued for no reason"
    assert standing.oldest_s is not None
    assert 0 <= standing.oldest_s < 60
    assert ledger.standing("e" * 32).films == {}


def test_two_that_note_the_same_at_once_are_both_heard(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ledger.note_fact("served", str(number)), range(40)))
    assert ledger.fact("served") in map(str, range(40))
    ledger.note_fact("served", "last")
    assert ledger.fact("served") == "last"
