"""Errors of requests as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from .. import log
from ..backfill.errors import LedgerUnavailableError
from ..errors import KeyartError
from .pictures.source import PictureUnavailableError

MEDIA_TYPE = "application/problem+json"
_ASK_AGAIN_S = "5"


class ProblemDetails(BaseModel):
    """The body of every error. title: what went wrong, the same for all of a kind; detail: about this request, and what
    to do. Further members may follow."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""


class Problem(Exception):
    """A request that cannot be answered. more: further members of the body."""

    def __init__(
        self, status: int, title: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        detail = printable(detail)
        super().__init__(detail or title)
        self.status, self.title, self.detail = status, title, detail
        self.headers, self.more = dict(headers or {}), more

    def response(self) -> Response:
        """As it is sent."""
        body = ProblemDetails(title=self.title, status=self.status, detail=self.detail, **self.more)
        # In ASCII: what a client sent, half of a surrogate pair too, can always be said back to it.
        return Response(json.dumps(body.model_dump()), self.status, self.headers, MEDIA_TYPE)


def printable(text: str) -> str:
    """Text that can be sent: bytes of file names that are no UTF-8 are question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's OpenAPI document says of the errors it may answer with."""
    content = {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def answer_with_problems(app: FastAPI) -> None:
    """Let every error of an app be one."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(LedgerUnavailableError, _of_ledger)
    app.add_exception_handler(PictureUnavailableError, _of_pictures)
    app.add_exception_handler(KeyartError, _of_keyart)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _of_ledger(request: Request, error: Exception) -> Response:
    log.warning("ledger out of reach", error, path=request.url.path)
    # Where the ledger is, and what its database says, is for whoever runs the service.
    detail = "it is out of reach, and asked again by itself; the service's log says why"
    return Problem(503, "The ledger cannot be used", detail, headers={"Retry-After": _ASK_AGAIN_S}).response()


async def _of_pictures(request: Request, error: Exception) -> Response:
    title = "No picture can be made now"
    return Problem(503, title, str(error), headers={"Retry-After": _ASK_AGAIN_S}).response()


async def _of_keyart(request: Request, error: Exception) -> Response:
    return Problem(422, "It cannot be worked on", str(error)).response()


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"where": "/".join(map(str, one["loc"])), "what": one["msg"].removeprefix("Value error, ")}
        for one in error.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in wrong)
    return Problem(422, "The request is not well formed", detail, errors=wrong).response()


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = "" if error.detail == title else str(error.detail)
    return Problem(error.status_code, title, detail, headers=error.headers).response()
