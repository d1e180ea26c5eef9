"""The places of a file, one after the other, that can each be checked by themselves."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .. import log

_CHUNK = 1 << 20


class Place(NamedTuple):
    """Bytes from `begin` to before `end`. `right`: whether they are as they were written; None: nobody knows, or it
    does not matter."""

    begin: int
    end: int
    right: bool | None


class Places:
    """Follows the places of a file along with a pass over it. `walk`: those of an open file of so many bytes. `failed`:
    count of those that are not right so far. Raises OSError where the file cannot be opened; one that cannot be read
    any more ends there."""

    def __init__(self, path: Path, walk: Callable[[BinaryIO, int], Iterator[Place]]) -> None:
        file = path.open("rb")
        # Who drops a pass without closing it drops this, too, as PyAV's containers.
        self._closing = weakref.finalize(self, file.close)
        self._places = walk(file, file.seek(0, 2))
        self._reached = self._wrong_until = 0
        self.failed = 0

    def hold_up_to(self, byte: int | None) -> bool:
        """Whether the place of a byte is right, and all before it since this was last asked. None: up to the end."""
        failed = self.failed
        while byte is None or self._reached <= byte:
            place = self._next()
            if place is None:
                break
            self._reached = place.end
            if place.right is False:
                self.failed += 1
                self._wrong_until = place.end
        return self.failed == failed and (byte is None or byte >= self._wrong_until)

    def _next(self) -> Place | None:
        try:
            return next(self._places, None)
        except OSError as error:
            log.info("checks not followed to the end of the file", error=str(error))
            return None

    def close(self) -> None:
        self._closing()


def next_mark(file: BinaryIO, mark: bytes, begin: int) -> int | None:
    """Where the bytes of `mark` come next in a file, from `begin` on; None where they do not."""
    file.seek(begin)
    kept = b""
    while chunk := file.read(_CHUNK):
        data = kept + chunk
        found = data.find(mark)
        if found >= 0:
            return begin + found
        kept = data[1 - len(mark) :]
        begin += len(data) - len(kept)
    return None
