"""A ledger with films that wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stream.backfill.ledger import Ledger

from .shelf import enqueue, titles


@pytest.fixture
def queued(file_ledger: Ledger) -> Callable[..., Ledger]:
    """A ledger in which these films wait, in this order."""

    def queue(*keys: str) -> Ledger:
        enqueue(file_ledger, [title for i, key in enumerate(keys) for title in titles(key, size_bytes=1000 - i)])
        return file_ledger

    return queue
