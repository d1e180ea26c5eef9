"""Checks that cost a look at pixels and are therefore made only of pictures that would otherwise be taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock

from engines.text import TextDetector, is_overlay
from kernels.surface import Surface

from .cancel import checkpoint
from .eyes import closed_below
from .film import Film
from .judge import Spreads
from .moment import Moments, least_open
from .records import Candidate
from .scoring import Active
from .selection import Entry, Pick, Selection
from .settings import Settings
from .stage import StageClock

_LISTEN_EVERY_S = 0.1


class LateChecks:
    """Text over the picture, and blinks or grimaces right beside it."""

    def __init__(
        self,
        film: Film,
        settings: Settings,
        active: Active,
        spreads: Spreads,
        text: TextDetector | None,
        moments: Moments,
        surface: Callable[[Candidate], Surface],
    ) -> None:
        self._film, self._settings, self._active, self._spreads = film, settings, active, spreads
        self._text, self._moments, self._surface = text, moments, surface
        self._lock = Lock()
        self._shot_s = {shot.index: (shot.start_s, shot.end_s) for shot in film.shots}

    def reason_against(self, entry: Entry) -> str | None:
        """The first reason found, None when the picture may be taken. Blocks; safe to call from several threads."""
        text, moments = StageClock("text"), StageClock("moments")
        reason = text.time(lambda: self._overlay(entry.candidate))
        if reason is None:
            reason = moments.time(lambda: self._beside(entry))
        with self._lock:
            for clock in (text, moments):
                self._film.clocks[clock.name].add(clock, clock.items)
        return None if reason in self._settings.rank.ignored_reasons else reason

    def _overlay(self, candidate: Candidate) -> str | None:
        if self._text is None:
            return None
        rect = (self._active.x, self._active.y, self._active.width, self._active.height)
        reading = self._text.read(self._surface(candidate), rect)
        return "text_overlay" if is_overlay(reading, rect) else None

    def _beside(self, entry: Entry) -> str | None:
        faces = self._moments.faces_beside(entry.candidate, self._shot_s[entry.candidate.shot])
        openness = least_open(faces)
        limits = self._settings.faces
        limit = closed_below(limits.eyes_closed_below, limits.eyes_closed_share, entry.typical_openness)
        if openness is not None and openness < limit:
            return "eyes_closed"
        distances = [self._spreads.distance(face.emotion, entry.person) for face in faces]
        if max(distances, default=0.0) > self._settings.expression.extreme_above:
            return "extreme_expression"
        return None


def choose_checked(
    entries: Sequence[Entry],
    settings: Settings,
    reason_against: Callable[[Entry], str | None],
    threads: int,
) -> Selection:
    """Choose, check what was chosen side by side, and choose again until everything chosen has passed its check.

    Which pictures are checked follows from scores alone, so the result does not depend on the number of threads.
    """
    answers: dict[float, str | None] = {}

    def known(entry: Entry) -> str | None:
        return answers.get(entry.candidate.pts_s)

    with ThreadPoolExecutor(threads) as pool:
        while True:
            selection = Selection(settings.rank, settings.top)
            picks = selection.choose([entry.fresh() for entry in entries], known)
            unchecked = [pick for pick in picks if pick.entry.candidate.pts_s not in answers]
            if not unchecked:
                return selection
            answers.update(_check(unchecked, reason_against, pool))


def _check(
    picks: Sequence[Pick], reason_against: Callable[[Entry], str | None], pool: ThreadPoolExecutor
) -> dict[float, str | None]:
    futures = [pool.submit(reason_against, pick.entry) for pick in picks]
    try:
        waiting = set(futures)
        while waiting:
            checkpoint()  # only this thread hears of a cancellation; those of the pool end within one check
            waiting = wait(waiting, timeout=_LISTEN_EVERY_S).not_done
        return {pick.entry.candidate.pts_s: future.result() for pick, future in zip(picks, futures, strict=True)}
    finally:
        for future in futures:
            future.cancel()
