from __future__ import annotations

import time
from typing import Any

import pytest

from stream.backfill.ledger import Ledger
from stream.backfill.schema import jobs, reviews
from stream.serve.review.titles import Shown, Wanted, job_row, neighbours, title_counts, titles_page


def fill(ledger: Ledger, titles: list[tuple[str, str, float]]) -> None:
    """Results: (key, fingerprint, when it ended)."""
    rows = [
        {
            "library": ledger.library, "key": key, "bucket": 1, "fingerprint": fingerprint, "root": "/library",
            "size_bytes": 1, "mtime_ns": 1, "state": "done", "ended_s": ended_s, "content": f"c {key}", "queued_s": 1.0,
        }
        for key, fingerprint, ended_s in titles
    ]  # fmt: skip
    with ledger.database.writing() as connection:
        connection.execute(jobs.insert(), rows)


def decide(ledger: Ledger, job: int, state: str, content: str) -> None:
    with ledger.database.writing() as connection:
        connection.execute(reviews.insert().values(job=job, content=content, state=state, version=1))


def keys(ledger: Ledger, *wanted: Any, **more: Any) -> list[str]:
    return [row.key for row in titles_page(ledger.database, ledger.library, Wanted(*wanted, **more)).rows]


@pytest.fixture
def shelf(ledger: Ledger) -> Ledger:
    """Four titles: one waits, one was approved, one rejected, and one changed after it was approved."""
    fill(ledger, [(f"Film {number}.mkv", "f", float(number)) for number in range(1, 5)])
    decide(ledger, 2, "approved", "c Film 2.mkv")
    decide(ledger, 3, "rejected", "c Film 3.mkv")
    decide(ledger, 4, "approved", "an older content")
    return ledger


@pytest.mark.parametrize(
    ("review", "found"),
    [("waiting", [4, 1]), ("approved", [2]), ("rejected", [3]), ("all", [4, 3, 2, 1])],
)
def test_titles_are_listed_by_their_review(shelf: Ledger, review: Shown, found: list[int]) -> None:
    page = titles_page(shelf.database, shelf.library, Wanted(review))
    assert [row.id for row in page.rows] == found
    assert (page.total, title_counts(shelf.database, shelf.library)[review]) == (len(found), len(found))


def test_of_results_with_several_settings_the_newest_counts(ledger: Ledger) -> None:
    fill(ledger, [("a", "old", 1.0), ("b", "old", 2.0), ("a", "new", 3.0), ("c", "new", 1.0), ("b", "new", 2.0)])
    page = titles_page(ledger.database, ledger.library, Wanted("all"))
    assert [(row.key, row.fingerprint) for row in page.rows] == [("a", "new"), ("b", "new"), ("c", "new")]
    assert title_counts(ledger.database, ledger.library)["all"] == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [("FILM 1", ["Film 1.mkv"]), ("%", ["100%_\\\\x"]), ("_", ["100%_\\\\x"]), ("\\", ["100%_\\\\x"]), ("nowhere", [])],
)
def test_what_is_searched_for_is_no_pattern(shelf: Ledger, text: str, found: list[str]) -> None:
    fill(shelf, [("100%_\\\\x", "f", 9.0)])
    assert keys(shelf, "all", text) == found


def test_neighbours_wait_and_are_in_the_order_of_the_list(shelf: Ledger) -> None:
    with shelf.database.reading() as connection:
        around = {job: neighbours(connection, shelf.library, job_row(connection, "lib", job)) for job in (1, 2, 4)}
    assert around == {4: (None, 1), 2: (4, 1), 1: (4, None)}


def test_what_waits_for_work_has_no_neighbours(shelf: Ledger) -> None:
    with shelf.database.writing() as connection:
        connection.execute(jobs.update().where(jobs.c.id == 2).values(state="queued", ended_s=None))
    with shelf.database.reading() as connection:
        assert neighbours(connection, shelf.library, job_row(connection, "lib", 2)) == (None, None)


def test_a_page_beyond_the_last_is_empty(shelf: Ledger) -> None:
    page = titles_page(shelf.database, shelf.library, Wanted("all", page=9))
    assert (list(page.rows), page.total) == ([], 4)


def test_a_list_of_ten_thousand_titles_is_quick(file_ledger: Ledger) -> None:
    fill(file_ledger, [(f"Series {n % 97}/Episode {n:05d}.mkv", "f", float(n)) for n in range(10_000)])
    with file_ledger.database.writing() as connection:
        done = [{"job": n, "content": "?", "state": "approved", "version": 1} for n in range(1, 5000)]
        connection.execute(reviews.insert(), done)
    took = []
    for _ in range(5):
        began = time.thread_time()
        titles_page(file_ledger.database, "lib", Wanted())
        took.append(time.thread_time() - began)
    assert min(took) < 0.05
