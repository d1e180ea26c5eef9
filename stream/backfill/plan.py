"""What a run over a library is asked for, and how it is written on a command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was asked for, beside its settings. limit: most films; shard: (i, n) with i from 0; until: when
    to take nothing new any more; redo_version: also what another version of Keyart made; dry: nothing is changed."""

    out: Path
    ledger_url: str | None = None
    limit: int | None = None
    shard: tuple[int, int] | None = None
    until: datetime | None = None
    redo_version: bool = False
    grace_s: float = 30.0
    dry: bool = False


def parse_until(text: str, now: datetime) -> datetime:
    """`06:00` (the next time that the clock shows it) or an ISO time. Raises UsageError."""
    try:
        if len(text) <= 8 and ":" in text:
            wanted = datetime.strptime(text, "%H:%M:%S" if text.count(":") == 2 else "%H:%M").time()
            found = datetime.combine(now.date(), wanted, now.tzinfo)
            return found if found > now else found + timedelta(days=1)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text}: is no time, write 06:00 or 2026-11-29T06:00") from None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def parse_shard(text: str) -> tuple[int, int]:
    """`2/4` as (1, 4): the second of four parts. Raises UsageError."""
    first, slash, count = text.partition("/")
    if not slash or not (first.isdigit() and count.isdigit()) or not 1 <= int(first) <= int(count):
        raise UsageError(f"--shard {text}: write i/n with i from 1 to n, as 2/4")
    return int(first) - 1, int(count)
