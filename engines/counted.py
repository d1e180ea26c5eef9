"""Counts how many rows each run of a session has: how full the batches of a model are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from .session import NamedArrays, Session


class CountedSession:
    """`Session` that passes everything on to another and counts its runs. `sizes`: rows of the inputs (their first
    axis) → runs of that size so far."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner
        self._lock = Lock()
        self.sizes: Counter[int] = Counter()

    @property
    def name(self) -> str:
        """See `Session`."""
        return self._inner.name

    @property
    def provider(self) -> str:
        """See `Session`."""
        return self._inner.provider

    @property
    def metadata(self) -> Mapping[str, str]:
        """See `Session`."""
        return self._inner.metadata

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """See `Session`. A run that fails is counted, too."""
        rows = max(len(array) for array in inputs.values())
        with self._lock:
            self.sizes[rows] += 1
        return self._inner.run(inputs)

    def close(self) -> None:
        """See `Session`."""
        self._inner.close()
