"""What all places of a run share: the ledger, what is in work, and when nothing new is to be begun."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from anyio import CapacityLimiter, sleep, to_thread

from ..settings.model import Settings
from .errors import LedgerUnavailableError
from .leases import Lease, Leases
from .ledger import Ledger
from .links import AskPlaces
from .messages import FilmDone, Progress, Ready, Report, Trouble
from .states import Kind, TroubleKind, WhyStarted
from .stopping import FailureBudget, Patience
from .titles import video_below

T = TypeVar("T")


class Watcher(Protocol):
    """Told what happens; on the event loop, so it must not block. place: the name of the worker's place."""

    def starting(self, place: str, why: WhyStarted) -> None: ...

    def ready(self, place: str, ready: Ready) -> None: ...

    def began(self, lease: Lease, video: Path) -> None: ...

    def went_on(self, lease: Lease, progress: Progress) -> None: ...

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None: ...

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None: ...

    def gone(self, lease: Lease, video: Path) -> None: ...

    def given_back(self, lease: Lease, reason: str) -> None: ...

    def reported(self, place: str, report: Report) -> None: ...

    def worker_ended(self, place: str, how: str, last_words: str) -> None: ...

    def stopped(self, place: str) -> None: ...

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None: ...

    def paused(self, paused: bool) -> None: ...


@dataclass(slots=True)
class FilmInWork:
    """A claimed job. lost: its lease passed to somebody else. last_sign: when its worker last spoke of it."""

    lease: Lease
    video: Path
    lost: bool = False
    dropped: bool = False
    last_sign: float = 0.0


