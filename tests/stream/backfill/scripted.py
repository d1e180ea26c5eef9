"""Workers in memory that do as a script says, film by film, and runs with them."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import anyio
from anyio import Event, create_memory_object_stream, fail_after

from stream.backfill.leases import Lease
from stream.backfill.ledger import Ledger
from stream.backfill.links import StartWorker, WorkerEndedError, WorkerLink, WorkerLostError
from stream.backfill.messages import (
    OF_NO_FILM,
    Begin,
    CannotStart,
    DropFilm,
    FilmDone,
    FilmFailed,
    FilmGivenUp,
    FilmGone,
    MayPublish,
    Message,
    Publish,
    Ready,
    Report,
    RunFilm,
    Said,
    path_in,
)
from stream.backfill.places import fixed
from stream.backfill.plan import Plan
from stream.backfill.run import Ended, run_library
from stream.backfill.states import Kind, TroubleKind
from stream.backfill.tally import Tally
from stream.backfill.work import Work
from stream.manifest import EpisodeEntry
from stream.settings.model import Settings

from .shelf import leases_of

LONGEST_S = 15.0


class Ticking:
    """A clock that goes on by `step_s` whenever it is looked at."""

    def __init__(self, step_s: float) -> None:
        self._times = count()
        self._step_s = step_s

    def __call__(self) -> float:
        return next(self._times) * self._step_s


class Listening(Tally):
    """Keeps what a run tells."""

    def __init__(self) -> None:
        super().__init__()
        self.ended_workers: list[str] = []
        self.troubles: list[str] = []
        self.pauses: list[bool] = []
        self.failures: list[tuple[str, Kind, bool]] = []

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        super().failed(lease, video, kind, reason, final)
        self.failures.append((lease.key, kind, final))

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        super().worker_ended(place, how, last_words)
        self.ended_workers.append(how)

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        super().trouble(kind, reason, wait_s)
        self.troubles.append(reason)

    def paused(self, paused: bool) -> None:
        super().paused(paused)
        self.pauses.append(paused)


class Script:
    """What becomes of films, by name: each time one is run it takes the next of its acts, the last for ever.

    done, gone, refused, limits, inside, full (the disk), killed, lost (the device), away (its machine), hang (no word
    any more), ask (leave to publish, then done or given up), wait (until it is dropped). What is not named is done.
    """

    def __init__(self, acts: Mapping[str, str] | None = None, in_flight: int = 1, cannot_start: int = 0) -> None:
        self._acts = {name: deque(line.split()) for name, line in (acts or {}).items()}
        self.in_flight, self.cannot_start = in_flight, cannot_start
        self.workers: list[list[str]] = []
        self.together: dict[str, set[str]] = defaultdict(set)
        self.answers: list[float] = []
        self.asking, self.waiting, self.dropped = Event(), Event(), Event()
        self.hold_answers: Event | None = None
        self.report: Report | None = None
        """Said by a worker before each film that ends."""
        self.fingerprint: str | None = None
        self.episode: EpisodeEntry | None = None
        """The verdict on films that end well."""

    def next_act(self, name: str) -> str:
        acts = self._acts.get(name, deque(["done"]))
        return acts.popleft() if len(acts) > 1 else acts[0]

    async def start(self, name: str) -> WorkerLink:
        return ScriptedWorker(self)

    @property
    def runs(self) -> Counter[str]:
        return Counter(name for films in self.workers for name in films)


class ScriptedWorker:
    """`WorkerLink` that follows a `Script`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._films: list[str] = []
        script.workers.append(self._films)
        self._open: dict[int, str] = {}
        self._kept: Said | WorkerEndedError | None = None
        self._say, self._said = create_memory_object_stream[Said | WorkerEndedError](100)

    async def send(self, message: Message) -> None:
        if isinstance(message, Begin):
            self._begin(message)
        elif isinstance(message, RunFilm):
            self._run(message)
        elif isinstance(message, Publish):
            self._script.answers.append(message.left_s)
            well = done(message.job, self._script.episode)
            self._end(well if message.left_s > 0 else FilmGivenUp(job=message.job, reason="lost"))
        elif isinstance(message, DropFilm):
            self._script.dropped.set()
            self._end(FilmGivenUp(job=message.job, reason="was dropped"))

    def _begin(self, message: Begin) -> None:
        if self._script.cannot_start:
            self._script.cannot_start -= 1
            self._say.send_nowait(CannotStart(reason="weights are missing, pull them"))
            return
        fingerprint = self._script.fingerprint or Settings(**message.settings).settings_fingerprint
        self._say.send_nowait(
            Ready(device="cpu", in_flight=self._script.in_flight, settings_fingerprint=fingerprint)
        )

    def _run(self, film: RunFilm) -> None:
        name, job = path_in(film.video).name, film.job
        self._films.append(name)
        self._open[job] = name
        for other in self._open.values():
            self._script.together[name].add(other)
            self._script.together[other].add(name)
        act = self._script.next_act(name)
        kinds: dict[str, Kind] = {"refused": "refused", "limits": "limits", "inside": "inside"}
        if act == "done":
            self._end(done(job, self._script.episode))
        elif act == "gone":
            self._end(FilmGone(job=job))
        elif act in kinds:
            self._end(FilmFailed(job=job, kind=kinds[act], reason=f"{act} here", trace="trace"))
        elif act == "full":
            self._end(FilmGivenUp(job=job, trouble="output", reason="no space left"))
        elif act in ("killed", "lost"):
            code = -9 if act == "killed" else 70
            self._say.send_nowait(WorkerEndedError(code, f"log of {name}"))
        elif act == "away":
            self._say.send_nowait(WorkerLostError("was lost with its node"))
        elif act == "ask":
            self._say.send_nowait(MayPublish(job=job))
            self._script.asking.set()
        else:
            assert act in ("hang", "wait"), act
            self._script.waiting.set()

    def _end(self, said: Said) -> None:
        assert not isinstance(said, OF_NO_FILM)
        self._open.pop(said.job, None)
        if self._script.report is not None:
            self._say.send_nowait(self._script.report)
        self._say.send_nowait(said)

    async def receive(self) -> Said:
        said = self._kept = self._kept or await self._said.receive()
        if isinstance(said, WorkerEndedError):
            raise said
        if isinstance(said, MayPublish) and self._script.hold_answers is not None:
            await self._script.hold_answers.wait()
        self._kept = None
        return said

    async def stop(self, within_s: float) -> None:
        self._say.close()
        self._said.close()

    async def abort(self) -> WorkerEndedError:
        return WorkerEndedError(-6, "stacks of all threads")

    def memory_mib(self) -> float:
        return 0.0


