"""What is asked on the metrics port: `/metrics`, `/healthz` (it answers), `/readyz` (it can work)."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable

from anyio import move_on_after, to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from engines.errors import ModelError

from ..backfill.errors import LedgerUnavailableError
from ..device.models import roles_of, zoo_of
from ..settings.model import Settings
from .service import Service

Check = Callable[[], Awaitable[str | None]]
"""Why something is not ready, None when it is."""
_ANSWER_WITHIN_S = 3.0
_LOOK_EVERY_S = 60.0
"""How often the weights are looked at: their hashes are checked."""


def health_app(registry: CollectorRegistry, checks: dict[str, Check]) -> Starlette:
    """The app of the metrics port."""

    async def metrics(request: Request) -> Response:
        # On a thread: thousands of series take a few milliseconds, which no other request should wait for.
        text = await to_thread.run_sync(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        found = {name: await check() for name, check in checks.items()}
        ready = not any(found.values())
        told = {"ready": ready, **{name: why or "ok" for name, why in found.items()}}
        return JSONResponse(told, 200 if ready else 503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz), Route("/readyz", readyz)])


def checks_of(service: Service, workers: Callable[[], int]) -> dict[str, Check]:
    """Whether the weights are there, the ledger can be reached, a worker is alive, and the service goes on."""

    looked_s, missing = -math.inf, None

    async def weights() -> str | None:
        nonlocal looked_s, missing
        if (now_s := time.monotonic()) - looked_s > _LOOK_EVERY_S:
            looked_s, missing = now_s, await to_thread.run_sync(_missing_weights, service.settings)
        return missing

    async def ledger() -> str | None:
        if (refused := service.trouble.get("ledger")) is not None:
            return refused
        with move_on_after(_ANSWER_WITHIN_S):
            try:
                await service.writer.read(service.ledger.is_paused)
            except LedgerUnavailableError as error:
                return str(error)
            return None
        return f"no answer within {_ANSWER_WITHIN_S:g} s"

    async def worker() -> str | None:
        return None if workers() else "none is ready"

    async def running() -> str | None:
        return "it ends" if service.draining else None

    return {"weights": weights, "ledger": ledger, "worker": worker, "service": running}


def _missing_weights(settings: Settings) -> str | None:
    try:
        zoo = zoo_of(settings)
        missing = [role for role in roles_of(settings) if not zoo.path(role).is_file()]
    except (ModelError, OSError) as error:
        return str(error)
    return f"not there: {', '.join(missing)}" if missing else None
