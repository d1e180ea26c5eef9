"""How many cores there are to work with."""

from __future__ import annotations


def usable_cores() -> int:
    """Cores this process may use, at least 1: the machine's, less what its affinity or the CPU quota of its container
    (cgroup, a part of a core counts as one) keeps from it; `LOKY_MAX_CPU_COUNT` sets a lower limit still."""
    from joblib import cpu_count  # takes a fifth of a second, and a help page needs no cores

    return int(cpu_count())
