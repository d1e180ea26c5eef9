"""What a run has done so far, and what it says of itself at the end."""

from __future__ import annotations

import heapq
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..output.result_folder import explain_os_error
from .leases import Lease
from .messages import FilmDone, Progress, Ready, Report
from .pace import Look, Pace
from .states import Kind, TroubleKind, WhyStarted

SLOWEST = 10
_MOST_REASONS = 50


@dataclass(slots=True)
class PlaceTally:
    """What the workers of one place did. film_s: seconds of film."""

    device: str = ""
    films: int = 0
    frames: int = 0
    film_s: float = 0.0
    workers_started: int = 0
    workers_ended: int = 0


@dataclass(slots=True)
class InWork:
    """A film in work. total: frames that are expected, None where the file does not say. stage: "" before the first."""

    video: Path
    size_bytes: int
    frames: int = 0
    total: int | None = None
    stage: str = ""

    def done_bytes(self) -> float:
        """The share of its file that was watched, bytes."""
        return self.size_bytes * min(1.0, self.frames / self.total) if self.total else 0.0


@dataclass(slots=True)
class Tally:
    """`Watcher` that counts. queued, queued_bytes: jobs that wait when the run begins, and their files. clock: seconds.
    """

    queued: int = 0
    queued_bytes: int = 0
    clock: Callable[[], float] = time.monotonic
    began_s: float = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, PlaceTally] = field(default_factory=dict)
    in_work: dict[int, InWork] = field(default_factory=dict)
    """By job."""
    ended_bytes: int = 0
    frames: int = 0
    """Of all films, those in work as well, as of the workers' last reports."""
    pace: Pace = field(default_factory=Pace)
    slowest: list[tuple[float, str, float]] = field(default_factory=list)
    """Heap of (seconds, key, seconds of film)."""

    def __post_init__(self) -> None:
        self.began_s = self.clock()

    def starting(self, place: str, why: WhyStarted) -> None:
        """A worker is started."""
        self.places.setdefault(place, PlaceTally()).workers_started += 1

    def ready(self, place: str, ready: Ready) -> None:
        """A worker has begun."""
        self.places.setdefault(place, PlaceTally()).device = ready.device

    def began(self, lease: Lease, video: Path) -> None:
        """A film was given to a worker."""
        self.in_work[lease.job] = InWork(video, lease.size_bytes)

    def went_on(self, lease: Lease, progress: Progress) -> None:
        """A film went on."""
        if (film := self.in_work.get(lease.job)) is not None:
            film.frames, film.total, film.stage = progress.frames, progress.total, progress.stage

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        """A result is in its place."""
        self._end(lease)
        self.counts["unchanged" if facts.unchanged else "done"] += 1
        if facts.unchanged:
            return
        here = self.places.setdefault(place, PlaceTally())
        here.films += 1
        here.frames += facts.frames
        here.film_s += facts.film_s or 0.0
        heapq.heappush(self.slowest, (facts.wall_s, lease.key, facts.film_s or 0.0))
        if len(self.slowest) > SLOWEST:
            heapq.heappop(self.slowest)

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        """A film failed; one that is tried again counts as such."""
        if not final:
            self.in_work.pop(lease.job, None)
            self.counts["tried_again"] += 1
            return
        self._end(lease)
        self.counts["failed"] += 1
        self.kinds[kind] += 1
        self.reasons[kind, reason] += 1

    def gone(self, lease: Lease, video: Path) -> None:
        """The file is not there any more."""
        self._end(lease)
        self.counts["gone"] += 1

    def given_back(self, lease: Lease, reason: str) -> None:
        """A film goes back to the queue."""
        self.in_work.pop(lease.job, None)
        self.counts["given_back"] += 1

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """A worker died, or was ended."""
        self.places.setdefault(place, PlaceTally()).workers_ended += 1

    def reported(self, place: str, report: Report) -> None:
        """A worker says what its films did."""
        self.frames += round(sum(more for (what, *_), more in report.counts if what == "frames"))

    def stopped(self, place: str) -> None:
        """A place has no worker now."""

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        """Something is wrong that is no film's fault."""
        self.counts["trouble"] += 1

    def paused(self, paused: bool) -> None:
        """A person has paused all runs, or lets them go on."""

    @property
    def ended(self) -> int:
        """Films that came to their end."""
        return sum(self.counts[name] for name in ("done", "unchanged", "failed", "gone"))

    @property
    def film_hours(self) -> float:
        """Hours of film that were worked on."""
        return sum(place.film_s for place in self.places.values()) / 3600

    @property
    def film_hours_per_hour(self) -> float:
        """Hours of film an hour, since the run began."""
        return self.film_hours * 3600 / self.wall_s()

    def wall_s(self) -> float:
        """Seconds since the run began."""
        return max(self.clock() - self.began_s, 1e-9)

    def _end(self, lease: Lease) -> None:
        self.in_work.pop(lease.job, None)
        self.ended_bytes += lease.size_bytes

    @property
    def done_bytes(self) -> float:
        """Bytes of the files that are done, films in work by their share."""
        return self.ended_bytes + sum(film.done_bytes() for film in self.in_work.values())

    def look(self) -> None:
        """Note how far the run has come; to be called every few seconds."""
        self.pace.note(Look(self.clock(), self.done_bytes, self.frames))

    def left_s(self) -> float | None:
        """Seconds that what is left will take at the pace of the last half hour; None before that is known. By the
        files' sizes, for the largest come first."""
        return self.pace.left_s(max(0.0, self.queued_bytes - self.done_bytes))

    def summary(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        hours = self.wall_s() / 3600
        return {
            "wall_s": round(self.wall_s(), 3),
            "films": {name: self.counts[name] for name in _NAMES},
            "film_hours": round(self.film_hours, 4),
            "films_per_hour": round(self.counts["done"] / hours, 2),
            "film_hours_per_hour": round(self.film_hours_per_hour, 3),
            "frames_per_s": round(sum(place.frames for place in self.places.values()) / self.wall_s(), 1),
            "failed_by_kind": dict(self.kinds),
            "failures": [
                {"kind": kind, "reason": reason, "films": films}
                for (kind, reason), films in self.reasons.most_common(_MOST_REASONS)
            ],
            "slowest": [
                {"film": key, "wall_s": round(wall_s, 3), "film_s": round(film_s, 3)}
                for wall_s, key, film_s in sorted(self.slowest, reverse=True)
            ],
            "places": {
                name: {
                    "device": place.device, "films": place.films, "frames": place.frames,
                    "film_hours_per_hour": round(place.film_s / 3600 / hours, 3),
                    "workers_started": place.workers_started, "workers_ended": place.workers_ended,
                }
                for name, place in self.places.items()
            },
        }  # fmt: skip


_NAMES = ("done", "unchanged", "failed", "gone", "tried_again", "given_back")


def write_summary(file: Path, summary: dict[str, Any]) -> None:
    """Put a summary in its place, whole. Raises OutputError."""
    fresh = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        fresh.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise OutputError(explain_os_error(error, file)) from error
