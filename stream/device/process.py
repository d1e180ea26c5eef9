"""Settings of the process while films are worked on: memory allocation of the C library, Python's garbage collector."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc, see mallopt(3)."""
_MMAP_FROM_BYTES = 3 << 19


def set_mmap_threshold() -> bool:
    """Make glibc allocate blocks of 1.5 MiB and more, such as planes of pictures, with mmap, so that freed blocks go
    back to the system. Returns False where the C library has no such setting (not glibc).

    By default glibc raises this threshold when the first such block is freed, and then keeps freed blocks for the
    thread that allocated them: the decoders of the second half of a film would take new memory while that of the first
    half lies idle.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, _MMAP_FROM_BYTES) == 1


@contextmanager
def existing_objects_frozen() -> Iterator[None]:
    """Within the block the garbage collector skips the objects that exist already (`gc.freeze`): modules, models,
    settings.

    Measured on 2,018 frames: watching makes little garbage (9 collections of the young generation, 3.5 ms in all, the
    longest 2 ms). But a collection of the old generation visits the 140,000 objects made by loading and stops every
    thread for 40 to 54 ms, the time of 200 frames of a fast decoder. Other thresholds or a shorter switch interval
    gained nothing more.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
