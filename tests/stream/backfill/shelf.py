"""Titles and claims for tests of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stream.backfill.leases import Leases
from stream.backfill.ledger import Asked, Ledger, Scan
from stream.backfill.titles import Title

FINGERPRINT = "f" * 32


def titles(*keys: str, size_bytes: int = 100, mtime_ns: int = 1, priority: int = 0) -> list[Title]:
    """Titles of these keys."""
    return [Title(key, size_bytes, mtime_ns, None, priority) for key in keys]


def enqueue(ledger: Ledger, found: Iterable[Title], results: Iterable[str] = (), **changes: Any) -> Scan:
    """Queue what a scan found; `results` are keys whose result is in its place."""
    there = set(results)
    asked = Asked(fingerprint=FINGERPRINT, root="/library", has_result=there.__contains__, **changes)
    return ledger.enqueue(asked, found)


def leases_of(ledger: Ledger, owner: str = "me", lease_s: float = 60.0, shard: tuple[int, int] | None = None) -> Leases:
    """Claims of an owner."""
    return Leases(ledger.database, ledger.library, FINGERPRINT, owner, lease_s, shard)


def row(ledger: Ledger, key: str) -> dict[str, Any]:
    """What the ledger holds of a title."""
    return next(dict(found) for found in ledger.rows() if found["key"] == key)
