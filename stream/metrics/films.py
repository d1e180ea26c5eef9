"""Films: those that wait, those in work, how they ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

WALL_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3600, 14400)


class FilmMetrics:
    """Of the films that a process, and its workers, work on.

    states: how films may end; reasons: why they fail; both in a word. clock: seconds, by which the queue grows older.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        states: Iterable[str],
        reasons: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        here: dict[str, Any] = {"registry": registry}
        self._clock = clock
        self._ended = Counter("keyart_films_total", "Films that came to their end.", ["state"], **here)
        self._failures = Counter("keyart_film_failures_total", "Films that failed for good.", ["reason"], **here)
        self._again = Counter("keyart_film_retries_total", "Failures after which a film is tried again.", **here)
        self._film_s = Counter("keyart_film_seconds_total", "Seconds of film that were worked through.", **here)
        wall = "Seconds from the opening of a film to its last image."
        self._wall_s = Histogram("keyart_film_wall_seconds", wall, buckets=WALL_BUCKETS_S, **here)
        self._queue = Gauge("keyart_queue_films", "Films that wait.", **here)
        self._oldest = Gauge("keyart_queue_oldest_seconds", "How long the first of them has waited.", **here)
        self._in_work = Gauge("keyart_films_in_work", "Films in work.", **here)
        last = "When a film last came to a result, seconds since 1970; 0: not yet."
        self._last = Gauge("keyart_last_success_timestamp_seconds", last, **here)
        for state in states:
            self._ended.labels(state)
        for reason in reasons:
            self._failures.labels(reason)

    def ended(self, state: str) -> None:
        """A film came to its end without a failure."""
        self._ended.labels(state).inc()

    def done(self, wall_s: float, film_s: float) -> None:
        """A film that was worked on has its result."""
        self._ended.labels("done").inc()
        self._wall_s.observe(wall_s)
        self._film_s.inc(film_s)
        self._last.set_to_current_time()

    def failed(self, reason: str, *, final: bool) -> None:
        """A film failed, for good or to be tried again."""
        if not final:
            self._again.inc()
            return
        self._ended.labels("failed").inc()
        self._failures.labels(reason).inc()

    def queue(self, films: int, oldest_s: float | None) -> None:
        """How many wait now, and how long the first of them has. It goes on growing older until the next call."""
        self._queue.set(films)
        since = self._clock() - (oldest_s or 0.0)
        self._oldest.set_function(lambda: 0.0 if oldest_s is None else self._clock() - since)

    def in_work(self, count: Callable[[], int]) -> None:
        """Ask `count` how many films are in work, each time somebody asks here."""
        self._in_work.set_function(count)


class LibraryMetrics:
    """Where all films of a library stand, whoever works on them. reasons: state → why films are in it, () for no
    more than the state."""

    def __init__(self, registry: CollectorRegistry, reasons: Mapping[str, Iterable[str]]) -> None:
        from prometheus_client import Gauge

        self._films = Gauge(
            "keyart_library_films", "Films of the library, by where they stand.", ["state", "reason"], registry=registry
        )
        self._known = [(state, reason) for state, why in reasons.items() for reason in (tuple(why) or ("",))]
        self.stand({})

    def stand(self, films: Mapping[tuple[str, str], int]) -> None:
        """(state, reason) → how many; all of them, so what is not named has none."""
        for key in (*self._known, *films):
            self._films.labels(*key).set(films.get(key, 0))
