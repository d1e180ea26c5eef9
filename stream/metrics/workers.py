"""Worker processes: why they were started, how often they died, and what is waited for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class WorkerMetrics:
    """Of a supervisor's workers. reasons: why a worker may be started, troubles: what may be waited for, in a word."""

    def __init__(self, registry: CollectorRegistry, reasons: Iterable[str], troubles: Iterable[str]) -> None:
        from prometheus_client import Counter

        starts = "Worker processes that were started."
        self._starts = Counter("keyart_worker_starts_total", starts, ["reason"], registry=registry)
        deaths = "Worker processes that died, or were ended because they said nothing."
        self._deaths = Counter("keyart_worker_deaths_total", deaths, registry=registry)
        waits = "Waits for what is no film's fault: a full disk, a lost device, a ledger out of reach."
        self._trouble = Counter("keyart_trouble_total", waits, ["kind"], registry=registry)
        for reason in reasons:
            self._starts.labels(reason)
        for kind in troubles:
            self._trouble.labels(kind)

    def started(self, reason: str) -> None:
        """A worker is started."""
        self._starts.labels(reason).inc()

    def died(self) -> None:
        """A worker died, or was ended."""
        self._deaths.inc()

    def trouble(self, kind: str) -> None:
        """Something is waited for."""
        self._trouble.labels(kind).inc()
