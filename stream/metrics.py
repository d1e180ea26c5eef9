"""What programs that watch Keyart are told, in Prometheus' form. No paths or ids are labels; series begin at 0.

Needs prometheus-client (extra `library`); nothing is imported before metrics are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import OutputError
from .version import own_version

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

STATES = ("done", "unchanged", "failed", "gone")
KINDS = ("refused", "inside", "died", "hung", "device", "limits")
FILM_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3600, 14400)


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry: CollectorRegistry = CollectorRegistry()
        here: dict[str, Any] = {"registry": self.registry}
        build = Gauge("keyart_build_info", "Which Keyart this is.", ["version"], **here)
        build.labels(own_version()).set(1)
        self._films = Counter("keyart_films_total", "Films that came to their end.", ["state"], **here)
        self._failures = Counter("keyart_film_failures_total", "Films that failed, by kind.", ["kind"], **here)
        self._again = Counter("keyart_film_retries_total", "Films that are tried again.", **here)
        self._frames = Counter("keyart_frames_total", "Frames watched.", ["decoder", "codec"], **here)
        self._stages = Counter("keyart_stage_seconds_total", "Seconds in each stage.", ["stage"], **here)
        self._items = Counter("keyart_stage_items_total", "Items of each stage.", ["stage"], **here)
        self._rejected = Counter("keyart_rejections_total", "Pictures turned down.", ["reason"], **here)
        self._film_s = Counter("keyart_film_seconds_total", "Seconds of film worked on.", **here)
        self._wall_s = Histogram("keyart_film_wall_seconds", "Seconds a film took.", buckets=FILM_BUCKETS_S, **here)
        self._deaths = Counter("keyart_worker_deaths_total", "Workers that died or were ended.", **here)
        self._trouble = Counter("keyart_trouble_total", "Waits for what is no film's fault.", **here)
        self.queued = Gauge("keyart_queue_films", "Films that wait.", **here)
        self.oldest_s = Gauge("keyart_queue_oldest_seconds", "How long the oldest of them has waited.", **here)
        self.in_work = Gauge("keyart_films_in_work", "Films in work.", **here)
        self._last = Gauge("keyart_last_success_timestamp_seconds", "When the last film was done.", **here)
        self._beat = Gauge("keyart_heartbeat_timestamp_seconds", "When the run last showed itself alive.", **here)
        for state in STATES:
            self._films.labels(state)
        for kind in KINDS:
            self._failures.labels(kind)

    def film_done(
        self,
        *,
        unchanged: bool,
        wall_s: float,
        film_s: float,
        frames: int,
        decoder: str,
        codec: str,
        stages: Mapping[str, tuple[int, float]],
        rejected: Mapping[str, int],
    ) -> None:
        """A result is in its place; stages: name → items and seconds in it."""
        self._films.labels("unchanged" if unchanged else "done").inc()
        self._last.set_to_current_time()
        if unchanged:
            return
        self._wall_s.observe(wall_s)
        self._film_s.inc(film_s)
        self._frames.labels(decoder, codec).inc(frames)
        for stage, (items, busy_s) in stages.items():
            self._stages.labels(stage).inc(busy_s)
            self._items.labels(stage).inc(items)
        for reason, count in rejected.items():
            self._rejected.labels(reason).inc(count)

    def film_failed(self, kind: str, *, final: bool) -> None:
        """A film failed, for good or to be tried again."""
        if final:
            self._films.labels("failed").inc()
            self._failures.labels(kind).inc()
        else:
            self._again.inc()

    def film_gone(self) -> None:
        """A file is not there any more."""
        self._films.labels("gone").inc()

    def worker_died(self) -> None:
        """A worker died, or was ended for it said nothing."""
        self._deaths.inc()

    def trouble(self) -> None:
        """Something is waited for that is no film's fault."""
        self._trouble.inc()

    def beat(self) -> None:
        """The run goes on."""
        self._beat.set_to_current_time()

    def serve(self, port: int) -> None:
        """Answer on this port of this machine until the process ends. Raises OutputError where the port is taken."""
        from prometheus_client import start_http_server

        try:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError as error:
            raise OutputError(f"--metrics-port {port}: {error.strerror}, choose another") from error

    def write(self, file: Path) -> None:
        """Write a file for node_exporter's textfile collector, whole. Raises OutputError."""
        from prometheus_client import write_to_textfile

        try:
            write_to_textfile(str(file), self.registry)
        except OSError as error:
            raise OutputError(f"{file} cannot be written ({error.strerror}), choose another place") from error
