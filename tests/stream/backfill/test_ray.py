"""What needs no Ray that runs: how it is reached, what a node has room for, what a supervisor hears of a worker there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from anyio import move_on_after

from stream.backfill.home import library_id
from stream.backfill.links import WorkerEndedError, WorkerLostError
from stream.backfill.messages import DropFilm, Message, path_out
from stream.backfill.ray.access import access_to
from stream.backfill.ray.link import RayWorker
from stream.backfill.ray.messages import AbortWorker, FromWorker, StopWorker, ToWorker, WorkerEnded, WorkerLost
from stream.backfill.ray.nodes import Room, room_on, why
from stream.backfill.ray.places import cores_per_worker, for_nodes
from stream.backfill.ray.relay import Relay
from stream.errors import UsageError
from stream.settings.model import Settings

from .scripted import done


@pytest.mark.parametrize(
    ("address", "environment", "said"),
    [
        ("ray://host:10001", {"RAY_AUTH_TOKEN": "t"}, "is no address"),
        ("host", {"RAY_AUTH_TOKEN": "t"}, "is no address"),
        ("auto", {"RAY_AUTH_TOKEN": "t", "RAY_AUTH_MODE": "disabled"}, "RAY_AUTH_MODE=disabled"),
        ("local", {"RAY_AUTH_MODE": ""}, "RAY_AUTH_MODE="),
        ("host:6379", {}, "there is no token"),
        ("host:6379", {"RAY_AUTH_TOKEN_PATH": "/nowhere/token"}, "there is no token"),
    ],
)
def test_ray_is_not_used_without_authentication(
    address: str, environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        access_to(address, {"HOME": str(tmp_path)} | environment)


def test_a_token_is_found_where_ray_finds_it(tmp_path: Path) -> None:
    file = tmp_path / ".ray" / "auth_token"
    file.parent.mkdir()
    file.write_text("t\n")
    for environment in ({"RAY_AUTH_TOKEN": "t"}, {"RAY_AUTH_TOKEN_PATH": str(file)}, {"HOME": str(tmp_path)}):
        found = access_to("[::1]:6379", {"HOME": "/nowhere"} | environment)
        assert found.environment == {"RAY_AUTH_MODE": "token"}


def test_a_ray_of_its_own_has_a_token_of_its_own(tmp_path: Path) -> None:
    first, second = (access_to("local", {"HOME": str(tmp_path), "RAY_AUTH_TOKEN": "t"}).environment for _ in range(2))
    assert first["RAY_AUTH_MODE"] == "token"
    assert len(first["RAY_AUTH_TOKEN"]) == 64
    assert first["RAY_AUTH_TOKEN"] != second["RAY_AUTH_TOKEN"]


@pytest.mark.parametrize(
    ("resources", "device", "room"),
    [
        ({"CPU": 16.0}, "auto", Room("cpu", 4, cpus=4)),
        ({"CPU": 3.0}, "auto", Room("cpu", 1, cpus=3)),
        ({"CPU": 7.0}, "cpu", Room("cpu", 1, cpus=4)),
        ({}, "auto", Room("cpu", 0)),
        ({"CPU": 16.0}, "cuda", Room("cpu", 0)),
        ({"CPU": 16.0, "GPU": 2.0}, "auto", Room("gpu", 6, gpus=0.3333)),
        ({"GPU": 1.0}, "cuda", Room("gpu", 3, gpus=0.3333)),
        ({"CPU": 16.0, "GPU": 2.0}, "cpu", Room("cpu", 4, cpus=4)),
    ],
)
def test_what_a_node_has_room_for(resources: dict[str, float], device: str, room: Room) -> None:
    assert room_on(resources, device, workers_per_gpu=3, cores_per_worker=4) == room


def test_a_worker_has_as_many_threads_as_cores_of_its_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = Settings(models=Path("weights"), backfill={"cores_per_worker": 6})  # type: ignore[arg-type]
    sent = for_nodes(given)
    assert (sent.threads, sent.models) == (6, tmp_path / "weights")
    assert sent.settings_fingerprint == given.settings_fingerprint
    assert cores_per_worker(Settings(threads=3)) == 3
    assert for_nodes(Settings()).threads == cores_per_worker(Settings()) == 4


def test_what_ray_says_becomes_one_line() -> None:
    told = "The actor died because of an error\n  File x\nModuleNotFoundError: No module named 'stream'\n"
    assert why(ValueError(told)) == "ModuleNotFoundError: No module named 'stream'"
    assert why(ValueError("The actor died.\n\tclass_name: Relay")) == "The actor died."
    assert why(ValueError()) == "ValueError"


Sent = list[Message]


def heard_with(check: Callable[[RayWorker, Sent], Awaitable[None]]) -> None:
    """Run a check of a worker whose messages are kept."""
    sent: Sent = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        worker = RayWorker(7, send)
        await check(worker, sent)
        worker.take(WorkerLost(worker=7, why="was lost"))
        await worker.stop(0.0)
        worker.take(FromWorker(worker=7, text="late", memory_mib=0.0))

    anyio.run(run)


def test_a_cancelled_question_loses_no_answer() -> None:
    async def check(worker: RayWorker, sent: Sent) -> None:
        with move_on_after(0):
            await worker.receive()
        worker.take(FromWorker(worker=7, text=done(3).line().decode(), memory_mib=5.0))
        worker.take(WorkerEnded(worker=7, exit_code=-9, log="end"))
        assert await worker.receive() == done(3)
        assert worker.memory_mib() == 5.0
        with pytest.raises(WorkerEndedError) as ended:
            await worker.receive()
        assert (ended.value.exit_code, ended.value.log) == (-9, "end")
        await worker.stop(0.0)
        assert sent == [], "what has ended is not stopped"

    heard_with(check)


def test_a_lost_worker_says_so() -> None:
    async def check(worker: RayWorker, sent: Sent) -> None:
        await worker.send(DropFilm(job=3))
        assert sent == [ToWorker(worker=7, text=DropFilm(job=3).line().decode().strip())]
        worker.take(WorkerLost(worker=7, why="was lost with its node"))
        with pytest.raises(WorkerLostError):
            await worker.receive()
        assert (await worker.abort()).how() == "was lost with its node"

    heard_with(check)


def test_a_worker_is_waited_for_until_it_has_ended() -> None:
    async def check(worker: RayWorker, sent: Sent) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.stop, 5.0)
            await anyio.wait_all_tasks_blocked()
            assert sent == [StopWorker(worker=7, within_s=5.0)]
            worker.take(WorkerEnded(worker=7, exit_code=0, log=""))

    heard_with(check)


def test_a_worker_that_cannot_be_reached_is_lost_and_not_at_fault() -> None:
    async def check(worker: RayWorker, sent: Sent) -> None:
        worker.abort_within_s = 0.01
        assert isinstance(await worker.abort(), WorkerLostError)
        assert sent == [AbortWorker(worker=7)]

    heard_with(check)


def test_a_node_with_other_folders_is_given_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, root = tmp_path / "out", tmp_path / "library"
    library = library_id(out)

    def problem(library: str, out: Path, root: Path) -> str | None:
        return anyio.run(Relay().problem, library, path_out(out), path_out(root))

    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert "mount the library" in str(problem(library, out, root))
    root.mkdir()
    assert problem(library, out, root) is None
    assert "mount the disk of --out" in str(problem("another", out, root))
    assert "mount the disk of --out" in str(problem(library, tmp_path, root))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert "lets in whoever asks" in str(problem(library, out, root))
