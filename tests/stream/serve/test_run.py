"""A whole service from its start to its end: over HTTP, with watched folders, settings read anew, trouble that passes.
Its workers are scripted."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import Event, sleep, to_thread

from stream.backfill.ledger import Ledger
from stream.backfill.owner import own_name
from stream.backfill.schema import jobs as job_rows
from stream.errors import SettingsError, UsageError
from stream.serve.roots import Roots
from stream.serve.run import Asked, needs_a_start, opened
from stream.settings.model import Settings

from ..backfill.scripted import Script
from .served import Served, during, settings_of

pytestmark = pytest.mark.slow


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


def test_a_write_that_the_ledger_refuses_is_trouble_while_nothing_is_in_work(serve: Callable[..., Served]) -> None:
    served = serve()

    async def what() -> None:
        await served.until_state(await served.post(served.add("a.mkv")), "done")
        with served.ledger.database.writing() as connection:  # what a full disk does, too: nothing more is taken
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON keyart_jobs BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
            )
        assert (await served.ask("POST", "/api/jobs", {"path": served.add("b.mkv")}))[0] == 503
        status, told = await served.ask("GET", "/readyz", port=1)
        assert (status, "disk is full" in told["ledger"]) == (503, True)
        assert 'keyart_trouble_active{kind="ledger"} 1.0' in (await served.ask("GET", "/metrics", port=1))[1]

    during(served, what)


def test_a_library_that_goes_away_is_told_while_no_film_is_due(serve: Callable[..., Served]) -> None:
    served = serve()
    served.library.rename(served.library.with_name("away"))

    async def what() -> None:
        async def told() -> bool:
            return 'keyart_trouble_active{kind="library"} 1.0' in (await served.ask("GET", "/metrics", port=1))[1]

        await served.until(told)
        assert "trouble" in (await served.ask("GET", "/review"))[1]

    during(served, what)


@pytest.mark.parametrize(
    "request_text",
    [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"],
)
def test_what_is_no_http_is_refused_with_a_problem(serve: Callable[..., Served], request_text: bytes) -> None:
    served = serve()

    def said() -> bytes:
        with socket.create_connection(("127.0.0.1", served.running.ports[0]), timeout=10) as connection:
            connection.sendall(request_text)
            return b"".join(iter(lambda: connection.recv(4096), b""))

    async def what() -> None:
        answer = await to_thread.run_sync(said)
        assert answer.split(b"\r\n")[0].split()[1] in (b"400", b"421")
        assert b"content-type: application/problem+json" in answer.lower()

    during(served, what)


def test_settings_that_only_a_start_reads_are_named() -> None:
    before, now = settings_of(), settings_of(rate_per_s=7.0, drain_s=9.0)
    assert needs_a_start(before, now) == ["serve.rate_per_s"]


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
    assert served.script.runs == {"a.mkv": 1}


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
