"""A process that decides: `python -m stream.deciding.process`. It ends when stdin ends, so that it never outlives the
process that started it; what it computes then is dropped.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import traceback
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..framing.active import ActiveRects
from ..records import Candidate, Character
from ..settings.model import Settings
from .decisions import OwnDecisions, People
from .film_numbers import FilmNumbers
from .messages import Answer, Answers, JudgedSaid, Request, RoundSaid, Said, packed, said_of, unpacked

_CHUNK = 1 << 20


class DecidedFilms:
    """The films that are ending, and what was decided of each so far."""

    def __init__(self) -> None:
        self._films: dict[int, OwnDecisions] = {}
        self._told: dict[int, dict[float, int]] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to a request, or the error that it raised."""
        try:
            return Answer(request.number, getattr(self, f"_{request.what}")(request.film, *request.arguments))
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            return Answer(request.number, error=error)

    def _people(self, film: int, numbers: FilmNumbers, settings: Settings, clusters: np.ndarray | None) -> People:
        self._films[film] = OwnDecisions(numbers, settings, "cpu", clusters)
        self._told[film] = {}
        return self._films[film].people()

    def _judge(self, film: int, active: ActiveRects) -> JudgedSaid:
        judged = self._films[film].judge(active)
        return JudgedSaid([said_of(one) for one in judged.assessments], judged.baselines)

    def _more(self, film: int, found: list[Candidate], characters: list[Character]) -> list[Said]:
        decisions = self._films[film]
        assessments = decisions.more(found, characters)
        decisions.add(assessments)
        return [said_of(one) for one in assessments]

    def _choose(self, film: int, answers: Answers, lift: bool) -> RoundSaid:
        decisions, told = self._films[film], self._told[film]
        chosen = decisions.choose(answers, lift=lift)
        selection, standing = chosen.selection, decisions.choice.standing.by_time
        counts = {time_s: len(one.reasons) for time_s, one in standing.items()}
        changed = {time_s: standing[time_s].reasons for time_s, count in counts.items() if told.get(time_s) != count}
        self._told[film] = counts
        return RoundSaid(
            [(pick.assessment.candidate.pts_s, pick.fallback) for pick in selection.picks],
            [one.candidate.pts_s for one in chosen.unchecked],
            selection.duplicates,
            selection.late,
            changed,
        )

    def _close(self, film: int) -> None:
        self._films.pop(film, None)
        self._told.pop(film, None)


def serve(incoming: int, outgoing: int) -> None:
    """Answer what comes until the input ends."""
    import sklearn.cluster  # noqa: F401, takes a second, which the first film's end would wait for

    films, held = DecidedFilms(), bytearray()
    while chunk := os.read(incoming, _CHUNK):
        held += chunk
        while (request := unpacked(held)) is not None:
            _write(outgoing, packed(films.answer(request)))


def _write(descriptor: int, data: Any) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    faulthandler.enable()
    # Who started it decides what becomes of it; a service manager sends these to all processes of a service.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not come between the answers
    with threadpool_limits(1):  # as where films are watched
        try:
            serve(0, answers)
        except BrokenPipeError:
            sys.exit(0)  # nobody waits for the answer
