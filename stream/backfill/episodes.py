"""Verdicts on episodes as the ledger keeps them: the last one on each file, and what an operator decided."""

from __future__ import annotations

from sqlalchemy import func, select

from ..episode.numbers import EpisodeNumber, parse_number
from ..episode.past import Source
from ..episode.verify import Verdict
from ..version import own_version
from .clock import now_s
from .inserting import insert_into
from .ledger import Ledger
from .schema import episodes


def note_verdict(
    ledger: Ledger, content: str, verdict: Verdict, *, threshold: float, decided: EpisodeNumber | None = None
) -> None:
    """Keep the verdict on a file in place of the one before.

    `content`: the file's fingerprint. `threshold`: confidence from which on the number in the picture is kept.
    `decided`: an operator's number; without one the one before stays.
    """
    sure = verdict.read is not None and verdict.confidence >= threshold
    values = {
        "verdict": verdict.verdict, "read": _text(verdict.read if sure else None), "expected": _text(verdict.expected),
        "decided": _text(decided), "version": own_version()[:40], "at_s": now_s(),
    }  # fmt: skip
    with ledger.database.writing() as connection:
        fresh = insert_into(connection, episodes).values(library=ledger.library, content=content, **values)
        kept = values | {"decided": func.coalesce(fresh.excluded.decided, episodes.c.decided)}
        connection.execute(fresh.on_conflict_do_update(index_elements=["library", "content"], set_=kept))


def earlier_sources(ledger: Ledger, content: str) -> tuple[Source, ...]:
    """What earlier verdicts know of the file with this fingerprint: an operator's number, else the one that its picture
    was read to say."""
    asked = select(episodes.c.read, episodes.c.decided).where(
        episodes.c.library == ledger.library, episodes.c.content == content
    )
    with ledger.database.reading() as connection:
        row = connection.execute(asked).one_or_none()
    if row is None or (row.decided or row.read) is None:
        return ()
    words = "an operator" if row.decided is not None else "an earlier verdict"
    return (Source(parse_number(row.decided or row.read), words),)


def _text(number: EpisodeNumber | None) -> str | None:
    return None if number is None else str(number)
