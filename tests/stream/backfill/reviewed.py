"""Decisions of editors for tests: records, and ledgers that hold them."""

from __future__ import annotations

import json
from typing import Any

from stream.backfill.ledger import Ledger
from stream.backfill.schema import reviews

from .shelf import enqueue, row, titles

OFFERED = [
    {"rank": rank, "time_s": 10.0 * rank + 0.125, "shot": rank, "score": 0.9, "components": {"eyes": 0.1 * rank}}
    for rank in range(1, 11)
]


def image(rank: int | None, time_s: float | None = None, form: str = "landscape") -> dict[str, Any]:
    """An approved frame: the image of this rank, or another frame at a time in seconds."""
    at_s = time_s if time_s is not None else OFFERED[(rank or 1) - 1]["time_s"]
    rect = {"source_rect": [0, 0, 16, 9], "width": 1920, "height": 1080}
    shown = {"format": form, "rank": rank, "time_s": at_s, "shot": rank or 7, "path": f"{form}.jpg", "moved": False}
    return {**shown, **rect}


def record(key: str, *images: dict[str, Any], state: str = "approved", **changes: Any) -> dict[str, Any]:
    """A record as the review page writes it."""
    whole = {
        "schema": "keyart/approval/1", "job": 1, "key": key, "video": f"/library/{key}", "content_fingerprint": "c",
        "state": state, "who": "ann", "opened": None, "decided": "2026-11-28T10:00:00+00:00",
        "images": list(images), "rejected": [], "offered": OFFERED,
    }  # fmt: skip
    return whole | changes


def decide(ledger: Ledger, key: str, found: dict[str, Any] | str, state: str = "approved", **columns: Any) -> None:
    """Put a title with a decision into a ledger."""
    if not any(held["key"] == key for held in ledger.rows()):
        enqueue(ledger, titles(key))
    text = found if isinstance(found, str) else json.dumps(found)
    values = {"job": row(ledger, key)["id"], "state": state, "version": 1, "record": text, **columns}
    with ledger.database.writing() as connection:
        connection.execute(reviews.insert().values(**values))
