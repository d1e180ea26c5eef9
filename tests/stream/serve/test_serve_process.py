"""`keyart serve` as a process of its own: begun, read anew, ended, killed, two at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from benchmarks.serving import Service, serving

from ..conftest import MakeFilm

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


@pytest.fixture
def library(tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> Path:
    """Films of a second under ten names."""
    film = make_film("made.mp4", moving(25, size=(192, 108)))
    (tmp_path / "library").mkdir()
    for number in range(10):
        shutil.copy(film, tmp_path / "library" / f"{number}.mp4")
    return tmp_path / "library"


@contextmanager
def running(library: Path, *options: str, log: str = "serve.log") -> Iterator[Service]:
    file = library.parent / log
    with serving(library, library.parent / "out", ["--set", "backfill.lease_s=4", *options], file) as service:
        yield service


def done(service: Service, jobs: list[int]) -> bool:
    return all(service.ask("GET", f"/api/jobs/{job}").json()["state"] == "done" for job in jobs)


def logged(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_it_works_reads_settings_anew_and_ends_as_asked(library: Path) -> None:
    config, log = library.parent / "keyart.toml", library.parent / "serve.log"
    config.write_text("top = 4\n")
    with running(library, "--config", str(config)) as service:
        first = service.post("0.mp4").json()["id"]
        service.wait(lambda: done(service, [first]), 120)
        config.write_text("top = -4\n")
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: any(line["event"] == "settings refused" for line in logged(log)), 30)
        config.write_text("top = 3\n")
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: any(line["event"] == "settings read anew" for line in logged(log)), 30)
        second = service.post("1.mp4").json()["id"]
        service.wait(lambda: done(service, [second]), 120)
        worker = next(one for one in service.processes() if "stream.backfill.worker" in " ".join(one.cmdline()))
        assert worker.nice() == psutil.Process(service.process.pid).nice() + 10
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
    tops = [json.loads((library.parent / f"out/{name}.mp4/manifest.json").read_text())["tool"]["settings"]["top"]
            for name in "01"]  # fmt: skip
    assert tops == [4, 3]
    assert {line["job"] for line in logged(log) if line["event"] == "film finished"} == {first, second}


def test_killed_in_the_midst_it_goes_on_where_it_was(library: Path) -> None:
    with running(library) as service:
        jobs = [service.post(f"{number}.mp4").json()["id"] for number in range(10)]
        service.wait(lambda: done(service, jobs[:1]) or service.counts().get("done"), 120)
        workers = service.processes()[1:]
        os.kill(service.process.pid, signal.SIGKILL)
        psutil.wait_procs(workers, timeout=30)
        assert not [one for one in workers if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    with running(library, log="again.log") as service:
        service.wait(lambda: done(service, jobs), 120)
        assert service.counts() == {"done": 10}


def test_two_at_once_share_the_work(library: Path) -> None:
    with running(library) as one, running(library, log="other.log") as other:
        both = one, other
        jobs = [both[number % 2].post(f"{number}.mp4").json()["id"] for number in range(10)]
        assert both[0].post("1.mp4").json()["id"] == jobs[1], "known, whoever was asked first"
        one.wait(lambda: done(one, jobs), 200)
        assert len(set(jobs)) == 10
    pids = {one.process.pid, other.process.pid}
    lines = [*logged(library.parent / "serve.log"), *logged(library.parent / "other.log")]
    begun = [line["job"] for line in lines if line["event"] == "film begun" and line["pid"] in pids]
    assert sorted(begun) == sorted(jobs), "each once"
