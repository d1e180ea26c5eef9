"""Who a request is from, and what they may do.

A request may bring a bearer token (scripts) or the cookie of a session (the review page). A service that only this
machine reaches answers without either: whoever is on it has the rights of an editor. What a browser changes must carry
the session's CSRF token in the header `X-CSRF-Token`, which no page of another site can know.
"""

from __future__ import annotations

import getpass
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from fastapi import FastAPI, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .addresses import wants_tokens
from .allowance import Allowance, per_minute
from .problems import Problem
from .service import Service, service_of
from .sessions import Sessions
from .tokens import Role, Tokens

COOKIE = "keyart_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ACCESS_STATUSES = (401, 403, 429, 503)
"""What routes with `viewer` or `editor` may answer on top of their own."""
_LOCAL_CSRF = secrets.token_hex(32)
"""Of browsers on this machine that did not log in; another with each process."""
_OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="keyart"'}
_SCHEME = HTTPBearer(auto_error=False, scheme_name="token", description="Of `keyart serve token add`.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_SCHEME)]
"""For the OpenAPI document alone: the header is read by `_who`."""


@dataclass(frozen=True, slots=True)
class Who:
    """name: for records of decisions; csrf: what changes by the browser must carry, None for scripts with a token."""

    name: str
    role: Role
    via: Literal["local", "token", "session"]
    csrf: str | None


async def viewer(request: Request, _documented: Bearer = None) -> Who:
    """Whoever may look. Raises Problem 401 without rights, 403 for a change without the CSRF token, 429 after too many
    wrong tokens."""
    who = await _who(request)
    if request.method not in SAFE_METHODS:
        refuse_without_csrf(request, who, request.headers.get(CSRF_HEADER, ""))
    return who


async def editor(request: Request, _documented: Bearer = None) -> Who:
    """Whoever may change things. Raises what `viewer` raises, and Problem 403 for a viewer."""
    who = await viewer(request)
    if who.role != "editor":
        raise Problem(403, "Only editors may do this", f"{who.name} is a viewer; ask for a token of an editor")
    return who


def refuse_without_csrf(request: Request, who: Who, given: str) -> None:
    """Raises Problem 403 for a change by a browser that carries another CSRF token than its session's."""
    if who.csrf is None or (who.via == "local" and not _from_browser(request)):
        return
    if not secrets.compare_digest(given.encode(), who.csrf.encode()):
        raise Problem(403, "The CSRF token is missing or old", f"load the page again; changes carry {CSRF_HEADER}")


def wrong_tokens_of(app: FastAPI, settings_per_minute: int) -> Allowance:
    """How many wrong tokens one address may send to an app, by any way."""
    found = getattr(app.state, "wrong_tokens", None)
    if not isinstance(found, Allowance):
        found = app.state.wrong_tokens = per_minute(settings_per_minute)
    return found


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client is not None else ""


async def _who(request: Request) -> Who:
    service = service_of(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _by_token(request, service, token.strip())
    if cookie := request.cookies.get(COOKIE):
        holder = await service.writer.read(lambda: Sessions(service.ledger.database).holder(cookie))
        if holder is not None:
            return Who(holder.name, holder.role, "session", holder.csrf)
    if not wants_tokens(service.settings.serve) and not any(name in request.headers for name in _OF_A_PROXY):
        return Who(_local_name(), "editor", "local", _LOCAL_CSRF)
    detail = "log in at /login, or send a token of `keyart serve token add`: Authorization: Bearer …"
    raise Problem(401, "Who is it?", detail, headers=_CHALLENGE)


async def _by_token(request: Request, service: Service, token: str) -> Who:
    holder = await service.writer.read(lambda: Tokens(service.ledger.database).holder(token))
    if holder is None:
        wrong_tokens_of(request.app, service.settings.serve.logins_per_minute).take(address_of(request))
        raise Problem(401, "The token is not valid", "it is wrong or revoked; ask for another", headers=_CHALLENGE)
    return Who(*holder, "token", None)


def _from_browser(request: Request) -> bool:
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


@cache
def _local_name() -> str:
    """The user of this process; `local` where the system knows no name for its number."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
