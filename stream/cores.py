"""The number of usable CPU cores."""

from __future__ import annotations


def usable_cores() -> int:
    """Cores that this process may use, at least 1: the least of the machine's cores, the CPU affinity, the CPU quota of
    the container (cgroup, rounded up) and `LOKY_MAX_CPU_COUNT`."""
    from joblib import cpu_count  # the import takes a fifth of a second, and `--help` does not need it

    return int(cpu_count())
