"""A scripted peer of the review's API, in memory: titles that were never decoded, pictures that are drawn."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from PIL import Image, ImageDraw

from stream.serve.access import Who
from stream.serve.guard import SECURITY_HEADERS
from stream.serve.login import page_viewer
from stream.serve.pages.routes import router
from stream.serve.pages.source import page_source
from stream.serve.problems import Problem, answer_with_problems

ABody = Annotated[dict[str, Any], Body()]
FORMATS = [
    {"name": "landscape", "aspect": [16, 9], "size": [1920, 1080], "max_enlargement": 1.5},
    {"name": "portrait", "aspect": [2, 3], "size": [1000, 1500], "max_enlargement": 1.5},
]
DISPLAY = (1280, 720)
BARS = {"top": 60, "bottom": 60, "left": 0, "right": 0}
ACTIVE = (0.0, 60.0, 1280.0, 600.0)
SHOT_S = 4.0
FRAME_S = 0.04
CSRF = "of-the-peer"
WHY = ["close-up of main character c01 (no. 1 by screen time)", "sharp", "eyes open"]


def crop_of(form: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """The crop that was offered: the highest there is, further right with the rank."""
    width = round(600 * form["aspect"][0] / form["aspect"][1], 2)
    x = round(min(1280 - width, 40.0 * rank), 2)
    return {
        "format": form["name"], "path": f"{form['name']}/{rank:02}.jpg", "width": round(width), "height": 600,
        "source_rect": [x, 60.0, width, 600.0], "scale": 1.0,
    }  # fmt: skip


def manifest_of(images: int = 10, shots: int = 12) -> dict[str, Any]:
    """What the review page reads of a manifest."""
    return {
        "video": {"display_width": DISPLAY[0], "display_height": DISPLAY[1], "content_fingerprint": "now"},
        "active_area": BARS,
        "shots": [{"index": i, "start_s": i * SHOT_S, "end_s": (i + 1) * SHOT_S} for i in range(shots)],
        "characters": [
            {"id": "c01", "main": True, "screen_time_s": 62.0, "image": "characters/c01.jpg", "appearances": [1]},
            {"id": "c02", "main": False, "screen_time_s": 9.0, "image": None, "appearances": [2]},
        ],
        "images": [
            {
                "rank": rank, "time_s": (rank % shots) * SHOT_S + 1.0, "shot": rank % shots, "score": 1 - rank / 20,
                "why": WHY, "characters": ["c01"], "crops": [crop_of(form, rank) for form in FORMATS],
            }
            for rank in range(1, images + 1)
        ],
        "warnings": [{"code": "few_images", "message": "8 of 10 images, no other frame passed"}],
    }  # fmt: skip


@dataclass
class Title:
    """A title of the peer with its review."""

    id: int
    key: str
    manifest: dict[str, Any] | None = field(default_factory=manifest_of)
    problem: str | None = None
    video: str | None = None
    state: str = "waiting"
    version: int = 0
    draft: dict[str, Any] | None = None
    opened_by: str | None = None
    changed_by: str | None = None
    record: dict[str, Any] | None = None

    def review(self) -> dict[str, Any]:
        """As the API answers."""
        return {
            "state": self.state, "version": self.version, "draft": self.draft, "opened_by": self.opened_by,
            "opened_s": 1_700_000_000.0 if self.opened_by else None, "changed_by": self.changed_by,
            "record": self.record,
        }  # fmt: skip

    def line(self) -> dict[str, Any]:
        """As one of a list."""
        images = self.manifest["images"] if self.manifest else []
        thumbnail = f"/api/videos/{self.id}/images/landscape/01.jpg?width=320" if images else None
        decided = self.record or {}
        return {
            "id": self.id, "key": self.key, "name": self.key.rsplit("/", 1)[-1], "state": "done", "review": self.state,
            "version": self.version, "images": len(images), "opened_by": self.opened_by, "opened_s": None,
            "decided_by": decided.get("who"), "decided_s": 1_700_000_000.0 if decided else None, "film_s": 1325.0,
            "thumbnail": thumbnail, "problem": self.problem,
        }  # fmt: skip


@cache
def drawn(text: str, width: int, height: int) -> bytes:
    """A JPEG with a text on a gradient."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(picture).text((width // 2, height // 2), text, fill="white", anchor="mm")
    held = io.BytesIO()
    picture.save(held, "JPEG")
    return held.getvalue()


