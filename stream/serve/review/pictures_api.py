"""The endpoints of pictures: those of a result, and frames of its film."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from ..access import Who, viewer
from ..problems import Problem, problems
from ..service import AService, Service
from .answers import FrameNeighbours, FrameTimes
from .detail import known_row
from .publish import usable_manifest
from .results import picture_bytes, picture_file, seekable_video

router = APIRouter(prefix="/api/videos", tags=["review"])
AViewer = Annotated[Who, Depends(viewer)]
AJob = Annotated[int, PathParameter(ge=1, le=2**53)]
AWidth = Annotated[int, Query(ge=16, le=4096)]
AFilmTime = Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False)]
_JPEG = "image/jpeg"
_ASK_AGAIN_AFTER_S = 60
"""A result may be made anew under the same names; until then the browser does not ask."""
_ALWAYS = (401, 403, 404, 422, 429, 503)


class _Jpeg(Response):
    media_type = _JPEG


_KEPT: dict[int | str, dict[str, Any]] = {304: {"description": "It is what the client has"}}


@router.get("/{job}/images/{name:path}", response_class=_Jpeg, responses={**problems(409, *_ALWAYS), **_KEPT})
async def image(
    job: AJob, name: str, request: Request, service: AService, who: AViewer, width: AWidth | None = None
) -> Response:
    """A picture that the manifest names, as it is, or at most `width` pixels wide."""
    file = await service.writer.read(lambda: picture_file(service.out, known_row(service, job).key, name))
    tag = await service.writer.read(partial(_tag, file, str(width)))
    if _has(request, tag):
        return _unchanged(tag)
    if width is None:
        return _jpeg(await service.writer.read(partial(picture_bytes, file)), tag)
    with service.metrics.pictures.labels("thumbnail").time():
        return _jpeg(await service.pictures.thumbnail(file, width), tag)


@router.get("/{job}/frames/{time_s}.jpg", response_class=_Jpeg, responses={**problems(409, *_ALWAYS), **_KEPT})
async def frame(
    job: AJob,
    time_s: Annotated[float, PathParameter(ge=0, le=1e6, allow_inf_nan=False)],
    request: Request,
    service: AService,
    who: AViewer,
    width: AWidth = 1280,
) -> Response:
    """The whole frame at a time of the film, at most `width` pixels wide."""
    video = await _video(service, job)
    tag = await service.writer.read(partial(_tag, video, f"{time_s} {width}"))
    if _has(request, tag):
        return _unchanged(tag)
    with service.metrics.pictures.labels("frame").time():
        return _jpeg(await service.pictures.frame(video, time_s, width), tag)


@router.get("/{job}/frames", responses=problems(409, *_ALWAYS))
async def frame_neighbours(job: AJob, time_s: AFilmTime, service: AService, who: AViewer) -> FrameNeighbours:
    """The times of the frames before and after one."""
    video = await _video(service, job)
    with service.metrics.pictures.labels("neighbours").time():
        previous, following = await service.pictures.neighbours(video, time_s)
    return FrameNeighbours(previous=previous, next=following)


@router.get("/{job}/shots/{index}/frames", responses=problems(409, *_ALWAYS))
async def shot_frames(
    job: AJob,
    index: Annotated[int, PathParameter(ge=0, le=2**53)],
    service: AService,
    who: AViewer,
    count: Annotated[int, Query(ge=1, le=100)] = 12,
) -> FrameTimes:
    """Times of frames that lie evenly in a shot."""
    row = await service.writer.read(partial(known_row, service, job))
    manifest = await service.writer.read(partial(usable_manifest, service, row))
    shot = next((one for one in manifest.shots if one.index == index), None)
    if shot is None:
        raise Problem(404, "No such shot", f"title {job} has no shot {index}")
    video = await service.writer.read(partial(seekable_video, service, row))
    with service.metrics.pictures.labels("spread").time():
        return FrameTimes(times=await service.pictures.spread(video, shot.start_s, shot.end_s, count))


async def _video(service: Service, job: int) -> Path:
    return await service.writer.read(lambda: seekable_video(service, known_row(service, job)))


def _tag(file: Path, more: str) -> str:
    try:
        found = file.stat()
    except OSError as error:
        raise Problem(404, "The file is gone", f"{file} is not there any more, look at the title again") from error
    return f'"{sha256(f"{found.st_size} {found.st_mtime_ns} {more}".encode()).hexdigest()[:24]}"'


def _has(request: Request, tag: str) -> bool:
    return tag in request.headers.get("if-none-match", "")


def _jpeg(content: bytes, tag: str) -> Response:
    return _Jpeg(content, headers=_headers(tag))


def _unchanged(tag: str) -> Response:
    return Response(status_code=304, headers=_headers(tag))


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": f"private, max-age={_ASK_AGAIN_AFTER_S}"}
