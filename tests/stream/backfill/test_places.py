"""Places that come and go while a run goes on. Workers are scripted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from anyio import Event

from stream.backfill.errors import NowhereError
from stream.backfill.ledger import Ledger
from stream.backfill.links import Places, StartWorker, WorkerEndedError, WorkerLink, WorkerLostError

from .scripted import Listening, Script, Ticking, run, settings_of, work_of
from .shelf import row


class Coming:
    """Places as they are at each question; the last answer stays. None: there is nowhere."""

    def __init__(self, script: Script, *answers: set[str] | None) -> None:
        self._script, self._answers = script, list(answers)
        self.started: list[str] = []

    async def __call__(self) -> Places:
        names = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if names is None:
            raise NowhereError("no node has room for a worker")
        return {name: self._starter(name) for name in sorted(names)}

    def _starter(self, place: str) -> StartWorker:
        async def start(name: str) -> WorkerLink:
            self.started.append(place)
            return await self._script.start(name)

        return start


def test_nothing_is_claimed_before_there_is_a_place(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script()
    places = Coming(script, None, None, {"one"})
    work = work_of(ledger, script, tmp_path, settings_of(patience_s=0.2), ask=places, clock=Ticking(0.05))
    ended = run(work)
    assert (ended.stopped, ended.counts["done"]) == (None, 2)
    assert isinstance(work.watcher, Listening)
    assert work.watcher.troubles == ["no node has room for a worker"] * 2
    assert script.runs == {"a": 1, "b": 1}


def test_nowhere_to_run_stops_the_run(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a"), Script()
    before = row(ledger, "a")
    work = work_of(ledger, script, tmp_path, settings_of(patience_s=0.1), ask=Coming(script, None), clock=Ticking(0.05))
    ended = run(work)
    assert ended.stopped == "stopped after 0.1 s of trouble: no node has room for a worker"
    assert row(ledger, "a") == before


def test_without_work_no_place_is_waited_for(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued(), Script()
    assert run(work_of(ledger, script, tmp_path, ask=Coming(script, None))).stopped is None


def test_a_place_that_goes_ends_what_it_has_and_takes_nothing_new(
    queued: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger, script = queued("a", "b", "c"), Script({"a": "ask"}, in_flight=1)
    script.hold_answers = Event()

    class Leaving(Coming):
        async def __call__(self) -> Places:
            if script.asking.is_set() and script.hold_answers is not None:
                script.hold_answers.set()
                return {"new": self._starter("new")}
            return {"old": self._starter("old")}

    places = Leaving(script, set())
    assert run(work_of(ledger, script, tmp_path, ask=places)).counts["done"] == 3
    assert places.started == ["old", "new"]
    assert script.workers == [["a"], ["b", "c"]]


def test_a_place_that_comes_takes_its_share(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "ask"})
    script.hold_answers = Event()

    class Growing(Coming):
        async def __call__(self) -> Places:
            if script.runs["b"] and script.hold_answers is not None:
                script.hold_answers.set()
            names = ("old", "new") if script.asking.is_set() else ("old",)
            return {name: self._starter(name) for name in names}

    places = Growing(script, set())
    assert run(work_of(ledger, script, tmp_path, ask=places)).counts["done"] == 2
    assert places.started == ["old", "new"]


def test_a_lost_machine_is_nobodys_fault(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script = queued("a", "b"), Script({"a": "away done", "b": "wait done"}, in_flight=2)
    work = work_of(ledger, script, tmp_path)
    assert run(work).counts["done"] == 2
    assert script.workers == [["a", "b"], ["a", "b"]], "together again, for once says nothing of a film"
    assert isinstance(work.watcher, Listening)
    assert work.watcher.ended_workers == ["was lost with its node"]
    assert work.watcher.failures == []


def test_a_film_that_was_there_when_two_machines_went_runs_alone(
    queued: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger, script = queued("a", "b"), Script({"a": "away away done", "b": "wait wait done"}, in_flight=2)
    assert run(work_of(ledger, script, tmp_path)).counts["done"] == 2
    assert script.workers == [["a", "b"], ["a", "b"], ["a"], ["b"]]


def test_a_worker_lost_before_it_began_costs_its_films_nothing(queued: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger, script, starts = queued("a"), Script({"a": "away"}), iter(range(9))

    async def start(name: str) -> WorkerLink:
        if next(starts) < 2:
            raise WorkerLostError("was lost with its node")
        if row(ledger, "a")["lost"] == 0:
            return await script.start(name)
        raise WorkerEndedError(1, "that is enough")

    async def places() -> Places:
        return {"one": start}

    run(work_of(ledger, script, tmp_path, settings_of(patience_s=0), ask=places))
    assert (row(ledger, "a")["lost"], row(ledger, "a")["attempts"]) == (1, 0)
    assert next(starts) == 4, "twice not begun, then lost, then the end"