@dataclass
class Peer:
    """The state. frame, image: draw pictures; refused: the answers of the next changes; away: of lists; calls:
    changes made."""

    titles: list[Title]
    role: Literal["viewer", "editor"] = "editor"
    trouble_now: dict[str, str] = field(default_factory=dict)
    refused: list[Problem] = field(default_factory=list)
    away: Problem | None = None
    calls: list[tuple[str, Any]] = field(default_factory=list)
    listeners: list[asyncio.Queue[tuple[str, dict[str, Any]]]] = field(default_factory=list)
    listening: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop | None = None
    frame: Callable[[Title, float, int], bytes] = lambda title, at, width: drawn(f"{at:.3f} s", width, width * 9 // 16)
    image: Callable[[Title, str, int], bytes] = lambda title, path, width: drawn(path, *_size_of(path))

    def title(self, job: int) -> Title:
        """Raises Problem 404."""
        found = next((one for one in self.titles if one.id == job), None)
        if found is None:
            raise Problem(404, "No such title", f"there is no title {job}")
        return found

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Publish an event, from any thread."""
        assert self.loop is not None
        for one in list(self.listeners):
            self.loop.call_soon_threadsafe(one.put_nowait, (kind, data))

    def wait_for_listener(self) -> None:
        """Returns when a browser listens to events."""
        assert self.listening.wait(10)

    async def videos(self, review: str, q: str, page: int, per_page: int) -> Mapping[str, Any]:
        if self.away is not None:
            raise self.away
        found = [one for one in self.titles if review in ("all", one.state) and q.lower() in one.key.lower()]
        shown = found[(page - 1) * per_page : page * per_page]
        pages = max(1, -(-len(found) // per_page))
        return {"videos": [one.line() for one in shown], "total": len(found), "page": page, "pages": pages}

    async def counts(self, q: str) -> Mapping[str, int]:
        states = [one.state for one in self.titles if q.lower() in one.key.lower()]
        return {"all": len(states)} | {name: states.count(name) for name in ("waiting", "approved", "rejected")}

    async def failed(self) -> int:
        return 0

    async def video(self, job: int, who: str) -> Mapping[str, Any]:
        title = self.title(job)
        waiting = [one.id for one in self.titles if one.state == "waiting" or one.id == job]
        place = waiting.index(job)
        return {
            "id": job, "key": title.key, "state": "done", "problem": title.problem, "manifest": title.manifest,
            "formats": FORMATS, "review": title.review(), "next": next(iter(waiting[place + 1 :]), None),
            "previous": waiting[place - 1] if place else None, "video": title.video,
        }  # fmt: skip

    def trouble(self) -> Mapping[str, str]:
        return self.trouble_now

    def change(self, request: Request, what: str, title: Title, body: Mapping[str, Any]) -> None:
        """What every change goes through. Raises Problem 403 without the CSRF token, 409 for an old version."""
        if request.headers.get("X-CSRF-Token") != CSRF:
            raise Problem(403, "The CSRF token is missing or old")
        self.calls.append((what, dict(body)))
        if self.refused:
            raise self.refused.pop(0)
        if body["version"] != title.version:
            more: dict[str, Any] = {"changed_by": title.changed_by, "version": title.version}
            raise Problem(409, "Somebody else changed this title", changed_s=1_700_000_000.0, **more)
        title.version += 1
        title.changed_by = "editor"


def _size_of(path: str) -> tuple[int, int]:
    return {"landscape": (1067, 600), "portrait": (400, 600)}.get(path.split("/")[0], (160, 160))


def peer_app(peer: Peer) -> FastAPI:
    """The pages in front of a peer."""
    app = FastAPI()
    app.state.peer = peer
    app.include_router(router)
    app.dependency_overrides[page_viewer] = lambda: Who("editor", peer.role, "session", CSRF)
    app.dependency_overrides[page_source] = lambda: peer
    answer_with_problems(app)
    _add_reads(app, peer)
    _add_changes(app, peer)
    _add_pictures(app, peer)

    @app.middleware("http")
    async def secured(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        answer.headers.update(SECURITY_HEADERS)
        return answer

    return app


def _add_reads(app: FastAPI, peer: Peer) -> None:
    @app.get("/api/videos/{job}")
    async def one(job: int) -> Any:
        return await peer.video(job, "editor")

    @app.get("/api/events")
    async def events() -> Response:
        peer.loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        peer.listeners.append(queue)
        peer.listening.set()

        async def told() -> AsyncIterator[str]:
            yield ": hello\n\n"
            while True:
                kind, data = await queue.get()
                yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"

        return StreamingResponse(told(), media_type="text/event-stream")


def _add_changes(app: FastAPI, peer: Peer) -> None:
    @app.post("/api/jobs", status_code=202)
    async def again(request: Request, body: ABody) -> dict[str, Any]:
        if request.headers.get("X-CSRF-Token") != CSRF:
            raise Problem(403, "The CSRF token is missing or old")
        peer.calls.append(("again", body))
        return {"id": next(one.id for one in peer.titles if one.video == body["path"]), "state": "queued"}

    @app.post("/api/videos/{job}/open")
    async def opened(job: int) -> Any:
        return peer.title(job).review()

    @app.put("/api/videos/{job}/draft")
    async def draft(request: Request, job: int, body: ABody) -> Any:
        title = peer.title(job)
        peer.change(request, "draft", title, body)
        title.draft = body["draft"]
        return title.review()

    @app.post("/api/videos/{job}/{what}")
    async def decided(request: Request, job: int, what: str, body: ABody) -> Any:
        title = peer.title(job)
        peer.change(request, what, title, body)
        title.state = {"approve": "approved", "reject": "rejected", "reopen": "waiting"}[what]
        images = [{"format": name, **choice} for name, choice in body.get("choices", {}).items()]
        record = {
            "who": "editor", "decided": "2026-01-02T03:04:05+00:00", "images": images, "state": title.state,
            "content_fingerprint": "now", "rejected": body.get("rejected", []),
        }  # fmt: skip
        title.record = None if what == "reopen" else record
        return title.review()


def _add_pictures(app: FastAPI, peer: Peer) -> None:
    @app.get("/api/videos/{job}/images/{path:path}")
    def image(job: int, path: str, width: int = 0) -> Response:
        return Response(peer.image(peer.title(job), path, width), media_type="image/jpeg")

    @app.get("/api/videos/{job}/frames/{time_s}.jpg")
    def frame(job: int, time_s: float, width: int = 1280) -> Response:
        if peer.title(job).problem:
            raise Problem(404, "The video is gone", str(peer.title(job).problem))
        return Response(peer.frame(peer.title(job), time_s, width), media_type="image/jpeg")

    @app.get("/api/videos/{job}/frames")
    def beside(job: int, time_s: float) -> dict[str, float]:
        return {"previous": round(time_s - FRAME_S, 6), "next": round(time_s + FRAME_S, 6)}

    @app.get("/api/videos/{job}/shots/{index}/frames")
    def spread(job: int, index: int, count: int = 12) -> dict[str, list[float]]:
        manifest = peer.title(job).manifest
        assert manifest is not None
        shot = manifest["shots"][index]
        step = (shot["end_s"] - shot["start_s"]) / count
        return {"times": [round(shot["start_s"] + step * i, 3) for i in range(count)]}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of an app that answers on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))  # takes connections before the server is up
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
