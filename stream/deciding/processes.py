"""Decisions made in processes of their own, so that the ends of films do not hold the interpreter of the process that
feeds a device.

Such a process is asked over a pipe and knows a film until its end, so that its numbers cross once. A pool of the
standard library hands each task to any process, and its processes outlive a parent that is killed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from threading import Lock
from typing import Any

import numpy as np

from kernels.ops import Device

from .. import log
from ..dataflow.cancellation import checkpoint, lock_cancellably
from ..errors import DecidersLostError
from ..film import Film
from ..framing.active import ActiveRects
from ..people.characters import dense_clusters
from ..ranking.choice import CheckResult, Round, Standing
from ..ranking.judge import offered
from ..ranking.selection import Assessment, Pick, Selection
from ..records import Candidate, Character, Track
from ..settings.model import Settings
from ..settings.sections import PeopleSettings
from .decisions import Judged, People
from .film_numbers import FilmNumbers, numbers_of
from .messages import Answer, JudgedSaid, Request, RoundSaid, assessments_of, packed, unpacked

COMMAND = (sys.executable, "-m", "stream.deciding.process")
_CANCEL_POLL_S = 0.1
_CHUNK = 1 << 20
_ENDS_WITHIN_S = 5.0
_LAST_WORDS_BYTES = 4096
Clusters = Callable[[Sequence[Track], PeopleSettings], np.ndarray | None]


class _GoneError(Exception):
    """The process had died before it was asked, with the question of another film."""


class DecidingProcess:
    """One process and the pipes to it. Safe for several threads, which are answered in turn."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0,
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._one_asks, self._numbers, self._held = Lock(), count(), bytearray()
        self.pid = self._process.pid
        self._gone = False
        self.films = 0
        """How many films it knows."""

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def ask(self, film: int, what: str, *arguments: Any) -> Any:
        """What the process answers. Blocks; a cancellation is heard while it is waited for. Raises DecidersLostError
        when the process dies, and what the method raised there."""
        with lock_cancellably(self._one_asks):
            if self._gone:
                raise _GoneError
            number = next(self._numbers)
            self._send(packed(Request(number, film, what, arguments)))
            answer = self._received(number)
        if answer.error is not None:
            raise answer.error
        return answer.value

    def leave(self, film: int) -> None:
        """It need not know the film any more. One that has died is closed with its last film."""
        self.films -= 1
        if not self.ended:
            with self._one_asks, suppress(DecidersLostError):  # it knows nothing any more
                self._send(packed(Request(next(self._numbers), film, "close")))
        elif not self.films:
            self.close()

    def close(self) -> None:
        """End it, with whatever it works on."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _send(self, data: bytes) -> None:
        """Send it whole. An answer that nobody waits for any more is taken meanwhile: the process may not listen before
        it has got rid of that."""
        view = memoryview(data)
        while view:
            told, listens, _ = select.select([self._out], [self._in], [])
            if told:
                self._read()
            if listens:
                try:
                    view = view[os.write(self._in, view) :]
                except OSError as error:
                    raise self._lost() from error

    def _received(self, number: int) -> Answer:
        """The answer of this number. Those before it are of films that were given up."""
        while True:
            while (answer := unpacked(self._held)) is not None:
                if answer.number == number:
                    assert isinstance(answer, Answer)
                    return answer
            checkpoint()
            if select.select([self._out], [], [], _CANCEL_POLL_S)[0]:
                self._read()

    def _read(self) -> None:
        chunk = os.read(self._out, _CHUNK)
        if not chunk:
            raise self._lost()
        self._held += chunk

    def _lost(self) -> DecidersLostError:
        self._gone = True
        try:
            code = self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        how = f"ended with exit code {code}" if code >= 0 else f"died of signal {-code}"
        if code == -signal.SIGKILL:
            how = "was killed (signal 9, perhaps for want of memory)"
        log.warning("deciding process lost", how=how, last_words=self._last_words())
        return DecidersLostError(f"the process that decides at its end {how}, run it again")

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LAST_WORDS_BYTES))
        return self._errors.read().decode("utf-8", "replace").strip()


def _clusters_on(device: Device, tracks: Sequence[Track], settings: PeopleSettings) -> np.ndarray | None:
    """What the device says of a film's tracks; None where faces are grouped on the CPU, by the other process. That one
    must not look at a GPU: each process that does takes memory of it."""
    return None if device == "cpu" else dense_clusters(tracks, settings, device)


class FarDecisions:
    """`stream.deciding.decisions.Decisions` in another process. What was said of each picture is kept here as well."""

    def __init__(
        self,
        take: Callable[[], DecidingProcess],
        film: int,
        numbers: FilmNumbers,
        settings: Settings,
        clusters: Clusters,
    ) -> None:
        self._take, self._film, self._numbers, self._settings = take, film, numbers, settings
        self._clusters = clusters
        self._process = take()
        self._asked: list[tuple[Any, ...]] = []
        self._standing = Standing(settings)
        self._active: ActiveRects

    def people(self) -> People:
        """See `Decisions`."""
        clusters = self._clusters(self._numbers.tracks, self._settings.people)
        found: People = self._ask("people", self._numbers, self._settings, clusters)
        return found

    def judge(self, active: ActiveRects) -> Judged:
        """See `Decisions`."""
        said: JudgedSaid = self._ask("judge", active)
        self._active = active
        assessments = assessments_of(said.assessments, [one for one, _ in offered(self._numbers)], active)
        self._standing.add(assessments)
        return Judged(assessments, said.baselines)

    def more(self, found: Sequence[Candidate], characters: Sequence[Character]) -> list[Assessment]:
        """See `Decisions`. The other process adds them to its choice at once."""
        return assessments_of(self._ask("more", list(found), list(characters)), found, self._active)

    def add(self, assessments: Sequence[Assessment]) -> None:
        """See `Choosing`."""
        self._standing.add(assessments)

    def choose(self, answers: Mapping[float, CheckResult], *, lift: bool) -> Round:
        """See `Choosing`."""
        said: RoundSaid = self._ask("choose", dict(answers), lift)
        for time_s, answer in answers.items():
            self._standing.answer(time_s, answer)
        known = self._standing.by_time
        for time_s, reasons in said.reasons.items():
            known[time_s].reasons[:] = reasons
        selection = Selection(self._settings.rank, self._settings.top)
        selection.assessments = list(known.values())
        selection.picks = [Pick(known[time_s], fallback) for time_s, fallback in said.picks]
        selection.duplicates, selection.late = said.duplicates, said.late
        return Round(selection, [known[time_s] for time_s in said.unchecked])

    def close(self) -> None:
        """See `Decisions`."""
        self._process.leave(self._film)

    def _ask(self, *question: Any) -> Any:
        """The answer. Where the process died with the question of another film, a new one is asked all anew."""
        while True:
            try:
                answer = self._process.ask(self._film, *question)
            except _GoneError:
                self._begin_anew()
            else:
                self._asked.append(question)
                return answer

    def _begin_anew(self) -> None:
        self._process.leave(self._film)
        self._process = self._take()
        asked, self._asked = self._asked, []
        for question in asked:
            self._ask(*question)


class DecidingProcesses:
    """`Deciders`: so many processes, which begin to start at once; one that died is replaced when the next film ends.
    clustering: the device on which faces are grouped."""

    def __init__(self, processes: int, clustering: Device, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._clusters = partial(_clusters_on, clustering)
        self._films, self._one_takes = count(), Lock()
        self._processes = [DecidingProcess(command) for _ in range(processes)]

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [process.pid for process in self._processes]

    def on(self, film: Film, settings: Settings) -> FarDecisions:
        """See `Deciders`."""
        return FarDecisions(self._take, next(self._films), numbers_of(film), settings, self._clusters)

    def _take(self) -> DecidingProcess:
        """The process that knows fewest films, and one more now. Raises OSError."""
        with self._one_takes:
            for place, process in enumerate(self._processes):
                if process.ended:
                    if not process.films:
                        process.close()
                    self._processes[place] = DecidingProcess(self._command)
            process = min(self._processes, key=lambda one: one.films)
            process.films += 1
            return process

    def close(self) -> None:
        """See `Deciders`."""
        for process in self._processes:
            process.close()
