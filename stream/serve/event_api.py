"""`/api/events`: what happens, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from .access import Who, viewer
from .problems import problems
from .service import AService

router = APIRouter(tags=["events"])


@router.get("/api/events", response_class=EventSourceResponse, responses=problems(401, 403, 429))
async def events(service: AService, who: Annotated[Who, Depends(viewer)]) -> AsyncIterator[ServerSentEvent]:
    """What happens from now on: `job`, `progress`, `review`, `trouble`, `paused`, `counts`; `lost` where a client was
    too slow and should ask anew. Changes by other processes show in `counts` alone."""
    with service.events.listening() as happens:
        service.metrics.listeners.set(service.events.listeners)
        try:
            yield ServerSentEvent(event="trouble", data={"now": dict(service.trouble)})
            async for event in happens:
                yield ServerSentEvent(event=event.kind, id=str(event.number), data=event.data)
        finally:
            service.metrics.listeners.set(service.events.listeners - 1)
