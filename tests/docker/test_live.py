"""A real Prometheus watches a real service by the files of docker/: each alert fires when its fault is made, and each
expression of the dashboard has something to show. The tests share one service, and leave it as they found it."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.demo import FILM, make_demo_film

from ..stream.ledgers import Cluster, postgresql_of
from .live import Daemon, Watch, until
from .watched import expressions, rules

pytestmark = [pytest.mark.debian, pytest.mark.models, pytest.mark.slow]
TAKES = FILM[2:5]
"""Of the demo film, for sixteen jobs: two of the person, and one of a cup of coffee between them."""
OF_A_GPU = "keyart_device_memory"
"""Without a GPU there is nothing to show."""


class Live:
    """The service, who watches it, and its ledger. film: a part of the demo film, as bytes."""

    def __init__(self, daemon: Daemon, watch: Watch, cluster: Cluster, ledger_url: str, film: bytes) -> None:
        self.daemon, self.watch, self.cluster, self.film = daemon, watch, cluster, film
        self._ledger_url = ledger_url.replace("+psycopg", "")
        self._films = 0

    def queue(self, count: int) -> list[int]:
        """Queue so many films that were not there before."""
        self._films += count
        return [self.daemon.queue(f"film{self._films - n}.mp4", self.film) for n in range(count)]

    def sql(self, statement: str) -> None:
        """Change something that nothing of Keyart's would."""
        command = ["psql", "-q", self._ledger_url, "-c", statement]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr

    def approve(self, job: int) -> None:
        """Approve the best image of a finished film, as the local editor."""
        assert self.daemon.ask(f"/api/videos/{job}/open", {})[0] == 200
        status, title = self.daemon.ask(f"/api/videos/{job}")
        best = title["manifest"]["images"][0]
        crop = next(crop for crop in best["crops"] if crop["format"] == "landscape")
        choice = {"rank": 1, "time_s": best["time_s"], "source_rect": crop["source_rect"]}
        version = title["review"]["version"]
        body = {"version": version, "choices": {"landscape": choice}, "rejected": []}
        status, answer = self.daemon.ask(f"/api/videos/{job}/approve", body)
        assert status == 200, answer


def _free_ports() -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        return [int(one.getsockname()[1]) for one in sockets]


