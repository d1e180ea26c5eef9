"""What the review's pages are made of: the same documents that the API answers with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import Request

from ..problems import Problem
from ..service import service_of
from .api import listed
from .detail import video_of
from .titles import SHOWN, Wanted, title_counts


class ReviewDocuments:
    """Titles for the pages. All methods raise Problem and LedgerUnavailableError."""

    async def videos(self, request: Request, review: str, q: str, page: int, per_page: int) -> Mapping[str, Any]:
        """What `GET /api/videos` answers."""
        service = service_of(request)
        shown = next((one for one in SHOWN if one == review), None)
        if shown is None:
            raise Problem(422, "No such list", f"{review} is none of {', '.join(SHOWN)}")
        found = await service.writer.read(partial(listed, service, Wanted(shown, q, page, per_page)))
        return found.model_dump(mode="json")

    async def counts(self, request: Request) -> Mapping[str, int]:
        """How many titles there are of each kind."""
        service = service_of(request)
        return await service.writer.read(partial(title_counts, service.ledger.database, service.ledger.library))

    async def video(self, request: Request, job: int) -> Mapping[str, Any]:
        """What `GET /api/videos/{id}` answers; `opened_by` may be whoever asks."""
        service = service_of(request)
        return await service.writer.read(lambda: video_of(service, job, "").model_dump(mode="json", by_alias=True))

    def trouble(self, request: Request) -> Mapping[str, str]:
        """What keeps work waiting now: kind → one line."""
        return service_of(request).trouble
