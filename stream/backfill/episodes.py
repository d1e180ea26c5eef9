"""Verdicts on episodes as the ledger keeps them: the last one on each file, and what an operator decided."""

from __future__ import annotations

from sqlalchemy import func, select

from ..episode.numbers import EpisodeNumber, parse_number
from ..episode.past import Source
from ..episode.report import entry_of
from ..episode.verify import Verdict
from ..manifest import EpisodeEntry
from ..version import own_version
from .clock import now_s
from .database import Database
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
    note_entry(ledger.database, ledger.library, content, entry_of(verdict), threshold=threshold, decided=decided)


def note_entry(
    database: Database,
    library: str,
    content: str,
    entry: EpisodeEntry,
    *,
    threshold: float,
    decided: EpisodeNumber | None = None,
) -> None:
    """`note_verdict` of a verdict as a manifest has it, in the ledger of a database."""
    sure = entry.confidence >= threshold
    values = {
        "verdict": entry.verdict, "read": entry.read if sure else None, "expected": entry.expected,
        "decided": None if decided is None else str(decided), "version": own_version()[:40], "at_s": now_s(),
    }  # fmt: skip
    with database.writing() as connection:
        fresh = insert_into(connection, episodes).values(library=library, content=content, **values)
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
