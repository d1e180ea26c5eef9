"""Settings of the process that hold for as long as films are watched: the C library's memory, Python's garbage
collector."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3
"""glibc, mallopt(3)."""
_MMAP_FROM_BYTES = 3 << 19


def set_mmap_threshold() -> bool:
    """Have blocks from 1.5 MiB on, which planes of pictures are, mapped one by one, so that they go back to the system
    when they are freed. Says whether this C library can (glibc).

    Left alone, glibc keeps such memory from the second time on, for the thread that asked for it: the decoders of the
    second half of a film's way then take new memory, while that of the first half lies idle.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, _MMAP_FROM_BYTES) == 1


@contextmanager
def existing_objects_frozen() -> Iterator[None]:
    """Within the block the garbage collector leaves alone what exists already (`gc.freeze`): modules, models, settings.

    Measured on 2,018 frames: watching makes little garbage (9 collections of the young, 3.5 ms in all, the longest
    2 ms), but one of the old has to walk 140,000 objects that loading left behind and stops every thread for 40 to
    54 ms, which is 200 frames of a fast decoder. Other thresholds gained nothing beyond that, nor did a shorter switch
    interval.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