def done(job: int, episode: EpisodeEntry | None = None) -> FilmDone:
    """A film that went well."""
    return FilmDone(
        job=job, content="c", size_bytes=100, mtime_ns=1, version="1", wall_s=1.0, film_s=3600.0, frames=10,
        episode=episode,
    )  # fmt: skip


def settings_of(**backfill: Any) -> Settings:
    """Settings of a test run; `no_progress_s` among them."""
    limits = {"no_progress_s": backfill.pop("no_progress_s", 300.0)}
    return Settings(device="cpu", backfill=backfill, limits=limits)  # type: ignore[arg-type]


def work_of(ledger: Ledger, script: Script, root: Path, settings: Settings | None = None, **more: Any) -> Work:
    """A run's work, with workers of a script."""
    return Work(
        root=root,
        out=root / "out",
        settings=settings or settings_of(),
        ledger=ledger,
        leases=more.pop("leases", leases_of(ledger)),
        places=more.pop("ask", None) or fixed(places_of(script, more.pop("places", 1))),
        watcher=Listening(),
        look_again_s=0.01,
        **more,
    )


def run(work: Work, grace_s: float = 5.0) -> Ended:
    """Run it to its end."""

    async def all_of_it() -> Ended:
        with fail_after(LONGEST_S):
            return await run_library(work, Plan(work.out, grace_s=grace_s), Event())

    return anyio.run(all_of_it)


def places_of(script: Script, number: int) -> dict[str, StartWorker]:
    """So many places for workers of a script."""
    return {f"cpu-{one}": script.start for one in range(number)}
