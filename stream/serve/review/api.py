"""The endpoints of the review: which titles there are, one title, drafts and decisions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi import Path as PathParameter
from fastapi.responses import Response

from ..access import Who, editor, viewer
from ..problems import problems
from ..service import AService, Service
from .answers import Approval, DraftChange, OnVersion, Review, Video, VideoPage, line_of, review_of
from .choices import checked
from .detail import ready_row, video_of
from .publish import approve, reject, reopen, usable_manifest
from .results import summary_of
from .store import Reviews, Standing
from .titles import Shown, Wanted, titles_page

router = APIRouter(prefix="/api/videos", tags=["review"])
AViewer = Annotated[Who, Depends(viewer)]
AnEditor = Annotated[Who, Depends(editor)]
AJob = Annotated[int, PathParameter(ge=1, le=2**53)]
_ALWAYS = (401, 403, 422, 429, 503)


@router.get("", responses=problems(*_ALWAYS))
async def titles(
    service: AService,
    who: AViewer,
    review: Shown = "waiting",
    q: Annotated[str, Query(max_length=200, pattern="^[^\x00]*$")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=200)] = 50,
) -> VideoPage:
    """Titles that have a result, the newest first; `q` is looked for in their paths."""
    return await service.writer.read(partial(listed, service, Wanted(review, q, page, per_page)))


@router.get("/{job}", response_model=Video, responses=problems(404, *_ALWAYS))
async def one_title(job: AJob, service: AService, who: AViewer) -> Response:
    """One title with its manifest and its review; where something is wrong with it, `problem` says what and what to
    do."""
    # As JSON on the thread: manifests of long films would hold up all other requests.
    body = await service.writer.read(lambda: video_of(service, job, who.name).model_dump_json(by_alias=True))
    return Response(body, media_type="application/json")


@router.post("/{job}/open", responses=problems(404, 409, *_ALWAYS))
async def open_title(job: AJob, service: AService, who: AnEditor) -> Review:
    """Note that an editor has a title open; the answer names another who has."""
    row = await _ready(service, job)
    return await _change(service, row, who, lambda: _reviews(service).open(row, who.name))


@router.put("/{job}/draft", responses=problems(404, 409, *_ALWAYS))
async def keep_draft(job: AJob, change: DraftChange, service: AService, who: AnEditor) -> Review:
    """Keep the choices so far; crops come to lie where their format allows."""
    row = await _ready(service, job)
    manifest = await service.writer.read(partial(usable_manifest, service, row))
    draft = checked(change.draft, manifest, service.settings)
    return await _change(service, row, who, lambda: _reviews(service).draft(row, change.version, draft, who.name))


@router.post("/{job}/approve", responses=problems(404, 409, 507, *_ALWAYS))
async def approve_title(job: AJob, approval: Approval, service: AService, who: AnEditor) -> Review:
    """Publish the chosen pictures, whole or not at all, and note the decision."""
    row = await _ready(service, job)
    return _told(service, row, await approve(service, row, approval, who.name), who)


@router.post("/{job}/reject", responses=problems(404, 409, *_ALWAYS))
async def reject_title(job: AJob, change: OnVersion, service: AService, who: AnEditor) -> Review:
    """Note that none of the title's pictures is wanted. What was published is withdrawn."""
    row = await _ready(service, job)
    return _told(service, row, await reject(service, row, change.version, who.name), who)


@router.post("/{job}/reopen", responses=problems(404, 409, *_ALWAYS))
async def reopen_title(job: AJob, change: OnVersion, service: AService, who: AnEditor) -> Review:
    """Let a decided title wait again, with the choices it was decided with. What was published is withdrawn."""
    row = await _ready(service, job)
    return _told(service, row, await reopen(service, row, change.version, who.name), who)


def listed(service: Service, wanted: Wanted) -> VideoPage:
    """One page of titles. Blocks."""
    found = titles_page(service.ledger.database, service.ledger.library, wanted)
    for row in found.rows:
        service.rows.keep(row.id, row)
    lines = [line_of(row, summary_of(service.out, row.key), time.time()) for row in found.rows]
    return VideoPage(
        videos=lines, total=found.total, page=wanted.page, pages=max(1, -(-found.total // wanted.per_page))
    )


async def _ready(service: Service, job: int) -> Any:
    return await service.writer.read(partial(ready_row, service, job))


async def _change(service: Service, row: Any, who: Who, call: Callable[[], Standing]) -> Review:
    return _told(service, row, await service.writer.write(call), who)


def _told(service: Service, row: Any, found: Standing, who: Who) -> Review:
    """The answer to a change, of which everybody hears."""
    happened = {"id": row.id, "key": row.key, "state": found.state, "version": found.version, "who": who.name}
    service.events.publish("review", happened)
    service.titles.change(row.id, lambda told: replace(told, standing=found))
    return review_of(found, who.name)


def _reviews(service: Service) -> Reviews:
    return Reviews(service.ledger.database)
