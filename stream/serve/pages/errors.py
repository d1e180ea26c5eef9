"""Errors of pages, which are pages too: what happened in an editor's words, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from ...backfill.errors import LedgerUnavailableError
from ...errors import KeyartError
from ..problems import Problem
from ..texts import Texts
from .language import remember, texts_of
from .render import page

AGAIN_S = 5
"""So often a page that the service cannot show now is asked for again."""


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors made pages."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            texts = texts_of(request)
            try:
                answer = await inner(request)
            except Problem as problem:
                if problem.status < 400:
                    return problem.response()
                answer = error_page(request, texts, problem)
            except LedgerUnavailableError:
                answer = error_page(request, texts, ledger_away(texts))
            except KeyartError as error:
                answer = error_page(request, texts, Problem(422, "It cannot be worked on", str(error)))
            except RequestValidationError:
                answer = error_page(request, texts, Problem(404, "Not Found", request.url.path))
            remember(request, answer)
            return answer

        return handler


class LoginRoute(APIRoute):
    """The route that takes a form's token. What a browser's form meets is a page, the form again where that helps; what
    a script meets is a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors made pages for browsers."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except (Problem, LedgerUnavailableError) as error:
                if "text/html" not in request.headers.get("Accept", ""):
                    raise
                texts = texts_of(request)
                problem = error if isinstance(error, Problem) else ledger_away(texts)
                if problem.status != 429:
                    return error_page(request, texts, problem)
                return await _form_again(request, texts, problem)

        return handler


async def _form_again(request: Request, texts: Texts, problem: Problem) -> Response:
    """The login, with when to try again."""
    form = await request.form()
    wait_s = int(problem.headers["Retry-After"])
    view = {"next": str(form.get("next", "/")), "wrong": False, "wait_s": wait_s}
    answer = page(request, texts, "login.html", None, view, problem.status)
    answer.headers.update(problem.headers)
    return answer


def ledger_away(texts: Texts) -> Problem:
    """That the ledger is out of reach; where it is and why is for those who run the service, not for pages."""
    return Problem(503, texts("error.ledger"), texts("error.ledger_detail"), headers={"Retry-After": str(AGAIN_S)})


def error_page(request: Request, texts: Texts, problem: Problem) -> Response:
    """The page of an error; one that says when to ask again loads itself again."""
    again = problem.headers.get("Retry-After")
    view = {"title": problem.title, "detail": problem.detail, "status": problem.status, "again": again}
    answer = page(request, texts, "error.html", None, view, problem.status)
    answer.headers.update(problem.headers)
    return answer
