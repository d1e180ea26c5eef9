"""What every request passes before it reaches a route, and what every answer carries.

Refused are: names of the service that are not its own (421, DNS rebinding), requests that pages of other sites make a
browser send (403), too many requests of one client (429), bodies that are too large (413), texts with NUL characters,
which no path and no database takes (400). Any route may answer so: `GUARD_STATUSES`.
"""

from __future__ import annotations

from collections.abc import Iterable

from anyio.lowlevel import checkpoint
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..settings.serving import ServeSettings
from .access import SAFE_METHODS
from .addresses import authority, is_own_name
from .allowance import Allowance, per_second
from .problems import Problem

GUARD_STATUSES = (400, 403, 413, 421, 429)
"""What any route may answer, whatever its own answers are."""
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_POLICY_VIOLATION = 1008
_LONGEST_LENGTH = 18
"""Digits of a length that is looked at."""


class Guard:
    """ASGI middleware; errors are problem details. There are no websockets: they are closed at once."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings
        self._requests: Allowance | None = per_second(settings.rate_per_s) if settings.rate_per_s else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_security_headers(send)
        try:
            self._check(scope, Headers(scope=scope))
            body = await _read_within(self._settings.body_kib * 1024, Headers(scope=scope), receive)
        except Problem as refused:
            # A body that is no HTTP is answered by the server, which closes the connection at the loop's next turn.
            await checkpoint()
            await refused.response()(scope, receive, send)
            return
        await self._app(scope, body, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if self._requests is not None:
            self._requests.take((scope.get("client") or ("",))[0])
        refuse_other_names(headers, self._settings)
        refuse_other_sites(scope["method"], headers)
        refuse_nul(scope)


def refuse_other_names(headers: Headers, settings: ServeSettings) -> None:
    """Raises Problem 421 unless the request names the service as it may be called."""
    hosts = headers.getlist("host")
    named = authority(hosts[0]) if len(hosts) == 1 else None
    if named is None or not is_own_name(named[0], settings):
        said = ", ".join(hosts) or "no Host"
        raise Problem(421, "Not a name of this service", f"{said}: add the name to serve.hosts if it is right")


def refuse_other_sites(method: str, headers: Headers) -> None:
    """Raises Problem 403 for what a page of another site makes a browser send. Following a link is no such thing."""
    site = headers.get("sec-fetch-site", "none")
    is_link = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    is_embedded = headers.get("sec-fetch-dest", "document") != "document"
    if site not in ("same-origin", "none") and (not is_link or is_embedded):
        raise Problem(403, "From another site", "pages of other sites may link to this service, nothing else")
    if method not in SAFE_METHODS and not _same_origin(headers.getlist("origin"), headers.get("host", "")):
        raise Problem(403, "From another site", "changes are made from the service's own pages, or without Origin")


def refuse_nul(scope: Scope) -> None:
    """Raises Problem 400 for a path or a query with a NUL character."""
    raw = bytes(scope.get("query_string") or b"")
    if "\0" in scope["path"] or b"\0" in raw or b"%00" in raw:
        raise Problem(400, "A NUL character", "no path and no text has one, leave it out")


def _same_origin(origins: Iterable[str], host: str) -> bool:
    """Whether each origin names the host and the port that were called."""
    for origin in origins:
        scheme, _, rest = origin.partition("://")
        default = _DEFAULT_PORTS.get(scheme.lower())
        theirs, ours = authority(rest), authority(host)
        if default is None or theirs is None or ours is None:
            return False
        if (theirs[0], theirs[1] or default) != (ours[0], ours[1] or default):
            return False
    return True


async def _read_within(most_bytes: int, headers: Headers, receive: Receive) -> Receive:
    """What receives the request anew, with its body read; a body that is too large is never held, however it comes.

    Raises Problem 413 for that, 400 for a length that is none and for a body that ends before its end.
    """
    length = headers.get("content-length")
    if length is None and "transfer-encoding" not in headers:
        return receive
    if length is not None and not (length.isascii() and length.isdigit()):
        raise Problem(400, "Content-Length is no number", "send the body's length in bytes")
    if length is not None and (len(length) > _LONGEST_LENGTH or int(length) > most_bytes):
        raise _too_large(most_bytes)
    return await _read(most_bytes, receive)


async def _read(most_bytes: int, receive: Receive) -> Receive:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem(400, "The body is cut off", "the client went away before it had sent all of it")
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
        more = message.get("more_body", False)
    waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _too_large(most_bytes: int) -> Problem:
    detail = f"a request has at most {most_bytes // 1024} KiB (serve.body_kib)"
    return Problem(413, "The body is too large", detail, headers={"Connection": "close"})


def _with_security_headers(send: Send) -> Send:
    """What sends an answer with the headers that all have; nothing is stored unless a route says so."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
