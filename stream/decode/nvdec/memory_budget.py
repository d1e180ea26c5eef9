"""Device memory shared by films that run at the same time: each reserves what all its slots may take before it
begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition
from weakref import WeakSet

from ...dataflow.cancellation import checkpoint

SPARE_BYTES = 1 << 30
"""Never reserved: left for the batches of meters and engines, and for crops."""
_CANCEL_POLL_S = 0.1
"""How often a thread that waits for room looks for a cancellation."""


class Share:
    """One film's part, bytes: `needed` in all, and `used` of that already. It ends when nothing refers to it."""

    def __init__(self) -> None:
        self.needed = 0
        self.used = 0


class DeviceRoom:
    """Reserves device memory for films in the order in which they ask. Safe for several threads.

    `free_bytes`: asks the device, so that what other programs use counts too. `most_bytes`: of this process, which
    shares the device with others like it; None: all there is. `waits`: films that had to wait.
    """

    def __init__(
        self, free_bytes: Callable[[], int], spare_bytes: int = SPARE_BYTES, most_bytes: int | None = None
    ) -> None:
        self._free_bytes, self._spare_bytes, self._most_bytes = free_bytes, spare_bytes, most_bytes
        self._changed = Condition()
        self._turns: deque[object] = deque()
        self._shares: WeakSet[Share] = WeakSet()
        self.waits = 0

    def take(self, share: Share, nbytes: int) -> None:
        """Reserve `nbytes` in all for a share. Blocks while others leave too little room; a wait on a worker thread
        raises the thread's cancellation. A film that is alone never waits, because nothing would make more room for
        it."""
        turn = object()
        with self._changed:
            # A share that asks again gives up what it had: two that hold some and wait for more would deadlock.
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
        """End a share's reservation."""
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
        own = sum(max(other.needed, other.used) for other in others) + nbytes + self._spare_bytes
        if self._most_bytes is not None and own > self._most_bytes:
            return not others
        return not others or self._free_bytes() - promised - self._spare_bytes >= nbytes - share.used
