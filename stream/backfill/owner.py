"""Who holds a lease: a process of a host, told from a later process of the same number."""

from __future__ import annotations

import os
from pathlib import Path

from ..output.leftovers import own_host


def own_name(pid: int | None = None) -> str:
    """`HOST/PID/START`: this process, or one of this host."""
    number = os.getpid() if pid is None else pid
    return f"{own_host()}/{number}/{_started(number) or 0}"


def is_known_dead(owner: str) -> bool:
    """Whether the owner was a process of this host, since it was started, that is not there any more. Of other hosts
    nothing is known."""
    host, _, rest = owner.partition("/")
    number, _, started = rest.partition("/")
    if host != own_host() or not number.isdigit():
        return False
    return str(_started(int(number)) or 0) != started


def _started(pid: int) -> int | None:
    """When the process began, in clock ticks since the host was started; None when there is none such."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
