"""A run that waits for more: its workers stay, and neither failures nor trouble end it. Workers are scripted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
from anyio import Event, create_task_group, fail_after, sleep

from stream.backfill.ledger import Ledger
from stream.backfill.plan import Plan
from stream.backfill.run import run_library
from stream.backfill.work import Work

from .scripted import LONGEST_S, Listening, Script, Ticking, settings_of, work_of
from .shelf import enqueue, row, titles


def run_until(work: Work, ready: Callable[[], bool], then: Callable[[], None] = lambda: None) -> None:
    """Run until `ready`, do `then`, and run until nothing is queued or in work."""

    async def all_of_it() -> None:
        stop = Event()
        with fail_after(LONGEST_S):
            async with create_task_group() as tasks:
                tasks.start_soon(run_library, work, Plan(work.out, grace_s=5.0), stop)
                await until(ready)
                then()
                await until(lambda: not work.in_work and work.leases.left() == 0)
                stop.set()

    anyio.run(all_of_it)


def until(ready: Callable[[], bool]) -> Awaitable[None]:
    """Let others run until something is so."""

    async def wait() -> None:
        while not ready():
            await sleep(0.001)

    return wait()


def test_a_worker_is_at_hand_before_there_is_work_and_stays(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued(), Script()
    work = work_of(ledger, script, tmp_path, endless=True)
    run_until(work, lambda: bool(script.workers), lambda: enqueue(ledger, titles("a", "b")))
    assert script.workers == [["a", "b"]]
    assert row(ledger, "b")["state"] == "done"


def test_more_that_comes_later_goes_to_the_same_worker(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script()
    work = work_of(ledger, script, tmp_path, endless=True)
    run_until(work, lambda: row(ledger, "a")["state"] == "done", lambda: enqueue(ledger, titles("b")))
    assert script.workers == [["a", "b"]]


def test_an_idle_worker_makes_room_for_a_film_that_must_be_alone(
    queued: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger, script = queued("good", "bad"), Script({"bad": "inside done"})
    work = work_of(ledger, script, tmp_path, endless=True)
    run_until(work, lambda: row(ledger, "bad")["state"] == "done")
    assert script.runs["bad"] == 2
    assert ["bad"] in script.workers, "in a process of its own"


def test_neither_failures_nor_trouble_end_it(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    acts = {"a": "refused", "b": "refused", "c": "full full full done"}
    ledger, script = queued("a", "b", "c"), Script(acts)
    settings = settings_of(budget_films=1, budget_percent=0, patience_s=0)
    work = work_of(ledger, script, tmp_path, settings, endless=True, clock=Ticking(20.0))
    run_until(work, lambda: row(ledger, "c")["state"] == "done")
    assert isinstance(work.watcher, Listening)
    assert work.watcher.troubles == ["no space left"] * 3
    assert [row(ledger, key)["state"] for key in "ab"] == ["failed", "failed"]


def test_a_video_that_leads_outside_by_now_is_refused(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script()
    work = work_of(ledger, script, tmp_path, endless=True, may_open=lambda video: video.name != "a")
    run_until(work, lambda: row(ledger, "b")["state"] == "done")
    assert (row(ledger, "a")["state"], row(ledger, "a")["kind"]) == ("failed", "refused")
    assert script.runs == {"b": 1}
