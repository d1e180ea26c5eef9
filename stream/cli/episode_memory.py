"""The ledger in which `keyart episode` keeps its verdicts. Imported only where one is named: it needs SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..backfill.episodes import earlier_sources, note_verdict
from ..backfill.home import existing_ledger
from ..backfill.ledger import Ledger
from ..episode.numbers import EpisodeNumber
from ..episode.past import Source
from ..episode.verify import Verdict
from ..pipeline.describe import content_fingerprint


@dataclass(frozen=True, slots=True)
class Memory:
    """Earlier verdicts, by what the files hold: moved and renamed files are known again."""

    ledger: Ledger

    def earlier(self, film: Path) -> tuple[Source, ...]:
        """What earlier verdicts know of a film. Raises KeyartError when it cannot be read."""
        return earlier_sources(self.ledger, content_fingerprint(film))

    def note(self, film: Path, verdict: Verdict, threshold: float, decided: EpisodeNumber | None) -> None:
        """Keep the verdict on a film, and what an operator decided. Raises KeyartError when it cannot be read."""
        note_verdict(self.ledger, content_fingerprint(film), verdict, threshold=threshold, decided=decided)


@contextmanager
def opened_memory(out: Path | None, url: str | None) -> Iterator[Memory]:
    """The memory in the ledger of the results in `out`, or at `url`. Raises UsageError when there is none."""
    ledger = existing_ledger(out, url)
    try:
        yield Memory(ledger)
    finally:
        ledger.database.close()
