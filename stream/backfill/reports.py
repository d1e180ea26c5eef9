"""What a worker tells of its films as a whole, for whoever watches the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import sleep

from ..device.memory import DeviceMemory, resident_bytes
from ..metrics.flow import Levels
from ..pipeline.statistics import Statistics, Totals, since
from .messages import Report

EVERY_S = 5.0


class Reports:
    """Sends what was added since the last report. All methods belong to the event loop."""

    def __init__(
        self, statistics: Statistics, memory: Callable[[], DeviceMemory | None], send: Callable[[Report], None]
    ) -> None:
        self._statistics, self._memory, self._send = statistics, memory, send
        self._told: Totals = {}

    async def keep_sending(
        self, busy: Callable[[], bool], wait: Callable[[float], Awaitable[None]] = sleep
    ) -> None:
        """Tell every few seconds while films are in work, until it is cancelled."""
        while True:
            await wait(EVERY_S)
            if busy():
                self.send()

    def send(self) -> None:
        """Tell what is new, and how the process stands now."""
        totals, device = self._statistics.totals(), self._memory()
        levels = Levels(
            channels=self._statistics.channels(),
            resident=resident_bytes(),
            device_used=None if device is None else device.used,
            device_size=None if device is None else device.size,
        )
        self._send(Report(counts=list(since(totals, self._told).items()), levels=levels))
        self._told = totals
