"""The web application: routes, guards, errors."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp

from .. import log
from ..version import own_version
from . import event_api, jobs_api, login
from .guard import GUARD_STATUSES, Guard
from .pages import routes as pages
from .problems import Problem, answer_with_problems, problems
from .request_metrics import RequestMetrics
from .review import api as review_api
from .review import pictures_api
from .service import Service

_ABOUT = "Key art of a video library: jobs, results, what editors approved. Errors are problem details (RFC 9457)."


def build_app(service: Service) -> ASGIApp:
    """The application of one service. Guards stand outside of all of it, so that answers to faults pass them too."""
    app = FastAPI(
        title="Keyart", version=own_version(), description=_ABOUT, docs_url=None, redoc_url=None,
        responses=problems(*GUARD_STATUSES),
    )  # fmt: skip
    app.state.service = service
    for part in (jobs_api, event_api, review_api, pictures_api, login, pages):
        app.include_router(part.router)
    answer_with_problems(app)
    app.add_exception_handler(Exception, _of_a_fault)
    return RequestMetrics(Guard(app, service.settings.serve), service.metrics)


async def _of_a_fault(request: Request, error: Exception) -> Response:
    """What should not happen; the log has the traceback."""
    log.error("request failed", error, method=request.method, path=request.url.path)
    return Problem(500, "Keyart failed inside", "the log of the service has more; report this").response()
