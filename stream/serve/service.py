"""What requests are answered with: the ledger, the roots, the ways to pictures and to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from ..backfill.ledger import Ledger
from ..settings.model import Settings
from .events import Events
from .review.last_answers import LastAnswers, Told
from .roots import Roots
from .writer import Writer

if TYPE_CHECKING:
    from .metrics import ServeMetrics
    from .pictures.source import PictureSource

_ROWS = 4_000
_TITLES = 1_000
"""Titles that are remembered for while the ledger is out of reach; with their review they take some ten KiB each."""


@dataclass(slots=True)
class Service:
    """The state of one service. settings, fingerprint: for new jobs; they change when settings are read anew. publish:
    where approved images go, None where nothing can be approved. trouble: what is wrong now, in one line; None when
    nothing is."""

    settings: Settings
    fingerprint: str
    roots: Roots
    out: Path
    publish: Path | None
    ledger: Ledger
    writer: Writer
    events: Events
    pictures: PictureSource
    metrics: ServeMetrics
    trouble: dict[str, str] = field(default_factory=dict)
    """Kind of trouble → one line for people, while it lasts."""
    draining: bool = False
    """Whether it ends: nothing new is begun, and it takes no jobs."""
    rows: LastAnswers[Any] = field(default_factory=lambda: LastAnswers(_ROWS))
    """Of jobs: what pictures are found by."""
    titles: LastAnswers[Told] = field(default_factory=lambda: LastAnswers(_TITLES))
    """What the ledger has of titles that were looked at."""
    drop: Callable[[int], None] = lambda job: None
    """Lets a worker stop working on a job that was cancelled, at once."""


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


AService = Annotated[Service, Depends(service_of)]