@dataclass(slots=True)
class Work:
    """A run. places: where workers may run, asked again and again. most: films to end at most, None for all.
    endless: it waits for more when nothing is left, with a worker at hand in each place, and no trouble or failure ends
    it. stop_taking: nothing new is begun any more.

    look_again_s: how often it is looked whether there is something to do. clock: seconds, for how long films and
    workers say nothing.
    """

    root: Path
    out: Path
    settings: Settings
    ledger: Ledger
    leases: Leases
    places: AskPlaces
    watcher: Watcher
    out_is_there: Callable[[], bool] = lambda: True
    """Whether results can go to `out` yet; blocks."""
    may_open: Callable[[Path], bool] = lambda video: True
    """Whether a video may be opened, wherever links lead now; blocks."""
    redo_version: bool = False
    leased: bool = True
    """Whether results say under which lease they were made, and earlier ones are taken over; else they are as
    `keyart extract` makes them."""
    most: int | None = None
    endless: bool = False
    look_again_s: float = 1.0
    clock: Callable[[], float] = time.monotonic
    stop_taking: bool = False
    alone_may_wait: bool = False
    """Whether films that must run alone may have been queued since a place last looked for such."""
    in_work: dict[int, FilmInWork] = field(default_factory=dict)
    ended: int = 0
    passed: int = 0
    lost_device: dict[int, int] = field(default_factory=dict)
    """Job → `passed` when it last lost the device alone."""
    budget: FailureBudget = field(init=False)
    ledger_patience: Patience = field(init=False)
    patience: dict[Trouble, Patience] = field(init=False)
    one_writer: CapacityLimiter | None = None
    """Of the thread that asks the ledger; others that write may share it."""
    _claiming: int = field(init=False, default=0)
    _paused: bool = field(init=False, default=False)
    _held_until: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        backfill = self.settings.backfill
        patience_s = math.inf if self.endless else backfill.patience_s
        self.budget = FailureBudget(backfill.budget_films, 100.0 if self.endless else backfill.budget_percent)
        self.ledger_patience = Patience(patience_s, self.clock)
        kinds: tuple[Trouble, ...] = ("output", "start", "device", "library")
        self.patience = {kind: Patience(patience_s, self.clock) for kind in kinds}
        self.one_writer = self.one_writer or CapacityLimiter(1)

    async def asked(self, call: Callable[[], T]) -> T:
        """The answer of a call to the ledger, made on the one thread that writes; waits while it cannot be reached.
        Raises RunStoppedError when that lasts too long."""
        while True:
            try:
                answer = await to_thread.run_sync(call, limiter=self.one_writer)
            except LedgerUnavailableError as error:
                wait_s = self.ledger_patience.wait_s(str(error))
                self.watcher.trouble("ledger", str(error), wait_s)
                await sleep(wait_s)
                continue
            self.ledger_patience.over()
            return answer

    async def take(self, count: int, *, alone: bool = False, leave: Iterable[int] = ()) -> list[FilmInWork]:
        """Claim jobs, as many as the run may still take; they are in work from now on. leave: jobs passed over."""
        if self.most is not None:
            count = min(count, self.most - self.ended - len(self.in_work) - self._claiming)
        if self.stop_taking or count <= 0 or self.held_s() > 0:
            return []
        self._claiming += count
        try:
            if await self._is_paused():
                return []
            if not await to_thread.run_sync(self.out_is_there):
                self.hold("output", f"{self.out} is not there or another folder, mount it or put it back")
                return []
            passed_over = {*self.in_work, *leave}
            leases = await self.asked(lambda: self.leases.claim(count, alone=alone, leave=passed_over))
            films = [FilmInWork(lease, video_below(self.root, lease.key, lease.path)) for lease in leases]
            self.in_work.update((film.lease.job, film) for film in films)
        finally:
            self._claiming -= count
        return films

    async def _is_paused(self) -> bool:
        paused = await self.asked(self.ledger.is_paused)
        if paused != self._paused:
            self._paused = paused
            self.watcher.paused(paused)
        return paused

    async def give_back(self, films: Iterable[FilmInWork], reason: str, *, alone: bool = False) -> None:
        """Queue again what was not finished through no fault of its own. alone: to run next in its own process."""
        given = list(films)
        for film in given:
            self.in_work.pop(film.lease.job, None)
        held = [film.lease for film in given if not film.lost]
        await self.asked(lambda: self.leases.give_back(held, alone=alone))
        for lease in held:
            self.watcher.given_back(lease, reason)

    async def lose(self, films: Iterable[FilmInWork], reason: str) -> None:
        """Queue again what was in work with a worker that is lost; to the ledger its leases ended without word."""
        given = list(films)
        for film in given:
            self.in_work.pop(film.lease.job, None)
        held = [film.lease for film in given if not film.lost]
        taken = await self.asked(lambda: self.leases.lose(held))
        self.alone_may_wait = self.alone_may_wait or taken.alone > 0
        for lease in held:
            self.watcher.given_back(lease, reason)

    def hold(self, trouble: Trouble, reason: str) -> None:
        """Begin nothing new for a while, for something is wrong that is no film's fault. Raises RunStoppedError when
        it has been so for too long."""
        wait_s = self.patience[trouble].wait_s(reason)
        self._held_until = max(self._held_until, self.clock() + wait_s)
        self.watcher.trouble(trouble, reason, wait_s)

    def held_s(self) -> float:
        """Seconds until something new may be begun; 0 when it may."""
        return max(0.0, self._held_until - self.clock())

    async def nothing_left(self) -> bool:
        """Whether the run is over: nothing is queued or in work anywhere, or all it may take is done."""
        if self.in_work or self._claiming or self.endless:
            return False
        if self.most is not None and self.ended >= self.most:
            return True
        await self.asked(self.leases.sweep)
        return not await self.asked(self.leases.is_any_left)

    def end(self, film: FilmInWork, *, failed: bool) -> None:
        """A film came to its end, for good. Raises RunStoppedError when too many of the last failed."""
        self.in_work.pop(film.lease.job, None)
        self.ended += 1
        self.passed += 1
        self.lost_device.pop(film.lease.job, None)
        self.budget.note(failed)
