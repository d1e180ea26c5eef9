"""A service of three titles with results, for tests of the review; pictures come from a script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger
from stream.backfill.schema import jobs
from stream.backfill.titles import result_below
from stream.serve.access import Who, editor, viewer
from stream.serve.events import Events
from stream.serve.metrics import ServeMetrics
from stream.serve.pictures.source import CropOrder, PictureError, PictureUnavailableError
from stream.serve.problems import answer_with_problems
from stream.serve.review import pictures_api
from stream.serve.review.api import router
from stream.serve.roots import Roots
from stream.serve.service import Service
from stream.serve.writer import Writer
from stream.settings.model import Settings

from ..samples import sample_tree


class ScriptedPictures:
    """A `PictureSource` whose pictures say what was asked for."""

    def __init__(self) -> None:
        self.cut: list[CropOrder] = []
        self.broken = self.unavailable = ""
        self.meanwhile: Callable[[], object] = lambda: None
        """Called while crops are cut."""

    async def frame(self, video: Path, time_s: float, width: int) -> bytes:
        self._check()
        return f"frame {video.name} {time_s} {width}".encode()

    async def neighbours(self, video: Path, time_s: float) -> tuple[float | None, float | None]:
        self._check()
        return (None if time_s < 0.04 else round(time_s - 0.04, 6)), round(time_s + 0.04, 6)

    async def spread(self, video: Path, start_s: float, end_s: float, count: int) -> list[float]:
        self._check()
        return [start_s + (end_s - start_s) * number / count for number in range(count)]

    async def crops(self, video: Path, wanted: Sequence[CropOrder]) -> list[bytes]:
        self._check()
        self.meanwhile()
        self.cut.extend(wanted)
        return [f"crop {one.time_s} {one.source} {one.size}".encode() for one in wanted]

    async def thumbnail(self, file: Path, width: int) -> bytes:
        self._check()
        return b"small " + file.read_bytes()

    def _check(self) -> None:
        if self.broken:
            raise PictureError(self.broken)
        if self.unavailable:
            raise PictureUnavailableError(self.unavailable)


def image_tree(rank: int, time_s: float) -> dict[str, Any]:
    """An image of a manifest, with a landscape and a portrait."""
    image = sample_tree()["images"][0]
    rects = {"landscape": [0.0, 0.0, 1280.0, 720.0], "portrait": [100.0 * rank, 0.0, 480.0, 720.0]}
    sizes = {"landscape": (1920, 1080), "portrait": (1000, 1500)}
    crops = [
        {"format": name, "path": f"{name}/{rank:02d}.jpg", "width": sizes[name][0], "height": sizes[name][1],
         "source_rect": rect, "scale": 1.5}
        for name, rect in rects.items()
    ]  # fmt: skip
    return {**image, "rank": rank, "time_s": time_s, "shot": int(time_s >= 2.0), "crops": crops}


def result_tree(path: str, content: str, images: int = 3) -> dict[str, Any]:
    """A manifest of two shots, of two seconds each, with images at .5 s, 1.5 s, 2.5 s, …"""
    shot = sample_tree()["shots"][0]
    shots = [{**shot, "index": index, "start_s": 2.0 * index, "end_s": 2.0 * index + 2.0} for index in range(2)]
    tree = sample_tree(path, shots=shots, images=[image_tree(rank, rank - 0.5) for rank in range(1, images + 1)])
    tree["video"].update(content_fingerprint=content, duration_s=4.0)
    return tree


@dataclass
class Shelf:
    """A library with results, and the service that shows it. who: asks the next requests; service: once there is a
    client."""

    folder: Path
    ledger: Ledger
    pictures: ScriptedPictures = field(default_factory=ScriptedPictures)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    who: str = "ann"
    publish: bool = True
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        for name in ("library", "out", "publish"):
            (self.folder / name).mkdir(exist_ok=True)

    def add(self, key: str, ended_s: float, **changes: Any) -> int:
        """A title with its video, its result and its row; returns the job's id."""
        video = result_below(self.folder / "library", key)
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_bytes(b"film " + key.encode())
        content = f"content of {key}"
        self.write_result(key, content)
        found = video.stat()
        values = {
            "library": self.ledger.library, "key": key, "bucket": 1, "fingerprint": "f" * 32,
            "root": str(self.folder / "library"), "size_bytes": found.st_size, "mtime_ns": found.st_mtime_ns,
            "content": content, "state": "done", "ended_s": ended_s, "film_s": 4.0, "queued_s": 1.0,
        }  # fmt: skip
        with self.ledger.database.writing() as connection:
            added = connection.execute(jobs.insert().values(**{**values, **changes}))
            return int(added.inserted_primary_key[0])

    def write_result(self, key: str, content: str) -> Path:
        """The result folder of a title, with pictures that say what they are."""
        tree = result_tree(key, content)
        folder = self.result(key)
        for crop in [crop for image in tree["images"] for crop in image["crops"]]:
            (folder / crop["path"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / crop["path"]).write_bytes(f"{key} {crop['path']}".encode())
        (folder / "characters").mkdir(exist_ok=True)
        (folder / "characters/p1.jpg").write_bytes(b"portrait of p1")
        (folder / "contact_sheet.jpg").write_bytes(b"sheet")
        (folder / "manifest.json").write_text(json.dumps(tree))
        return folder

    def result(self, key: str) -> Path:
        """Where the result of a title lies."""
        return result_below(self.folder / "out", key)

    def published(self, key: str) -> Path:
        """Where the approved pictures of a title come to lie."""
        return result_below(self.folder / "publish", key)

    def change(self, job: int, **values: Any) -> None:
        """Change a job's row."""
        with self.ledger.database.writing() as connection:
            connection.execute(jobs.update().where(jobs.c.id == job).values(**values))

    def value(self, name: str, **labels: str) -> float:
        """A sample of the metrics."""
        found = self.registry.get_sample_value(name, labels)
        assert found is not None, name
        return found

    @contextmanager
    def client(self) -> Iterator[TestClient]:
        """A client of the service, which is `who`."""
        with TestClient(self._app(), "http://127.0.0.1:8000") as client:
            yield client

    def _app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            app.state.service = self.service = Service(
                settings=Settings(), fingerprint="f" * 32, roots=Roots([self.folder / "library"]),
                out=self.folder / "out", publish=self.folder / "publish" if self.publish else None,
                ledger=self.ledger, writer=Writer(), events=Events(), pictures=self.pictures,
                metrics=ServeMetrics(self.registry),
            )  # fmt: skip
            yield

        app = FastAPI(lifespan=lifespan)
        answer_with_problems(app)
        app.include_router(router)
        app.include_router(pictures_api.router)
        app.dependency_overrides[viewer] = app.dependency_overrides[editor] = self._whoever
        return app

    def _whoever(self) -> Who:
        return Who(self.who, "editor", "token", None)


def choice(rank: int | None, time_s: float, rect: Sequence[float]) -> dict[str, Any]:
    """A choice as a client sends it."""
    return {"rank": rank, "time_s": time_s, "source_rect": list(rect)}


WHOLE = (0.0, 0.0, 1280.0, 720.0)
"""The landscape crop of every image."""


def portrait_of(rank: int) -> tuple[float, float, float, float]:
    """The portrait crop of an image."""
    return 100.0 * rank, 0.0, 480.0, 720.0
