"""When a run stops by itself: too many films fail, or trouble that is no film's fault does not pass."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


class RunStoppedError(Exception):
    """The run ends before its work does; one line that says why and what to do."""


class FailureBudget:
    """Whether more than `percent` of the last `films` failed; with fewer than that ended, nothing is said yet."""

    def __init__(self, films: int, percent: float) -> None:
        self._ended: deque[bool] = deque(maxlen=films)
        self._films, self._percent = films, percent

    def note(self, failed: bool) -> None:
        """A film ended. Raises RunStoppedError when too many of the last failed."""
        self._ended.append(failed)
        share = 100.0 * sum(self._ended) / self._films
        if len(self._ended) == self._films and share > self._percent:
            raise RunStoppedError(
                f"{sum(self._ended)} of the last {self._films} films failed, more than {self._percent:g} %: "
                "look at `keyart ledger failed`, or raise backfill.budget_percent"
            )


class Patience:
    """Back-off while something that all films need is missing, and the end of it."""

    def __init__(self, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s, self._clock = patience_s, clock
        self._since: float | None = None
        self._waits = 0

    def wait_s(self, reason: str) -> float:
        """How long to wait before the next try. Raises RunStoppedError when it has gone on for too long."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        left_s = self._since + self._patience_s - now
        if left_s <= 0:
            raise RunStoppedError(f"stopped after {self._patience_s:g} s of trouble: {reason}")
        self._waits += 1
        return min(FIRST_WAIT_S * 2.0 ** min(self._waits - 1, 16), LONGEST_WAIT_S, left_s)

    def over(self) -> None:
        """It works again."""
        self._since, self._waits = None, 0
