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
from .leases import Lease
from .messages import FilmDone, Progress, Ready
from .states import Kind

SLOWEST = 10
_MOST_REASONS = 50


@dataclass(slots=True)
class PlaceTally:
    """What the workers of one place did. film_s: seconds of film."""

    device: str = ""
    films: int = 0
    frames: int = 0
    film_s: float = 0.0
    workers_ended: int = 0


@dataclass(slots=True)
class Tally:
    """`Watcher` that counts. queued: jobs that wait when the run begins. clock: seconds."""

    queued: int = 0
    clock: Callable[[], float] = time.monotonic
    began_s: float = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, PlaceTally] = field(default_factory=dict)
    in_work: dict[int, tuple[Path, int, int | None]] = field(default_factory=dict)
    """Job → its file, frames so far and frames that are expected."""
    slowest: list[tuple[float, str, float]] = field(default_factory=list)
    """Heap of (seconds, key, seconds of film)."""

    def __post_init__(self) -> None:
        self.began_s = self.clock()

    def ready(self, place: str, ready: Ready) -> None:
        """A worker has begun."""
        self.places.setdefault(place, PlaceTally()).device = ready.device

    def began(self, lease: Lease, video: Path) -> None:
        """A film was given to a worker."""
        self.in_work[lease.job] = (video, 0, None)

    def went_on(self, lease: Lease, progress: Progress) -> None:
        """A film went on."""
        if lease.job in self.in_work:
            self.in_work[lease.job] = (self.in_work[lease.job][0], progress.frames, progress.total)

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        """A result is in its place."""
        self.in_work.pop(lease.job, None)
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
        self.in_work.pop(lease.job, None)
        self.counts["failed" if final else "tried_again"] += 1
        if final:
            self.reasons[kind, reason] += 1

    def gone(self, lease: Lease, video: Path) -> None:
        """The file is not there any more."""
        self.in_work.pop(lease.job, None)
        self.counts["gone"] += 1

    def given_back(self, lease: Lease, reason: str) -> None:
        """A film goes back to the queue."""
        self.in_work.pop(lease.job, None)
        self.counts["given_back"] += 1

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        """A worker died, or was ended."""
        self.places.setdefault(place, PlaceTally()).workers_ended += 1

    def trouble(self, reason: str, wait_s: float) -> None:
        """Something is wrong that is no film's fault."""
        self.counts["trouble"] += 1

    @property
    def ended(self) -> int:
        """Films that came to their end."""
        return sum(self.counts[name] for name in ("done", "unchanged", "failed", "gone"))

    @property
    def film_hours(self) -> float:
        """Hours of film that were worked on."""
        return sum(place.film_s for place in self.places.values()) / 3600

    def wall_s(self) -> float:
        """Seconds since the run began."""
        return max(self.clock() - self.began_s, 1e-9)

    def left_s(self) -> float | None:
        """Seconds that what is left will take, if it goes on as it did; None before the first film has ended."""
        left = max(0, self.queued - self.ended)
        return left * self.wall_s() / self.ended if self.ended else None

    def summary(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        hours = self.wall_s() / 3600
        return {
            "wall_s": round(self.wall_s(), 3),
            "films": {name: self.counts[name] for name in _NAMES},
            "film_hours": round(self.film_hours, 4),
            "films_per_hour": round(self.ended / hours, 2),
            "film_hours_per_hour": round(self.film_hours / hours, 3),
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
                    "film_hours_per_hour": round(place.film_s / 3600 / hours, 3), "workers_ended": place.workers_ended,
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
        raise OutputError(f"{file} cannot be written ({error.strerror}), make room") from error
