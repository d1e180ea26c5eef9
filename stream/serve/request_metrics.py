"""Counts requests and times their answers, by the routes' templates."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import ServeMetrics

_ENDLESS = frozenset({"/api/events"})
"""Routes whose answers last as long as somebody listens: counted, not timed."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


class RequestMetrics:
    """Middleware; the outermost, so that what others refuse is counted as well."""

    def __init__(self, app: ASGIApp, metrics: ServeMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = _template(scope)
            self._metrics.requests.labels(method, route, str(status)).inc()
            if route not in _ENDLESS:
                self._metrics.seconds.labels(method, route).observe(time.perf_counter() - began_s)


def _template(scope: Scope) -> str:
    """`/api/jobs/{number}`, not the path; `other` for what no route answers."""
    return str(getattr(scope.get("route"), "path", None) or "other")
