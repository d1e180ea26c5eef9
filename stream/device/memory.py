"""How much memory is in use: of a process, of the GPU."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .. import log


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Memory of a GPU, bytes. `used`: by all processes."""

    used: int
    size: int


def resident_bytes(pid: int | None = None) -> int | None:
    """What a process, by default this one, holds in memory; None where the system does not tell, as outside Linux."""
    try:
        pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def gpu_memory() -> DeviceMemory | None:
    """Of the first GPU. None when it cannot be asked, which is logged: the films in work find out what that means."""
    from cupy.cuda import runtime

    try:
        free, size = runtime.memGetInfo()
    except RuntimeError as error:
        log.warning("device memory not read", error)
        return None
    return DeviceMemory(int(size) - int(free), int(size))