@pytest.fixture(scope="module")
def kept() -> Iterator[ExitStack]:
    """What is ended when the last test of this module is over."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def started() -> list[Live]:
    """The one that all tests share, once it was started."""
    return []


@pytest.fixture
def live(
    kept: ExitStack,
    started: list[Live],
    cluster: Cluster,
    debian_tool: Callable[[str, str], Path],
    tmp_path: Path,
    models_dir: Path,
) -> Live:
    """A service at rest with a worker that is ready. What earlier faults made fire may do so for a while yet."""
    if not started:
        binary, ledger_url = debian_tool("prometheus", "prometheus"), cluster.url(postgresql_of(debian_tool))
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="keyart-")))
        port, metrics_port, watch_port = _free_ports()
        daemon = Daemon(folder, ledger_url, (port, metrics_port))
        kept.callback(daemon.kill)
        daemon.start()
        watch = Watch(folder, binary, daemon.metrics_address, watch_port)
        kept.enter_context(watch.running())
        make_demo_film(tmp_path / "film.mp4", TAKES)
        started.append(Live(daemon, watch, cluster, ledger_url, (tmp_path / "film.mp4").read_bytes()))
    (found,) = started
    found.daemon.be_ready()
    return found


def test_every_expression_of_the_dashboard_has_something_to_show(live: Live) -> None:
    live.watch.is_silent()
    jobs = live.queue(4)
    left = {one.replace("$__rate_interval", "30s") for _, one in expressions() if OF_A_GPU not in one}

    def all_had() -> bool:
        left.difference_update([expression for expression in left if live.watch.ask(expression)])
        return not left

    until(all_had, 90, left)
    assert live.daemon.be_over(*jobs) == ["done"] * 4
    live.approve(jobs[0])
    until(lambda: live.watch.ask('sum(keyart_approved_images_total{rank="1"}) == 1'), 30, "the approval is seen")
    live.watch.is_silent()


def test_slow_decoding(live: Live) -> None:
    live.watch.is_silent("KeyartDecodeSlow")
    live.daemon.be_over(*live.queue(4))
    slow = live.queue(4)
    with live.daemon.slowed():
        live.watch.fires("KeyartDecodeSlow")
    live.daemon.be_over(*slow)


def test_films_that_fail(live: Live) -> None:
    live.watch.is_silent("KeyartFilmsFail")
    broken = [live.daemon.queue(f"broken{n}.mp4", b"no film at all") for n in range(4)]
    assert live.daemon.be_over(*broken) == ["failed"] * 4
    live.watch.fires("KeyartFilmsFail")


def test_work_that_stands_still(live: Live) -> None:
    live.watch.is_silent("KeyartQueueOld", "KeyartNoProgress")
    with live.daemon.stopped():
        waiting = live.queue(3)
        live.watch.fires("KeyartQueueOld")
        live.watch.fires("KeyartNoProgress")
    live.daemon.be_over(*waiting)


def test_a_ledger_that_is_away(live: Live) -> None:
    live.watch.is_silent("KeyartTrouble ledger", "KeyartWaits ledger")
    with live.cluster.away():
        live.watch.fires("KeyartTrouble ledger")
        live.watch.fires("KeyartWaits ledger")
        assert live.daemon.ask("/api/jobs")[0] == 503


def test_requests_that_fail_inside(live: Live) -> None:
    live.watch.is_silent("KeyartErrors")
    (job,) = live.queue(1)
    live.daemon.be_over(job)
    live.sql(
        "INSERT INTO keyart_reviews (job, content, state, version, record)"
        f" SELECT id, content, 'open', 1, 'no JSON' FROM keyart_jobs WHERE id = {job}"
    )

    def fails_and_is_told() -> bool:
        return live.daemon.ask(f"/api/videos/{job}")[0] == 500 and "KeyartErrors" in live.watch.firing()

    try:
        until(fails_and_is_told, 60, "KeyartErrors fires")
    finally:
        live.sql(f"DELETE FROM keyart_reviews WHERE job = {job}")


def test_workers_that_die(live: Live) -> None:
    live.watch.is_silent("KeyartWorkersDie")
    for _ in range(5):
        (worker, *_) = until(live.daemon.workers, 60, "there is a worker")
        worker.kill()
        until(lambda gone=worker: not gone.is_running(), 10, "it is gone")
    live.watch.fires("KeyartWorkersDie")


def test_a_service_that_ends_and_comes_back(live: Live) -> None:
    live.watch.is_silent("KeyartDown", "KeyartRestarts")
    for _ in range(2):
        live.daemon.kill()
        live.watch.fires("KeyartDown")
        live.daemon.start()
        until(lambda: live.watch.ask("up == 1") and "KeyartDown" not in live.watch.firing(), 30, "it is there again")
    live.watch.fires("KeyartRestarts")


MADE = {
    "KeyartDecodeSlow": test_slow_decoding,
    "KeyartFilmsFail": test_films_that_fail,
    "KeyartQueueOld": test_work_that_stands_still,
    "KeyartNoProgress": test_work_that_stands_still,
    "KeyartTrouble": test_a_ledger_that_is_away,
    "KeyartWaits": test_a_ledger_that_is_away,
    "KeyartErrors": test_requests_that_fail_inside,
    "KeyartWorkersDie": test_workers_that_die,
    "KeyartDown": test_a_service_that_ends_and_comes_back,
    "KeyartRestarts": test_a_service_that_ends_and_comes_back,
}
"""Alert → the test that makes its fault."""


def test_the_fault_of_every_alert_is_made() -> None:
    assert set(MADE) == {rule["alert"] for rule in rules() if "alert" in rule}
