"""`keyart backfill --ray` on real clusters of this machine: whatever becomes of workers, actors, nodes and Ray."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from benchmarks.ray_cluster import RayCluster
from stream.backfill.home import existing_ledger
from stream.version import own_version

from ..conftest import MakeFilm
from .ray_run import RayRun
from .shelf import row
from .test_library_run import results

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]

FILMS = {"0.mp4", "1.mp4", "2.mp4", "3.mp4"}


@pytest.fixture
def library(tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> Path:
    """Four films, each long enough to be met while it is worked on."""
    folder = tmp_path / "library"
    folder.mkdir()
    for number in range(4):
        shutil.move(make_film(f"{number}.mp4", moving(200, seed=number, size=(192, 108))), folder)
    return folder


@pytest.fixture
def cluster() -> Iterator[RayCluster]:
    found = RayCluster()
    yield found
    found.stop()


@pytest.fixture
def started(library: Path, tmp_path: Path) -> Iterator[Callable[..., RayRun]]:
    """Starts a run; what is left of it at the end of the test is killed."""
    runs = []

    def start(address: str, *more: object, **kwargs: Any) -> RayRun:
        runs.append(RayRun(library, tmp_path / "out", address, *more, **kwargs))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()


def rows(out: Path) -> dict[str, dict[str, Any]]:
    """What the ledger holds of each film."""
    ledger = existing_ledger(out, None)
    try:
        return {name: row(ledger, name) for name in FILMS}
    finally:
        ledger.database.close()


def test_a_ray_of_its_own_with_two_workers(started: Callable[..., RayRun], tmp_path: Path) -> None:
    run = started("local", environment={"LOKY_MAX_CPU_COUNT": "2"})
    code, summary, errors = run.ended()
    assert (code, errors) == (0, "")
    assert set(results(tmp_path / "out")) == FILMS
    assert len(summary["places"]) == 2
    assert summary["films"]["done"] == 4


def test_a_worker_that_is_killed_is_as_one_without_ray(
    started: Callable[..., RayRun], cluster: RayCluster, tmp_path: Path
) -> None:
    cluster.head(1)
    run = started(cluster.address)
    run.held().kill()
    code, summary, errors = run.ended()
    assert code == 0, errors
    assert "was killed (signal 9" in errors
    assert set(results(tmp_path / "out")) == FILMS
    (place,) = summary["places"].values()
    assert place["workers_ended"] == 1
    assert {(one["attempts"], one["lost"]) for one in rows(tmp_path / "out").values()} == {(0, 0)}


def test_an_actor_that_is_killed_costs_its_film_no_attempt(
    started: Callable[..., RayRun], cluster: RayCluster, tmp_path: Path
) -> None:
    cluster.head(1)
    run = started(cluster.address)
    worker = run.held()
    actor = worker.parent()
    assert actor is not None
    actor.kill()
    lost = run.until("film given back")
    assert "was lost with its node" in lost["reason"]
    assert rows(tmp_path / "out")[lost["key"]]["lost"] == 1
    worker.resume()
    assert psutil.wait_procs([worker], timeout=30)[1] == [], "without its actor a worker ends"
    code, _, errors = run.ended()
    assert code == 0, errors
    assert set(results(tmp_path / "out")) == FILMS
    assert {one["attempts"] for one in rows(tmp_path / "out").values()} == {0}


def test_nodes_come_and_go(started: Callable[..., RayRun], cluster: RayCluster, tmp_path: Path) -> None:
    cluster.head(0)
    run = started(cluster.address)
    assert "no node of Ray's has room" in run.until("trouble")["reason"]
    assert {one["owner"] for one in rows(tmp_path / "out").values()} == {None}, "nothing is claimed meanwhile"
    first = cluster.node(1)
    run.held()
    cluster.node(1)
    run.until("film begun")
    cluster.remove(first)
    assert "was lost with its node" in run.until("film given back")["reason"]
    code, summary, errors = run.ended()
    assert code == 0, errors
    assert set(results(tmp_path / "out")) == FILMS
    assert len(summary["places"]) == 2
    assert {one["attempts"] for one in rows(tmp_path / "out").values()} == {0}


def test_a_ray_that_is_gone_ends_the_run_and_not_its_process(
    started: Callable[..., RayRun], cluster: RayCluster, tmp_path: Path
) -> None:
    head = cluster.head(1)
    run = started(cluster.address, "--set", "backfill.patience_s=12")
    run.held()
    cluster.remove(head)
    code, summary, errors = run.ended()
    assert code == 3, errors
    assert "stopped after 12 s of trouble: --ray" in errors.splitlines()[-1]
    assert summary["left"] == 4
    assert {one["state"] for one in rows(tmp_path / "out").values()} == {"queued"}


def test_a_signal_hands_leases_back(started: Callable[..., RayRun], cluster: RayCluster, tmp_path: Path) -> None:
    cluster.head(1)
    run = started(cluster.address, "--grace", "0")
    worker = run.held()
    run.send(signal.SIGTERM)
    code, _, errors = run.ended()
    assert code == 143, errors
    assert psutil.wait_procs([worker], timeout=30)[1] == []
    assert {one["state"] for one in rows(tmp_path / "out").values()} == {"queued"}
    assert {one["lost"] for one in rows(tmp_path / "out").values()} == {0}


@pytest.mark.parametrize(
    ("token", "said"), [(None, "lets in whoever asks"), ("another" * 5, "refuses the token")], ids=["open", "wrong"]
)
def test_without_the_right_token_nothing_is_run(started: Callable[..., RayRun], token: str | None, said: str) -> None:
    cluster = RayCluster(token)
    try:
        cluster.head(1)
        run = started(cluster.address)
        code, summary, errors = run.ended()
    finally:
        cluster.stop()
    assert code == 3, errors
    assert said in errors.splitlines()[-1]
    assert summary["left"] == 4


def test_a_node_with_another_keyart_is_given_no_work(started: Callable[..., RayRun], tmp_path: Path) -> None:
    other = tmp_path / "keyart-9.9.dist-info" / "METADATA"
    other.parent.mkdir()
    other.write_text("Metadata-Version: 2.1\nName: keyart\nVersion: 9.9\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    cluster = RayCluster(more={"PYTHONPATH": path})
    try:
        cluster.head(1)
        code, summary, errors = started(cluster.address, "--set", "backfill.patience_s=0").ended()
    finally:
        cluster.stop()
    assert code == 3, errors
    assert f"has Keyart 9.9 and not {own_version()}" in errors.splitlines()[-1]
    assert summary["left"] == 4


def test_a_signal_while_nobody_answers(started: Callable[..., RayRun]) -> None:
    with socket.create_server(("", 0)) as silent:
        run = started(f"127.0.0.1:{silent.getsockname()[1]}")
        looked, asked = silent.accept()[0], silent.accept()[0]
        run.send(signal.SIGTERM)
        code, _, errors = run.ended()
        looked.close()
        asked.close()
    assert code == 143, errors


def test_an_address_where_nothing_is(started: Callable[..., RayRun]) -> None:
    code, _, errors = started("127.0.0.1:9").ended()
    assert code == 3
    assert "--ray 127.0.0.1:9: cannot be reached" in errors.splitlines()[-1]
