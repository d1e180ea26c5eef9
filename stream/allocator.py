"""The C library's memory, told to give back what pictures leave behind."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
"""glibc, mallopt(3)."""
_PICTURES_FROM_BYTES = 3 << 19


def return_pictures() -> bool:
    """Have planes from 1.5 MiB on mapped one by one, so that they go back to the system when they are freed; says
    whether this C library can (glibc).

    Left alone, glibc keeps such memory from the second time on, for the thread that asked for it: the decoders of the
    second half of a film's way then take new memory, while that of the first half lies idle.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, _PICTURES_FROM_BYTES) == 1
