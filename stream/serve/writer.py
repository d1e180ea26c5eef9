"""The threads on which the service asks its ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from ..backfill.errors import LedgerUnavailableError

T = TypeVar("T")
_READERS = 8


class Writer:
    """Writes one after another, those of the supervisor among them, and reads beside them. Must be made in the event
    loop.

    Both raise what `call` raises, LedgerUnavailableError before all.
    """

    def __init__(self) -> None:
        self.refused: Callable[[str], None] = lambda reason: None
        """Told, on the event loop, whenever the ledger cannot be used."""
        self.one = CapacityLimiter(1)
        self._readers = CapacityLimiter(_READERS)

    async def write(self, call: Callable[[], T]) -> T:
        """The answer of a call that may write."""
        return await self._asked(call, self.one)

    async def read(self, call: Callable[[], T]) -> T:
        """The answer of a call that only reads."""
        return await self._asked(call, self._readers)

    async def _asked(self, call: Callable[[], T], limiter: CapacityLimiter) -> T:
        try:
            return await to_thread.run_sync(call, limiter=limiter)
        except LedgerUnavailableError as error:
            self.refused(str(error))
            raise
