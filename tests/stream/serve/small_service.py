"""A service with a handful of routes, for tests of what stands before the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger
from stream.serve.access import Who, editor, viewer
from stream.serve.events import Events
from stream.serve.guard import Guard
from stream.serve.login import page_viewer, router
from stream.serve.metrics import ServeMetrics
from stream.serve.problems import answer_with_problems
from stream.serve.roots import Roots
from stream.serve.service import Service
from stream.serve.writer import Writer
from stream.settings.model import Settings
from stream.settings.serving import ServeSettings

NETWORK = {"address": "192.0.2.7"}
"""Settings of a service that others reach."""


class NoPictures:
    """A way to pictures that nobody goes."""

    async def frame(self, video: Path, time_s: float, width: int) -> bytes:
        raise AssertionError

    async def neighbours(self, video: Path, time_s: float) -> tuple[float | None, float | None]:
        raise AssertionError

    async def spread(self, video: Path, start_s: float, end_s: float, count: int) -> list[float]:
        raise AssertionError

    async def crops(self, video: Path, wanted: Any) -> list[bytes]:
        raise AssertionError

    async def thumbnail(self, file: Path, width: int) -> bytes:
        raise AssertionError


def small_app(ledger: Ledger, folder: Path, settings: Settings) -> FastAPI:
    """Routes to look, to change, and a page, each of which says who asks."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shared = (Writer(), Events(), NoPictures(), ServeMetrics(CollectorRegistry()))
        writer, events, pictures, metrics = shared
        app.state.service = Service(
            settings, "f", Roots([folder]), folder, None, ledger, writer, events, pictures, metrics
        )
        yield

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(Guard, settings=settings.serve)
    answer_with_problems(app)
    app.include_router(router)

    @app.get("/things")
    async def look(who: Annotated[Who, Depends(viewer)]) -> dict[str, str | None]:
        return {"name": who.name, "role": who.role, "via": who.via, "csrf": who.csrf}

    @app.post("/things")
    async def change(who: Annotated[Who, Depends(editor)], thing: dict[str, Any]) -> dict[str, Any]:
        return {"name": who.name, "via": who.via, "thing": thing}

    @app.get("/page")
    async def page(who: Annotated[Who, Depends(page_viewer)], response: Response) -> str:
        response.headers["Cache-Control"] = "private, max-age=60"
        return who.name

    return app


@contextmanager
def small_service(
    ledger: Ledger, folder: Path, base_url: str = "", client: str = "198.51.100.1", **serve: Any
) -> Iterator[TestClient]:
    """A client of a guarded service with these settings."""
    settings = Settings(serve=ServeSettings(**serve))
    app = small_app(ledger, folder, settings)
    url = base_url or f"http://{settings.serve.address}:8000"
    with TestClient(app, url, follow_redirects=False, client=(client, 50000)) as found:
        yield found
