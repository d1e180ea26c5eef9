"""What requests are answered with: the ledger, the roots, the ways to pictures and to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from ..backfill.ledger import Ledger
from ..settings.model import Settings
from .events import Events
from .roots import Roots
from .writer import Writer

if TYPE_CHECKING:
    from .metrics import ServeMetrics
    from .pictures.source import PictureSource


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
    drop: Callable[[int], None] = lambda job: None
    """Lets a worker stop working on a job that was cancelled, at once."""


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


AService = Annotated[Service, Depends(service_of)]
