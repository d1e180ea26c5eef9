"""`/api/jobs`: ask for a title, look where it stands, cancel it."""

from __future__ import annotations

import hashlib
import json
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..backfill.publishing import holds_result
from ..backfill.states import State
from ..backfill.titles import result_below
from . import jobs
from .access import Who, editor, viewer
from .problems import Problem, problems
from .service import AService, Service

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
_MOST = 1000
JobId = Annotated[int, Field(ge=1, le=2**63 - 1)]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200)]


class JobRequest(BaseModel):
    """A title to work on. path: of the video, absolute or below a root; priority: the higher the sooner; formats: to
    cut, those of the settings when it is left out; idempotency_key: the same key and body again do nothing more."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    priority: Annotated[int, Field(ge=-999_999, le=999_999)] | None = None
    formats: Annotated[list[str], Field(min_length=1, max_length=20)] | None = None
    idempotency_key: IdempotencyKey | None = None

    @field_validator("path", "idempotency_key")
    @classmethod
    def _speakable(cls, value: str | None) -> str | None:
        if value is not None and ("\0" in value or not _is_unicode(value)):
            raise ValueError("holds characters that no path has")
        return value


class JobState(BaseModel):
    """Where a job stands."""

    id: int
    state: State


class Job(JobState):
    """A job. Times are seconds since 1970 by the ledger's clock; what is not known yet is null. kind, reason: why it
    failed last."""

    key: str
    priority: int
    formats: list[str] | None
    kind: str | None
    reason: str | None
    attempts: int
    queued_s: float
    started_s: float | None
    ended_s: float | None
    size_bytes: int
    wall_s: float | None
    film_s: float | None
    frames: int | None


class Jobs(BaseModel):
    """A part of all jobs. next: the value of `after` for the part that follows; null at the end."""

    jobs: list[Job]
    next: int | None


@router.post(
    "", status_code=202, response_model=JobState,
    responses={200: {"model": JobState, "description": "Known already"}, **problems(401, 403, 404, 409, 422, 429, 503)},
)  # fmt: skip
async def ask_for(
    wanted: JobRequest,
    service: AService,
    who: Annotated[Who, Depends(editor)],
    response: Response,
    idempotency_key: Annotated[IdempotencyKey | None, Header()] = None,
) -> JobState:
    """Queue a title; 202 when it was queued, 200 when it is known and nothing is to be done anew."""
    if service.draining:
        raise Problem(503, "The service ends", "ask again when it runs again", headers={"Retry-After": "30"})
    _refuse_unknown_formats(service, wanted.formats or [])
    once = _once(who, wanted, idempotency_key)
    found = await submit(service, wanted, once)
    if not found.queued:
        response.status_code = 200
    else:
        service.events.publish("job", {"id": found.job, "key": found.key, "state": found.state})
    return JobState(id=found.job, state=found.state)


@router.get("", response_model=Jobs, responses=problems(401, 403, 422, 429, 503))
async def list_jobs(
    service: AService,
    who: Annotated[Who, Depends(viewer)],
    state: Annotated[list[State] | None, Query(max_length=10)] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> Jobs:
    """Jobs by their id, of some states or all."""
    rows = await service.writer.read(lambda: jobs.page(service.ledger, state or [], after, limit))
    return Jobs(jobs=[_job(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.get("/{number}", response_model=Job, responses=problems(401, 403, 404, 422, 429, 503))
async def look_at(number: JobId, service: AService, who: Annotated[Who, Depends(viewer)]) -> Job:
    """One job."""
    return _job(await service.writer.read(lambda: jobs.job(service.ledger, number)))


@router.delete("/{number}", response_model=JobState, responses=problems(401, 403, 404, 409, 422, 429, 503))
async def cancel(number: JobId, service: AService, who: Annotated[Who, Depends(editor)]) -> JobState:
    """Cancel a job that waits or is in work; what it was asked for stays undone until somebody asks again."""
    row = await service.writer.write(lambda: jobs.cancel(service.ledger, number))
    service.drop(number)
    service.events.publish("job", {"id": row.id, "key": row.key, "state": row.state})
    return JobState(id=row.id, state=row.state)


async def submit(service: Service, wanted: JobRequest, once: tuple[str, str] | None) -> jobs.Submitted:
    """Queue what a request asks for."""
    priority = service.settings.serve.priority if wanted.priority is None else wanted.priority
    formats = tuple(wanted.formats or ())
    title = await service.writer.read(lambda: jobs.title_of(service.roots, _place(service, wanted.path), priority))
    wish = jobs.Wish(title, formats)
    arguments = (service.ledger, service.roots.first, service.fingerprint, wish, has_result_in(service.out))
    if once is None:
        return await service.writer.write(partial(jobs.submit, *arguments))
    return await service.writer.write(partial(jobs.submit_once, *arguments, once))


def has_result_in(out: Path) -> jobs.HasResult:
    """Whether the result of a title is in the folder of the results."""
    return lambda key, fingerprint: holds_result(result_below(out, key), fingerprint)


def _place(service: Service, path: str) -> Path:
    """The file that a path means: below the first root that has it, unless it is absolute."""
    if Path(path).is_absolute():
        return Path(path)
    places = [root / path for root in service.roots.folders]
    return next((place for place in places if os.path.exists(place)), places[0])


def _refuse_unknown_formats(service: Service, formats: list[str]) -> None:
    known = service.settings.known_formats()
    unknown = [name for name in formats if name not in known]
    if unknown or len(set(formats)) != len(formats):
        said = f"{unknown[0]!r} is none of them" if unknown else "each only once"
        raise Problem(422, "There are no such formats", f"formats: {said}; known are {', '.join(known)}")


def _once(who: Who, wanted: JobRequest, header: str | None) -> tuple[str, str] | None:
    """The key that stands for this request, and what was asked; one client's keys are not another's."""
    key = header or wanted.idempotency_key
    if key is None:
        return None
    if header and wanted.idempotency_key not in (None, header):
        raise Problem(422, "Two idempotency keys", "the header and the body name different ones, give one")
    body = json.dumps(wanted.model_dump(exclude={"idempotency_key"}), sort_keys=True)
    return _sha256(f"{who.name}\n{key}"), _sha256(body)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _job(row: Any) -> Job:
    return Job(
        id=row.id, state=row.state, key=row.key, priority=row.priority,
        formats=row.formats.split(",") if row.formats else None, kind=row.kind, reason=row.reason,
        attempts=row.attempts, queued_s=row.queued_s, started_s=row.started_s, ended_s=row.ended_s,
        size_bytes=row.size_bytes, wall_s=row.wall_s, film_s=row.film_s, frames=row.frames,
    )  # fmt: skip
