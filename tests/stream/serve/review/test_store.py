from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from stream.backfill.ledger import Ledger
from stream.backfill.schema import reviews
from stream.serve.problems import Problem
from stream.serve.review.record import Draft, Record, iso
from stream.serve.review.store import Reviews, Standing
from stream.serve.review.titles import job_row

from ..reviewing import Shelf

AT_ONCE = 8


@pytest.fixture
def title(tmp_path: Path, ledger: Ledger) -> Any:
    """A title with a result, in a ledger of each kind."""
    job = Shelf(tmp_path, ledger).add("film.mkv", 100.0)
    with ledger.database.reading() as connection:
        return job_row(connection, ledger.library, job)


def record_of(title: Any, who: str) -> Record:
    return Record(
        job=title.id, key=title.key, video="film.mkv", content_fingerprint=title.content, state="approved", who=who,
        opened=None, decided=iso(0.0), images=[], rejected=[], offered=[],
    )  # fmt: skip


def approve(store: Reviews, title: Any, version: int, who: str) -> Standing:
    with store.deciding(title, version, who) as decide:
        return decide("approved", record_of(title, who), Draft())


def at_once(call: Callable[[str], Any]) -> list[Any]:
    """What a call came to for each of many editors who make it together: its answer, or its Problem."""
    together = Barrier(AT_ONCE)

    def one(who: str) -> Any:
        together.wait()
        try:
            return call(who)
        except Problem as problem:
            return problem

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, [f"editor{number}" for number in range(AT_ONCE)]))


@pytest.mark.parametrize("opened", [False, True])
def test_of_many_drafts_on_one_version_one_is_kept(ledger: Ledger, title: Any, opened: bool) -> None:
    store = Reviews(ledger.database)
    if opened:
        store.open(title, "ann")
    answers = at_once(lambda who: store.draft(title, 0, Draft(rejected=[int(who[-1]) + 1]), who))
    (kept,) = [one for one in answers if isinstance(one, Standing)]
    refused = [one for one in answers if isinstance(one, Problem)]
    assert len(refused) == AT_ONCE - 1
    assert {(one.status, one.more["changed_by"], one.more["version"]) for one in refused} == {(409, kept.changed_by, 1)}
    found = store.look(title)
    assert (found.version, found.changed_by, found.draft) == (1, kept.changed_by, kept.draft)


def test_of_many_decisions_on_one_version_one_is_made(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)
    answers = at_once(lambda who: approve(store, title, 0, who))
    (made,) = [one for one in answers if isinstance(one, Standing)]
    assert made.record is not None
    assert (made.state, made.version, made.record.who) == ("approved", 1, made.changed_by)
    assert store.look(title).record == made.record


def test_of_many_who_open_one_is_the_first(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)
    answers = at_once(lambda who: (store.open(title, who).opened_by, who))
    assert len([who for opened_by, who in answers if opened_by == who]) == 1
    assert store.look(title).version == 0


def test_a_decision_that_raises_is_none(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)

    def fail() -> None:
        with store.deciding(title, 0, "ann") as decide:
            decide("approved", record_of(title, "ann"), Draft())
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        fail()
    assert (store.look(title).state, store.look(title).version) == ("waiting", 0)


def test_opening_again_keeps_the_time_until_the_editor_was_away(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)
    first = store.open(title, "ann")
    assert first.opened_s is not None
    assert store.open(title, "ann").opened_s == first.opened_s
    with ledger.database.writing() as connection:
        connection.execute(update(reviews).values(opened_s=reviews.c.opened_s - 3600))
    away = store.open(title, "ann").opened_s
    assert away is not None
    assert away >= first.opened_s


def test_an_editor_who_changes_a_title_has_it_open_for_longer(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)
    store.open(title, "ann")
    store.draft(title, 0, Draft(), "ann")
    with ledger.database.writing() as connection:
        connection.execute(update(reviews).values(opened_s=reviews.c.opened_s - 3600))
    assert store.look(title).present() == "ann"
    assert store.open(title, "bob").opened_by == "ann"


def test_a_decision_closes_the_title(ledger: Ledger, title: Any) -> None:
    store = Reviews(ledger.database)
    store.open(title, "ann")
    made = approve(store, title, 0, "ann")
    assert (made.present(), made.decided_s is not None) == (None, True)


@pytest.mark.parametrize("change", [{"state": "queued"}, {"content": "another"}])
def test_a_title_that_is_worked_on_again_meanwhile_is_not_decided(
    tmp_path: Path, ledger: Ledger, title: Any, change: dict[str, str]
) -> None:
    Shelf(tmp_path, ledger).change(title.id, **change)
    with pytest.raises(Problem, match="worked on again"):
        approve(Reviews(ledger.database), title, 0, "ann")
