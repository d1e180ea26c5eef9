"""Room on the device for films side by side: each has what all its slots may take promised before it begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition
from weakref import WeakSet

from ...dataflow.cancellation import checkpoint

SPARE_BYTES = 1 << 30
"""Left for the batches of meters and engines, and for crops."""
_CANCEL_POLL_S = 0.1


class Share:
    """One film's part, bytes: what it may need in all, and what of it is taken already. Gone with its owner."""

    def __init__(self) -> None:
        self.needed = 0
        self.used = 0


class DeviceRoom:
    """Hands out shares in the order they were asked for. Safe for several threads.

    free_bytes: asks the device, which knows what other programs take. `waits` counts films that had to wait.
    """

    def __init__(self, free_bytes: Callable[[], int], spare_bytes: int = SPARE_BYTES) -> None:
        self._free_bytes, self._spare_bytes = free_bytes, spare_bytes
        self._changed = Condition()
        self._turns: deque[object] = deque()
        self._shares: WeakSet[Share] = WeakSet()
        self.waits = 0

    def take(self, share: Share, nbytes: int) -> None:
        """Promises `nbytes` in all to a share. Blocks while others have the room, and hears cancellation in a worker
        thread; a film that is alone goes ahead whatever it needs, for nothing would make more room for it."""
        turn = object()
        with self._changed:
            # Who asks again gives up what he had: holding some and waiting for more, two would wait for each other.
            self._shares.discard(share)
            self._turns.append(turn)
            self._changed.notify_all()
        try:
            taken = self._taken(turn, share, nbytes)
            self.waits += not taken
            while not taken:
                checkpoint()
                taken = self._taken(turn, share, nbytes, _CANCEL_POLL_S)
        finally:
            with self._changed:
                self._turns.remove(turn)
                self._changed.notify_all()

    def give_back(self, share: Share) -> None:
        """The film is over; its memory is the device's again."""
        with self._changed:
            self._shares.discard(share)
            self._changed.notify_all()

    def _taken(self, turn: object, share: Share, nbytes: int, wait_s: float = 0.0) -> bool:
        with self._changed:
            if wait_s:
                self._changed.wait(wait_s)
            if self._turns[0] is turn and self._fits(share, nbytes):
                share.needed = nbytes
                self._shares.add(share)
                return True
            return False

    def _fits(self, share: Share, nbytes: int) -> bool:
        others = [other for other in self._shares if other is not share]
        promised = sum(max(0, other.needed - other.used) for other in others)
        return not others or self._free_bytes() - promised - self._spare_bytes >= nbytes - share.used
