"""The whole application on a ledger, for tests over HTTP; nothing works on its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger
from stream.serve.app import build_app
from stream.serve.events import Events
from stream.serve.metrics import ServeMetrics
from stream.serve.roots import Roots
from stream.serve.service import Service
from stream.serve.writer import Writer
from stream.settings.model import Settings

from .reviewing import ScriptedPictures


def service_on(ledger: Ledger, folder: Path, **serve: Any) -> Service:
    """A service of the library `folder`/library, with settings of the section `serve`."""
    (folder / "library").mkdir(exist_ok=True)
    settings = Settings(device="cpu", serve=serve)  # type: ignore[arg-type]
    metrics = ServeMetrics(CollectorRegistry())
    return Service(
        settings, "f" * 32, Roots([folder / "library"]), folder / "out", folder / "published", ledger, Writer(),
        Events(), ScriptedPictures(), metrics,
    )  # fmt: skip


@contextmanager
def asking(service: Service) -> Iterator[TestClient]:
    """A client on this machine."""
    client = TestClient(build_app(service), base_url="http://127.0.0.1", raise_server_exceptions=False)
    with client:
        yield client
