"""What a worker tells of its films as a whole, for whoever watches the run."""

from __future__ import annotations

from collections.abc import Callable

from ..device.memory import resident_bytes
from ..metrics.flow import Levels
from ..pipeline.services import Services
from ..pipeline.statistics import Totals, since
from .messages import Report


class Reports:
    """Sends what was added since the last report. `send` belongs to the event loop."""

    def __init__(self, services: Services, send: Callable[[Report], None]) -> None:
        self._services, self._send = services, send
        self._told: Totals = {}

    def send(self) -> None:
        """Tell what is new, and how the process stands now."""
        statistics, device = self._services.statistics, self._services.memory()
        totals = statistics.totals()
        levels = Levels(
            channels=statistics.channels(),
            resident=resident_bytes(),
            device_used=None if device is None else device.used,
            device_size=None if device is None else device.size,
        )
        self._send(Report(counts=list(since(totals, self._told).items()), levels=levels))
        self._told = totals
