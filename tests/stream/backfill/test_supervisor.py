"""Whatever happens to workers: who is charged, what goes on, when a run stops. Workers are scripted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import Event, create_task_group, fail_after

from stream.backfill.episodes import earlier_sources
from stream.backfill.ledger import Ledger
from stream.backfill.plan import Plan
from stream.backfill.run import Ended, run_library
from stream.backfill.schema import jobs
from stream.backfill.supervisor import beat
from stream.backfill.work import Work
from stream.manifest import EpisodeEntry
from stream.output.leftovers import temporary_folders

from .scripted import LONGEST_S, Listening, Script, Ticking, run, settings_of, work_of
from .shelf import leases_of, row


def heard(work: Work) -> Listening:
    assert isinstance(work.watcher, Listening)
    return work.watcher


def test_all_is_done_by_one_worker(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b", "c"), Script(in_flight=2)
    ended = run(work := work_of(ledger, script, tmp_path))
    assert ended == Ended(counts={**ended.counts, "done": 3}, stopped=None, left=0)
    assert script.workers == [["a", "b", "c"]]
    assert heard(work).film_hours == 3.0


def test_the_verdict_on_an_episode_is_kept_in_the_ledger(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script({})
    seen = EpisodeEntry(verdict="confirmed", confidence=0.99, read="S01E07", expected="7", evidence=[], why="It is.")
    script.episode = seen
    run(work_of(ledger, script, tmp_path))
    (known,) = earlier_sources(ledger, "c")
    assert (str(known.number), known.words) == ("S01E07", "an earlier verdict")


def test_films_in_flight_at_a_death_run_alone_uncharged(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("bad", "good", "late"), Script({"bad": "killed done", "good": "wait done"}, in_flight=2)
    run(work_of(ledger, script, tmp_path))
    assert script.workers == [["bad", "good"], ["bad"], ["good"], ["late"]]
    assert [row(ledger, key)["state"] for key in ("bad", "good", "late")] == ["done"] * 3
    assert row(ledger, "bad")["attempts"] == 0


def test_a_film_that_dies_alone_is_quarantined_with_its_log(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("bad", "good"), Script({"bad": "killed"}, in_flight=2)
    ended = run(work := work_of(ledger, script, tmp_path))
    found = row(ledger, "bad")
    assert (found["state"], found["kind"], found["attempts"]) == ("quarantined", "died", 3)
    assert found["log"] == "log of bad"
    assert script.runs == {"bad": 4, "good": 2}
    assert row(ledger, "good")["state"] == "done"
    assert ended.stopped is None
    assert [final for _, _, final in heard(work).failures] == [False, False, True]


def test_what_a_killed_worker_left_half_written_is_removed(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("bad"), Script({"bad": "killed gone"})
    (tmp_path / "other.mp4").touch()
    work = work_of(ledger, script, tmp_path)
    half, other = temporary_folders(work.out / "bad")[0], temporary_folders(work.out / "other")[0]
    for folder in (half, other):
        folder.mkdir(parents=True)
    run(work)
    assert list(work.out.iterdir()) == [other]


def test_a_film_that_hangs_is_found_although_others_speak(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("slow", "good"), Script({"slow": "hang"}, in_flight=2)
    run(work := work_of(ledger, script, tmp_path, settings_of(no_progress_s=0.05, attempts=1)))
    found = row(ledger, "slow")
    assert (found["state"], found["kind"], found["log"]) == ("quarantined", "hung", "stacks of all threads")
    assert "made no progress for 0.05 s" in heard(work).ended_workers
    assert row(ledger, "good")["state"] == "done"


def test_a_lost_device_charges_nobody(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "lost lost done"})
    ended = run(work := work_of(ledger, script, tmp_path, clock=Ticking(0.5)))
    assert ended.counts["done"] == 2
    assert row(ledger, "a")["attempts"] == 0
    assert heard(work).failures == []
    assert script.runs == {"a": 3, "b": 1}


def test_a_film_that_loses_the_device_again_while_others_pass_is_charged(
    queued: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger, script = queued("a", "b", "c"), Script({"a": "lost"})
    ended = run(work := work_of(ledger, script, tmp_path, clock=Ticking(0.5)))
    assert (row(ledger, "a")["state"], row(ledger, "a")["kind"]) == ("quarantined", "device")
    assert ended.counts["done"] == 2
    assert script.runs["a"] == 3
    assert len(heard(work).troubles) == 2


def test_a_device_that_stays_lost_stops_the_run(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "lost", "b": "lost"})
    settings = settings_of(patience_s=20)
    ended = run(work_of(ledger, script, tmp_path, settings, clock=Ticking(0.5)))
    assert ended.stopped is not None
    assert "lost the GPU" in ended.stopped
    assert ended.counts["queued"] == 2


def test_what_must_run_alone_does_not_wait_for_the_queue(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    """A film whose lease ended twice without word, elsewhere, while this worker has much to do."""
    ledger, script = queued("a", "b", "c", "elsewhere"), Script({"a": "ask"})
    script.hold_answers = Event()
    work = work_of(ledger, script, tmp_path)

    async def with_a_death_elsewhere() -> None:
        with fail_after(LONGEST_S):
            async with create_task_group() as tasks:
                tasks.start_soon(run_library, work, Plan(work.out), Event())
                await script.asking.wait()
                with ledger.database.writing() as connection:
                    values = {"state": "running", "owner": "elsewhere", "lease_until_s": 0.0, "lost": 1}
                    connection.execute(jobs.update().where(jobs.c.key == "elsewhere").values(**values))
                await beat(work)
                assert script.hold_answers is not None
                script.hold_answers.set()

    anyio.run(with_a_death_elsewhere)
    assert script.workers == [["a"], ["elsewhere"], ["b", "c"]]


@pytest.mark.parametrize("kind", ["refused", "limits"])
def test_a_refusal_is_final(queued: Callable[..., Ledger], tmp_path: Path, kind: str) -> None:
    ledger, script = queued("a", "b"), Script({"a": kind})
    run(work_of(ledger, script, tmp_path))
    found = row(ledger, "a")
    assert (found["state"], found["kind"], found["reason"]) == ("failed", kind, f"{kind} here")
    assert script.runs["a"] == 1


def test_a_failure_inside_keyart_is_tried_once_more(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "inside done", "b": "inside"})
    run(work := work_of(ledger, script, tmp_path))
    assert (row(ledger, "a")["state"], row(ledger, "b")["state"]) == ("done", "failed")
    assert script.workers == [["a"], ["a"], ["b"], ["b"]], "the second time alone"
    assert heard(work).counts["failed"] == 1
    assert row(ledger, "b")["log"] == "trace"


def test_a_file_that_is_gone(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    (tmp_path / "other.mp4").touch()
    ledger, script = queued("a"), Script({"a": "gone"})
    assert run(work_of(ledger, script, tmp_path)).counts["gone"] == 1


@pytest.mark.parametrize("act", ["gone", "refused"])
def test_a_library_that_is_not_there_is_no_films_fault(
    queued: Callable[..., Ledger], tmp_path: Path, act: str
) -> None:
    ledger, script = queued("a"), Script({"a": act})
    missing = tmp_path / "not_mounted"
    ended = run(work_of(ledger, script, missing, settings_of(patience_s=0)))
    assert ended.stopped is not None
    assert "mount it" in ended.stopped
    assert ended.counts["queued"] == 1


def test_too_many_failures_stop_the_run(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    keys = [f"{number}" for number in range(9)]
    script = Script(dict.fromkeys(keys[1:4], "refused"))
    settings = settings_of(budget_films=4, budget_percent=50)
    ended = run(work_of(queued(*keys), script, tmp_path, settings))
    assert ended.stopped is not None
    assert "3 of the last 4 films failed" in ended.stopped
    assert ended.counts["queued"] == 5


def test_trouble_waits_and_goes_on(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "full full done"})
    ended = run(work := work_of(ledger, script, tmp_path, clock=Ticking(0.5)))
    assert (ended.stopped, ended.counts["done"]) == (None, 2)
    assert heard(work).troubles == ["no space left"] * 2
    assert row(ledger, "a")["attempts"] == 0


def test_an_output_that_went_away_charges_no_film(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script()
    work = work_of(ledger, script, tmp_path, settings_of(patience_s=0), out_is_there=lambda: not script.workers)
    ended = run(work)
    assert ended.stopped is not None
    assert "is not there or another folder" in ended.stopped
    assert (ended.counts["done"], ended.counts["queued"]) == (1, 1)


def test_trouble_that_does_not_pass_stops_the_run(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "full", "b": "full"})
    ended = run(work_of(ledger, script, tmp_path, settings_of(patience_s=30), clock=Ticking(0.5)))
    assert ended.stopped == "stopped after 30 s of trouble: no space left"
    assert 3 <= sum(script.runs.values()) <= 8, "it waits longer and longer"
    assert ended.counts["queued"] == 2


def test_workers_that_cannot_start(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script(cannot_start=2)
    ended = run(work := work_of(ledger, script, tmp_path, clock=Ticking(0.5)))
    assert ended.counts["done"] == 1
    assert heard(work).troubles == ["weights are missing, pull them"] * 2


def test_a_worker_with_other_settings_stops_the_run(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    script = Script()
    script.fingerprint = "other"
    ended = run(work_of(queued("a"), script, tmp_path))
    assert ended.stopped is not None
    assert "other settings" in ended.stopped


def test_workers_are_replaced_after_some_films(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    script = Script(in_flight=2)
    run(work_of(queued(*"abcdefg"), script, tmp_path, settings_of(recycle_films=3)))
    assert [len(films) for films in script.workers] == [3, 3, 1]


def test_a_paused_run_says_so_and_goes_on_when_it_may(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script()
    ledger.pause()

    class Resuming(Listening):
        def paused(self, paused: bool) -> None:
            super().paused(paused)
            assert not script.workers or not paused
            ledger.pause(False)

    work = work_of(ledger, script, tmp_path)
    work.watcher = Resuming()
    assert run(work).counts["done"] == 2
    assert heard(work).pauses == [True, False]


def test_no_more_films_than_asked_for(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    script = Script({"a": "inside done", "b": "killed done"}, in_flight=2)
    ended = run(work_of(queued(*"abcde"), script, tmp_path, most=3, places=2))
    assert (ended.counts["done"], ended.left) == (3, 2)


def test_leave_to_publish_is_as_long_as_the_lease(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    script = Script({"a": "ask"})
    ended = run(work_of(queued("a"), script, tmp_path))
    assert 50 < script.answers[0] <= 60
    assert ended.counts["done"] == 1


async def _with_thief(work: Work, ledger: Ledger, script: Script, when: Event, act: str) -> None:
    """Somebody else takes the job of the film that waits, and gets it done."""
    with fail_after(LONGEST_S):
        async with create_task_group() as tasks:
            tasks.start_soon(run_library, work, Plan(work.out), Event())
            await when.wait()
            with ledger.database.writing() as connection:
                connection.execute(jobs.update().values(lease_until_s=0.0))
            thief = leases_of(ledger, "thief")
            assert thief.sweep().jobs == 1
            (lease,) = thief.claim(1)
            if act == "beat":
                await beat(work)
            elif script.hold_answers is not None:
                script.hold_answers.set()
            await script.dropped.wait() if act == "beat" else None
            assert thief.done(lease, content="thief's")


def test_a_lost_lease_drops_the_film(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script({"a": "wait"})
    work = work_of(ledger, script, tmp_path)
    anyio.run(_with_thief, work, ledger, script, script.waiting, "beat")
    assert row(ledger, "a")["content"] == "thief's"
    assert script.runs == {"a": 1}


def test_without_a_lease_nothing_is_published(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script({"a": "ask"})
    script.hold_answers = Event()
    work = work_of(ledger, script, tmp_path)
    anyio.run(_with_thief, work, ledger, script, script.asking, "ask")
    assert script.answers == [-1.0]
    assert row(ledger, "a")["content"] == "thief's"


def test_a_stop_takes_nothing_new_and_hands_leases_back(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b", "c"), Script({"a": "wait"}, in_flight=1)
    work = work_of(ledger, script, tmp_path)

    async def stopped() -> Ended:
        stop, ended = Event(), list[Ended]()
        with fail_after(LONGEST_S):
            async with create_task_group() as tasks:

                async def go() -> None:
                    ended.append(await run_library(work, Plan(work.out, grace_s=0.01), stop))

                tasks.start_soon(go)
                await script.waiting.wait()
                stop.set()
        return ended[0]

    ended = anyio.run(stopped)
    assert (ended.stopped, ended.left) == ("stopped as asked", 3)
    assert ended.counts["queued"] == 3
    assert row(ledger, "a")["attempts"] == row(ledger, "a")["lost"] == 0
