"""The routes of the pages. Errors are pages, too, and whoever has to log in first is led there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import RedirectResponse

from ..access import Who
from ..login import page_viewer
from .assets import assets
from .errors import PageRoute
from .language import ATexts
from .render import page
from .source import ASource, Shown
from .views import list_view, title_view

PER_PAGE = 50
_FOUND = 303
AViewer = Annotated[Who, Depends(page_viewer)]
AJob = Annotated[int, PathParameter(ge=1, le=2**53)]
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def home() -> Response:
    """To the titles."""
    return RedirectResponse("/review", _FOUND)


@router.get("/review")
async def titles(
    request: Request,
    who: AViewer,
    source: ASource,
    texts: ATexts,
    review: Shown = "waiting",
    q: Annotated[str, Query(max_length=200)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """The list of titles."""
    found = await source.videos(review, q, number, PER_PAGE)
    counts = await source.counts(q)
    view = list_view(found, counts, source.trouble(), texts, review, q)
    return page(request, texts, "list.html", who, view | {"failed": await source.failed()})


@router.get("/review/{job}")
async def title(request: Request, job: AJob, who: AViewer, source: ASource, texts: ATexts) -> Response:
    """One title."""
    view = title_view(await source.video(job, who.name), source.trouble(), texts, who)
    return page(request, texts, "title.html" if view["film"] else "problem.html", who, view)


@router.get("/review/{job}/next")
async def next_title(request: Request, job: AJob, who: AViewer, source: ASource) -> Response:
    """To the title that waits next; to the list when none does."""
    found = await source.video(job, who.name)
    other = found["next"] if found["next"] is not None else found["previous"]
    return RedirectResponse("/review?finished=1" if other is None else f"/review/{other}", _FOUND)


@router.get("/login")
async def login(request: Request, texts: ATexts, next: str = "/", wrong: bool = False) -> Response:
    """The form for the access token."""
    return page(request, texts, "login.html", None, {"next": next, "wrong": wrong, "wait_s": 0})


@router.get("/static/{digest}/{name}")
async def static(digest: str, name: str) -> Response:
    """A script, a style or a picture of the pages."""
    return assets().answer(digest, name)
