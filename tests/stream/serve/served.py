"""A whole service within a test, over HTTP; its workers are scripted."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import Event, create_task_group, fail_after, sleep, to_thread

from stream.backfill.home import library_id, open_ledger
from stream.serve.roots import Roots
from stream.serve.run import Asked, Running, run
from stream.settings.model import Settings

from ..backfill.scripted import Script

LONGEST_S = 18.0


class Served:
    """A service within a test: its folders, its ports, what it said."""

    def __init__(self, folder: Path, script: Script, settings: Settings) -> None:
        self.library, self.out = folder / "library", folder / "out"
        (self.library / "in").mkdir(parents=True)
        library_id(self.out)
        self.script, self.said = script, list[str]()
        self.next_settings: Settings | Exception = settings
        self._hangups = anyio.Event()
        asked = Asked(Roots([self.library]), self.out, folder / "published", None, (self.library / "in",), 0, 0)
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        for one in sockets:
            one.setblocking(False)
        self.ledger = open_ledger(self.out, None)
        self.running = Running(
            asked, settings, "f" * 32, self.ledger, sockets, self._read_settings, self.said.append,
            lambda settings, logs, nice: {"cpu-1": script.start},
        )  # fmt: skip
        self.stop = Event()

    async def run(self) -> None:
        await run(self.running, self.stop, self._asked_anew)
        self.ledger.database.close()
        for one in self.running.sockets:
            one.close()

    def add(self, name: str) -> str:
        (self.library / name).write_bytes(b"film")
        return name

    async def ask(self, method: str, path: str, body: Any = None, port: int = 0) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        return await to_thread.run_sync(partial(_ask, self.running.ports[port], method, path, body))

    async def post(self, name: str) -> int:
        status, answer = await self.ask("POST", "/api/jobs", {"path": name})
        assert status == 202, answer
        return int(answer["id"])

    async def until(self, ready: Callable[[], Awaitable[bool]]) -> None:
        while not await ready():
            await sleep(0.02)

    async def until_state(self, job: int, state: str) -> dict[str, Any]:
        async def reached() -> bool:
            return bool((await self.ask("GET", f"/api/jobs/{job}"))[1]["state"] == state)

        await self.until(reached)
        return dict((await self.ask("GET", f"/api/jobs/{job}"))[1])

    def hang_up(self) -> None:
        """As SIGHUP does."""
        self._hangups.set()

    async def _asked_anew(self) -> AsyncIterator[None]:
        while True:
            await self._hangups.wait()
            self._hangups = anyio.Event()
            yield

    def _read_settings(self) -> Settings:
        if isinstance(self.next_settings, Exception):
            raise self.next_settings
        return self.next_settings


def _ask(port: int, method: str, path: str, body: Any) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, _read(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _read(error.read())


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()


def during(served: Served, what: Callable[[], Awaitable[None]], stops: bool = True) -> None:
    """Do something while the service runs; then it ends."""

    async def all_of_it() -> None:
        with fail_after(LONGEST_S):
            async with create_task_group() as tasks:
                tasks.start_soon(served.run)
                await what()
                if stops:
                    served.stop.set()

    anyio.run(all_of_it)


def settings_of(**serve: Any) -> Settings:
    return Settings(device="cpu", serve={"settle_s": 0.1, "drain_s": 5.0} | serve)  # type: ignore[arg-type]
