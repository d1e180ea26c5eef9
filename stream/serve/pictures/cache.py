"""Finished JPEGs, as many as fit; those that were not asked for the longest go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class JpegCache:
    """most_bytes: of all JPEGs together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self.held_bytes = 0

    def get(self, key: Hashable) -> bytes | None:
        """The JPEG of a key, None when it is not there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Hashable, jpeg: bytes) -> None:
        """Keep a JPEG; one larger than the whole cache is not kept."""
        self.held_bytes += len(jpeg) - len(self._kept.pop(key, b""))
        self._kept[key] = jpeg
        while self.held_bytes > self._most_bytes:
            self.held_bytes -= len(self._kept.popitem(last=False)[1])
