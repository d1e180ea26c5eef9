"""Jobs that clients ask for: queued once, found again, asked for anew, cancelled, moved to other settings."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stream.backfill.leases import Leases
from stream.backfill.ledger import Ledger
from stream.backfill.titles import Title, video_below
from stream.serve import jobs
from stream.serve.problems import Problem
from stream.serve.roots import Roots

PRINT, OTHER_PRINT = "f" * 32, "e" * 32
ROOT = Path("/library")


def submitted(ledger: Ledger, key: str = "a.mkv", there: bool = True, **wish: Any) -> jobs.Submitted:
    """Ask for a title."""
    title = Title(key, wish.pop("size_bytes", 100), 1, None, wish.pop("priority", 100))
    fingerprint = wish.pop("fingerprint", PRINT)
    return jobs.submit(ledger, ROOT, fingerprint, jobs.Wish(title, **wish), lambda key, fingerprint: there)


def leases_of(ledger: Ledger, fingerprint: str = PRINT) -> Leases:
    return Leases(ledger.database, ledger.library, fingerprint, "me", 60.0)


def ended(ledger: Ledger, how: str = "done") -> None:
    """The next job ends."""
    leases = leases_of(ledger)
    lease = leases.claim(1)[0]
    if how == "failed":
        assert leases.failed(lease, "refused", "is broken")
    else:
        assert leases.done(lease, content="c")


def test_a_title_is_queued_once(ledger: Ledger) -> None:
    first, again = submitted(ledger), submitted(ledger)
    assert (first.state, first.queued, again.queued) == ("queued", True, False)
    assert first.job == again.job
    assert jobs.job(ledger, first.job).priority == 100


def test_a_queued_title_comes_sooner_when_that_is_asked_for_and_never_later(ledger: Ledger) -> None:
    first = submitted(ledger, priority=5)
    submitted(ledger, priority=1)
    assert jobs.job(ledger, first.job).priority == 5
    submitted(ledger, priority=9)
    assert jobs.job(ledger, first.job).priority == 9


def test_new_titles_come_before_those_of_a_backfill(ledger: Ledger) -> None:
    for key, priority in (("old.mkv", 0), ("new.mkv", 100)):
        submitted(ledger, key, priority=priority)
    assert [lease.key for lease in leases_of(ledger).claim(2)] == ["new.mkv", "old.mkv"]


@pytest.mark.parametrize(
    ("how", "change", "state"),
    [
        ("done", {}, "done"),
        ("done", {"there": False}, "queued"),
        ("done", {"size_bytes": 101}, "queued"),
        ("done", {"formats": ("square",)}, "queued"),
        ("failed", {}, "queued"),
        ("failed", {"asked_for": False}, "failed"),
        ("failed", {"asked_for": False, "size_bytes": 101}, "queued"),
        ("done", {"asked_for": False}, "done"),
        ("done", {"asked_for": False, "there": False}, "queued"),
    ],
)
def test_what_becomes_of_a_title_that_is_known(
    ledger: Ledger, how: str, change: dict[str, Any], state: str
) -> None:
    first = submitted(ledger)
    ended(ledger, how)
    again = submitted(ledger, **change)
    assert (again.job, again.state, again.queued) == (first.job, state, state == "queued")


def test_formats_go_with_the_lease(ledger: Ledger) -> None:
    submitted(ledger, formats=("square", "portrait"))
    submitted(ledger, "b.mkv", priority=1)
    assert [lease.formats for lease in leases_of(ledger).claim(2)] == [("square", "portrait"), ()]


def test_other_formats_wait_for_the_end_of_a_film_in_work(ledger: Ledger) -> None:
    submitted(ledger)
    leases_of(ledger).claim(1)
    assert submitted(ledger).state == "running"
    with pytest.raises(Problem) as refused:
        submitted(ledger, formats=("square",))
    assert refused.value.status == 409


def test_one_idempotency_key_makes_one_job(ledger: Ledger) -> None:
    wish = jobs.Wish(Title("a.mkv", 100, 1))
    there: jobs.HasResult = lambda key, fingerprint: True  # noqa: E731
    first = jobs.submit_once(ledger, ROOT, PRINT, wish, there, ("k", "body"))
    ended(ledger, "failed")
    again = jobs.submit_once(ledger, ROOT, PRINT, wish, there, ("k", "body"))
    assert (again.job, again.state, again.queued) == (first.job, "failed", False)
    with pytest.raises(Problem) as refused:
        jobs.submit_once(ledger, ROOT, PRINT, wish, there, ("k", "another"))
    assert refused.value.status == 422


def test_one_key_at_two_services_at_once_makes_one_job(ledger: Ledger) -> None:
    def ask(number: int) -> int:
        wish = jobs.Wish(Title(f"{number // 4}.mkv", 100, 1))
        once = (f"key {number // 4}", "body")
        return jobs.submit_once(ledger, ROOT, PRINT, wish, lambda key, fingerprint: True, once).job

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(40)))
    assert len(set(found)) == 10
    assert all(len(set(found[first : first + 4])) == 1 for first in range(0, 40, 4))


def test_a_refused_wish_spends_no_key(ledger: Ledger) -> None:
    submitted(ledger)
    leases_of(ledger).claim(1)
    wish = jobs.Wish(Title("a.mkv", 100, 1), ("square",))
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            jobs.submit_once(ledger, ROOT, PRINT, wish, lambda key, fingerprint: True, ("k", "body"))
        assert refused.value.status == 409


def test_cancelled_is_cancelled_until_somebody_asks(ledger: Ledger) -> None:
    job = submitted(ledger).job
    assert jobs.cancel(ledger, job).state == "cancelled"
    assert jobs.cancel(ledger, job).state == "cancelled", "twice is as good as once"
    assert not leases_of(ledger).claim(1)
    assert not submitted(ledger, asked_for=False).queued
    assert submitted(ledger).queued


def test_what_has_ended_cannot_be_cancelled(ledger: Ledger) -> None:
    job = submitted(ledger).job
    ended(ledger)
    with pytest.raises(Problem) as refused:
        jobs.cancel(ledger, job)
    assert (refused.value.status, refused.value.more) == (409, {"state": "done"})
    with pytest.raises(Problem) as unknown:
        jobs.cancel(ledger, job + 1)
    assert unknown.value.status == 404


def test_pages_of_jobs(ledger: Ledger) -> None:
    numbers = [submitted(ledger, key).job for key in ("a", "b", "c")]
    ended(ledger)
    assert [row.id for row in jobs.page(ledger, [], 0, 2)] == numbers[:2]
    assert [row.id for row in jobs.page(ledger, [], numbers[1], 2)] == numbers[2:]
    assert [row.state for row in jobs.page(ledger, ["done"], 0, 9)] == ["done"]


def test_queued_titles_move_to_settings_that_were_read_anew(ledger: Ledger) -> None:
    waits, works = submitted(ledger, "waits"), submitted(ledger, "works", priority=200)
    leases_of(ledger).claim(1)
    assert jobs.adopt(ledger, PRINT, OTHER_PRINT) == 1
    assert [lease.job for lease in leases_of(ledger, OTHER_PRINT).claim(5)] == [waits.job]
    assert jobs.job(ledger, works.job).fingerprint == PRINT, "in work under the settings it began with"
    assert jobs.adopt(ledger, PRINT, PRINT) == 0


def test_a_title_that_was_done_under_the_new_settings_before_keeps_that_job(ledger: Ledger) -> None:
    done = submitted(ledger)
    ended(ledger)
    waits = submitted(ledger, fingerprint=OTHER_PRINT)
    assert jobs.adopt(ledger, OTHER_PRINT, PRINT) == 1
    assert (jobs.job(ledger, done.job).state, jobs.job(ledger, waits.job).state) == ("queued", "cancelled")
    assert str(done.job) in jobs.job(ledger, waits.job).reason


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for name in ("first/sub", "second", "outside"):
        (tmp_path / name).mkdir(parents=True)
    return Roots([tmp_path / "first", tmp_path / "second"])


def test_keys_are_those_of_a_scan_of_the_first_root(roots: Roots, tmp_path: Path) -> None:
    (tmp_path / "first/sub/a.mkv").write_bytes(b"12")
    (tmp_path / "second/a.mkv").write_bytes(b"123")
    first = jobs.title_of(roots, tmp_path / "first/sub/../sub/a.mkv", 1)
    second = jobs.title_of(roots, tmp_path / "second/a.mkv", 1)
    assert (first.key, first.path, first.size_bytes) == ("sub/a.mkv", None, 2)
    assert second.key.endswith("/a.mkv") and second.key != "a.mkv"
    assert video_below(roots.first, second.key, second.path) == tmp_path / "second/a.mkv"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("outside/a.mkv", 403),
        ("first/../outside/a.mkv", 403),
        ("first/link/a.mkv", 403),
        ("first/link.mkv", 403),
        ("first/none.mkv", 404),
        ("first/sub", 422),
        ("first/pipe.mkv", 422),
    ],
)
def test_only_files_below_the_roots(roots: Roots, tmp_path: Path, path: str, status: int) -> None:
    (tmp_path / "outside/a.mkv").write_bytes(b"secret")
    (tmp_path / "first/link").symlink_to(tmp_path / "outside")
    (tmp_path / "first/link.mkv").symlink_to(tmp_path / "outside/a.mkv")
    os.mkfifo(tmp_path / "first/pipe.mkv")
    with pytest.raises(Problem) as refused:
        jobs.title_of(roots, tmp_path / path, 1)
    assert refused.value.status == status


def test_a_link_from_root_to_root_is_followed(roots: Roots, tmp_path: Path) -> None:
    (tmp_path / "second/a.mkv").write_bytes(b"1")
    (tmp_path / "first/a.mkv").symlink_to(tmp_path / "second/a.mkv")
    assert jobs.title_of(roots, tmp_path / "first/a.mkv", 1).key == "a.mkv"
