"""What the pages ask of the review: the same documents that the API answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, Protocol, get_args

from fastapi import Depends

from ..review.api import listed
from ..review.detail import video_of
from ..review.titles import Wanted, title_counts
from ..service import AService, Service

Document = Mapping[str, Any]
"""JSON as the API of `stream.serve.review` sends it."""
Shown = Literal["waiting", "approved", "rejected", "all"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
"""Which titles a list may show."""


class PageSource(Protocol):
    """Titles for pages. All but `trouble` raise Problem, and LedgerUnavailableError."""

    async def videos(self, review: Shown, q: str, page: int, per_page: int) -> Document:
        """What `GET /api/videos` answers."""
        ...

    async def counts(self, q: str) -> Mapping[str, int]:
        """How many titles with a text in their names there are of each of `SHOWN`."""
        ...

    async def failed(self) -> int:
        """How many titles failed or are quarantined: they have no result, and stand in no list."""
        ...

    async def video(self, job: int, who: str) -> Document:
        """What `GET /api/videos/{id}` answers."""
        ...

    def trouble(self) -> Mapping[str, str]:
        """What keeps work waiting now: kind → one line."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceSource:
    """The titles of a service."""

    service: Service

    async def videos(self, review: Shown, q: str, page: int, per_page: int) -> Document:
        found = await self.service.writer.read(partial(listed, self.service, Wanted(review, q, page, per_page)))
        return found.model_dump(mode="json")

    async def counts(self, q: str) -> Mapping[str, int]:
        ledger = self.service.ledger
        return await self.service.writer.read(partial(title_counts, ledger.database, ledger.library, q))

    async def failed(self) -> int:
        counts = await self.service.writer.read(partial(self.service.ledger.counts, self.service.fingerprint))
        return counts["failed"] + counts["quarantined"]

    async def video(self, job: int, who: str) -> Document:
        return await self.service.writer.read(partial(_document, self.service, job, who))

    def trouble(self) -> Mapping[str, str]:
        return self.service.trouble


def page_source(service: AService) -> PageSource:
    """The titles that a request is about."""
    return ServiceSource(service)


ASource = Annotated[PageSource, Depends(page_source)]


def _document(service: Service, job: int, who: str) -> dict[str, Any]:
    return video_of(service, job, who).model_dump(mode="json", by_alias=True)
