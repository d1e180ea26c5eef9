"""Login and logout of the review page. The form itself is one of the pages."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from .access import COOKIE, CSRF_HEADER, Bearer, Who, address_of, refuse_without_csrf, viewer, wrong_tokens_of
from .pages.errors import LoginRoute
from .problems import Problem, problems
from .service import AService
from .sessions import Sessions

router = APIRouter(tags=["login"], route_class=LoginRoute)
LOGIN = "/login"
_HOME = "/"
_SEE_OTHER = 303
_LONGEST = 2000
_REDIRECT: dict[int | str, dict[str, Any]] = {_SEE_OTHER: {"description": "Onwards, or back to the form."}}
Text = Annotated[str, Form(max_length=_LONGEST)]


@router.post(LOGIN, status_code=_SEE_OTHER, response_class=Response, responses=_REDIRECT | problems(422, 429, 503))
async def login(request: Request, service: AService, token: Text, next: Text = _HOME) -> Response:
    """Exchange a token for a session, and go on to `next`, a path of this service; a wrong one leads back to the
    form."""
    settings = service.settings.serve
    wrong = wrong_tokens_of(request.app, settings.logins_per_minute)
    wrong.check(address_of(request))
    lasts_s = settings.session_hours * 3600
    begun = await service.writer.write(lambda: Sessions(service.ledger.database).begin(token.strip(), lasts_s))
    if begun is None:
        wrong.take(address_of(request))
        return to_login(next, wrong=True)
    answer = RedirectResponse(local_path(next), _SEE_OTHER)
    kept = {"max_age": int(lasts_s), "path": "/", "secure": settings.secure, "httponly": True}
    answer.set_cookie(COOKIE, begun.cookie, samesite="strict", **kept)  # type: ignore[arg-type]
    return answer


@router.post("/logout", status_code=_SEE_OTHER, response_class=Response, responses=_REDIRECT | problems(403, 422, 503))
async def logout(request: Request, service: AService, csrf: Text = "") -> Response:
    """End the session. The CSRF token may come as the form's field `csrf` or as the header."""
    cookie = request.cookies.get(COOKIE, "")
    holder = await service.writer.read(lambda: Sessions(service.ledger.database).holder(cookie))
    if holder is not None:
        who = Who(holder.name, holder.role, "session", holder.csrf)
        refuse_without_csrf(request, who, csrf or request.headers.get(CSRF_HEADER, ""))
        await service.writer.write(lambda: Sessions(service.ledger.database).end(cookie))
    answer = to_login()
    answer.delete_cookie(COOKIE, path="/", secure=service.settings.serve.secure, httponly=True, samesite="strict")
    return answer


async def page_viewer(request: Request, _documented: Bearer = None) -> Who:
    """`viewer` for pages: who has no rights and asks for a page (`Accept: text/html`) is sent to the login."""
    try:
        return await viewer(request)
    except Problem as problem:
        if problem.status != 401 or not wants_page(request):
            raise
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        where = to_login(here).headers["location"]
        raise Problem(_SEE_OTHER, "Log in first", headers={"Location": where}) from None


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, rather than a script for data."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", "")


def to_login(next: str = _HOME, *, wrong: bool = False) -> RedirectResponse:
    """To the form, which goes on to `next`."""
    asked = {"next": local_path(next)} if local_path(next) != _HOME else {}
    query = urlencode(asked | ({"wrong": "1"} if wrong else {}))
    return RedirectResponse(f"{LOGIN}?{query}" if query else LOGIN, _SEE_OTHER)


def local_path(text: str) -> str:
    """The text when it is a path of this service, else `/`. Browsers take `//host` and `/\\host` for other sites, and
    leave out line breaks and tabs before they look."""
    is_path = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_path else _HOME
