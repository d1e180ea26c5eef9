"""A whole service from its start to its end: over HTTP, with watched folders, settings read anew, trouble that passes.
Its workers are scripted."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, sleep, to_thread

from stream.backfill.home import library_id, open_ledger
from stream.backfill.ledger import Ledger
from stream.backfill.owner import own_name
from stream.backfill.schema import jobs as job_rows
from stream.errors import SettingsError, UsageError
from stream.serve.roots import Roots
from stream.serve.run import Asked, Running, opened, run
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


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Served]:
    return lambda script=None, **settings: Served(tmp_path, script or Script(), settings_of(**settings))


def test_a_title_that_is_asked_for_is_done(serve: Callable[..., Served]) -> None:
    served = serve()

    async def what() -> None:
        job = await served.post(served.add("a.mkv"))
        found = await served.until_state(job, "done")
        assert (found["frames"], found["priority"]) == (10, 100)

    during(served, what)
    assert served.script.runs == {"a.mkv": 1}


def test_a_file_that_comes_into_a_watched_folder_is_done_once(serve: Callable[..., Served]) -> None:
    served = serve()
    served.add("in/early.mkv")

    async def what() -> None:
        served.add("in/late.mkv.part")
        os.rename(served.library / "in/late.mkv.part", served.library / "in/late.mkv")

        async def both() -> bool:
            return len((await served.ask("GET", "/api/jobs?state=done"))[1]["jobs"]) == 2

        await served.until(both)

    during(served, what)
    assert served.script.runs == {"early.mkv": 1, "late.mkv": 1}


def test_health_is_told_on_the_metrics_port_alone(serve: Callable[..., Served]) -> None:
    served = serve()

    async def what() -> None:
        async def ready() -> bool:
            return (await served.ask("GET", "/readyz", port=1))[0] == 200

        await served.until(ready)
        status, told = await served.ask("GET", "/readyz", port=1)
        assert (status, told["worker"], told["ledger"], told["ready"]) == (200, "ok", "ok", True)
        assert await served.ask("GET", "/healthz", port=1) == (200, "ok\n")
        assert "keyart_queue_films" in (await served.ask("GET", "/metrics", port=1))[1]
        for path in ("/metrics", "/healthz", "/readyz"):
            assert (await served.ask("GET", path))[0] == 404

    during(served, what)


def test_films_in_work_end_and_nothing_new_begins(serve: Callable[..., Served]) -> None:
    served = serve(Script({"long.mkv": "ask"}))
    served.script.hold_answers = Event()

    async def what() -> None:
        first, second = await served.post(served.add("long.mkv")), await served.post(served.add("next.mkv"))
        await served.script.asking.wait()
        served.stop.set()
        await sleep(0.05)
        assert (await served.ask("GET", f"/api/jobs/{first}"))[1]["state"] == "running", "answers go on"
        assert (await served.ask("POST", "/api/jobs", {"path": served.add("more.mkv")}))[0] == 503
        assert (await served.ask("GET", "/readyz", port=1))[1]["service"] == "it ends"
        assert served.script.hold_answers is not None
        served.script.hold_answers.set()
        assert second

    during(served, what, stops=False)
    assert states(served) == {"long.mkv": "done", "next.mkv": "queued"}


def test_a_film_that_takes_longer_goes_back(serve: Callable[..., Served]) -> None:
    served = serve(Script({"long.mkv": "wait"}), drain_s=0.1)

    async def what() -> None:
        await served.post(served.add("long.mkv"))
        await served.script.waiting.wait()

    during(served, what)
    assert states(served) == {"long.mkv": "queued"}


def test_a_cancelled_film_is_dropped(serve: Callable[..., Served]) -> None:
    served = serve(Script({"a.mkv": "wait"}))

    async def what() -> None:
        job = await served.post(served.add("a.mkv"))
        await served.script.waiting.wait()
        assert (await served.ask("DELETE", f"/api/jobs/{job}"))[0] == 200
        await served.script.dropped.wait()

    during(served, what)
    assert states(served) == {"a.mkv": "cancelled"}


def states(served: Served) -> dict[str, str]:
    """Where the jobs stand, once the service has ended."""
    ledger = Ledger(served.ledger.database)
    found = {row["key"]: row["state"] for row in ledger.rows()}
    ledger.database.close()
    return found


def test_settings_are_read_anew_for_what_is_not_begun(serve: Callable[..., Served], models_dir: Path) -> None:
    served = serve(Script({"works.mkv": "ask"}))
    served.script.hold_answers = Event()

    async def what() -> None:
        works, waits = await served.post(served.add("works.mkv")), await served.post(served.add("waits.mkv"))
        await served.script.asking.wait()
        served.next_settings = Settings(device="cpu", top=3, serve={"settle_s": 0.1})  # type: ignore[arg-type]
        served.hang_up()
        await served.until(lambda: said(served, "read anew"))
        assert served.script.hold_answers is not None
        served.script.hold_answers.set()
        await served.until_state(works, "done")
        await served.until_state(waits, "done")

    during(served, what)
    prints = {row["key"]: row["fingerprint"] for row in Ledger(served.ledger.database).rows()}
    assert prints["works.mkv"] == "f" * 32 != prints["waits.mkv"]


def test_wrong_settings_are_refused_aloud_and_the_former_hold(serve: Callable[..., Served]) -> None:
    served = serve()

    async def what() -> None:
        served.next_settings = SettingsError("top: 0 is too small")
        served.hang_up()
        await served.until(lambda: said(served, "not read anew: top: 0 is too small; the former ones hold"))
        await served.until_state(await served.post(served.add("a.mkv")), "done")
        metrics = (await served.ask("GET", "/metrics", port=1))[1]
        assert 'keyart_settings_reloads_total{result="refused"} 1.0' in metrics

    during(served, what)


async def said(served: Served, words: str) -> bool:
    return any(words in line for line in served.said)


def test_a_full_disk_is_a_banner_until_it_passes(serve: Callable[..., Served]) -> None:
    served = serve(Script({"a.mkv": "full done"}))

    async def what() -> None:
        job = await served.post(served.add("a.mkv"))

        async def on_the_banner() -> bool:
            return "no space left" in (await served.ask("GET", "/review"))[1]

        await served.until(on_the_banner)
        assert 'keyart_trouble_active{kind="output"} 1.0' in (await served.ask("GET", "/metrics", port=1))[1]
        await served.until_state(job, "done")

    during(served, what)


def test_a_ledger_that_goes_away_is_no_outage(serve: Callable[..., Served]) -> None:
    served = serve()
    file = served.out / ".keyart/ledger.sqlite"

    async def what() -> None:
        await served.until_state(await served.post(served.add("a.mkv")), "done")
        file.rename(file.with_name("away"))

        async def on_the_banner() -> bool:
            status, page = await served.ask("GET", "/readyz", port=1)
            return status == 503 and "removed" in page["ledger"]

        await served.until(on_the_banner)
        assert (await served.ask("GET", "/api/jobs"))[0] == 503
        assert (await served.ask("GET", "/healthz", port=1))[0] == 200
        file.with_name("away").rename(file)
        await served.until_state(await served.post(served.add("b.mkv")), "done")

    during(served, what)


def test_what_a_killed_service_left_in_work_is_taken_over(serve: Callable[..., Served]) -> None:
    served = serve()
    served.add("a.mkv")
    with served.ledger.database.writing() as connection:
        connection.execute(
            job_rows.insert().values(
                library=served.ledger.library, key="a.mkv", bucket=0, fingerprint="f" * 32, root=str(served.library),
                size_bytes=4, mtime_ns=1, number=1, state="running", lease_until_s=9e9, owner=own_dead_name(),
            )
        )  # fmt: skip

    async def what() -> None:
        await served.until_state(1, "done")

    during(served, what)


def own_dead_name() -> str:
    """An owner on this machine that is not there any more."""
    host = own_name().split("/")[0]
    return f"{host}/4194999/1"


def test_what_is_refused_before_anything_begins(tmp_path: Path, models_dir: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "other").mkdir()
    roots = Roots([tmp_path / "library"])

    def refused(asked: Asked, **settings: Any) -> str:
        with pytest.raises(UsageError) as error, opened(asked, settings_of(**settings), settings_of, print):
            pass
        return str(error.value)

    taken = socket.create_server(("127.0.0.1", 0))
    with taken:
        port = taken.getsockname()[1]
        out = tmp_path / "out"
        assert "already in use" in refused(Asked(roots, out, None, None, (), port, 0))
        assert "--metrics-port" in refused(Asked(roots, out, None, None, (), 0, port))
    assert "below no --root" in refused(Asked(roots, out, None, None, (tmp_path / "other",), 0, 0))
    (tmp_path / "file").touch()
    assert "--publish" in refused(Asked(roots, out, tmp_path / "file", None, (), 0, 0))
    with pytest.raises(UsageError, match="is no folder"):
        Roots([tmp_path / "none"])
