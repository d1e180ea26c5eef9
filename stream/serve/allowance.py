"""How often one client may do something."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from .addresses import client_of
from .problems import Problem


class Allowance:
    """So many times in a window of time for each client, counted in this process."""

    def __init__(self, item: RateLimitItem) -> None:
        self._item = item
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def take(self, address: str) -> None:
        """Count one more. Raises Problem 429 when that is too many."""
        client = client_of(address)
        if not self._limiter.hit(self._item, client):
            raise self._refusal(client)

    def check(self, address: str) -> None:
        """Raises Problem 429 when one more would be too many; counts nothing."""
        client = client_of(address)
        if not self._limiter.test(self._item, client):
            raise self._refusal(client)

    def _refusal(self, client: str) -> Problem:
        wait_s = max(1, math.ceil(self._limiter.get_window_stats(self._item, client).reset_time - time.time()))
        detail = f"at most {self._item.amount} in {self._item.get_expiry()} s from one client; again in {wait_s} s"
        return Problem(429, "Too many requests", detail, headers={"Retry-After": str(wait_s)})


def per_second(rate: float) -> Allowance:
    """So many a second; below one a second, one in as many seconds."""
    whole = rate >= 1
    return Allowance(RateLimitItemPerSecond(round(rate)) if whole else RateLimitItemPerSecond(1, math.ceil(1 / rate)))


def per_minute(count: int) -> Allowance:
    """So many a minute."""
    return Allowance(RateLimitItemPerMinute(count))
