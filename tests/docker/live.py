"""A real service and a real Prometheus that watches it by the files of docker/, in seconds instead of minutes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil
import yaml

from .watched import ALERTS, PROMETHEUS

SECONDS = {"[1d] offset 1h": "[90s] offset 20s", "[1h]": "[3m]", "[30m]": "[90s]", "[15m]": "[30s]", "[5m]": "[15s]"}
"""Windows of the rules → those of the test. A worker reports every five seconds."""
LOOK_EVERY_S = 0.2
T = TypeVar("T")


def until(found: Callable[[], T], within_s: float, what: object) -> T:
    """What `found` gives as soon as it is true; looks again and again. Raises AssertionError when it stays false."""
    pause = Event()
    for _ in range(round(within_s / LOOK_EVERY_S)):
        if value := found():
            return value
        pause.wait(LOOK_EVERY_S)
    raise AssertionError(f"not within {within_s:g} s: {what}")


def in_seconds(rules: str) -> str:
    """The rules with short windows; an alert fires a second after its fault."""
    for usual, short in SECONDS.items():
        rules = rules.replace(usual, short)
    rules = re.sub(r"^( +for: )\d+m$", r"\g<1>1s", rules, flags=re.MULTILINE)
    rules, changed = re.subn(r"(keyart_queue_oldest_seconds > )86400", r"\g<1>10", rules)
    assert changed == 1
    return rules


class Daemon:
    """`keyart serve` over `folder`/library, which may be killed and started again."""

    def __init__(self, folder: Path, ledger_url: str, ports: tuple[int, int]) -> None:
        self.library, self._ports = folder / "library", ports
        self._log = folder / "serve.log"
        self.library.mkdir()
        self._command = [
            sys.executable, "-m", "stream.cli", "serve", "--root", str(self.library), "--out", str(folder / "out"),
            "--publish", str(folder / "published"), "--ledger", ledger_url, "--port", str(ports[0]),
            "--metrics-port", str(ports[1]), "--device", "cpu", "--set", "batching.in_flight=1",
            "--set", "backfill.workers_per_device=1",
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def metrics_address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._ports[1]}"

    def start(self) -> None:
        """Start it; returns when a worker is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until(lambda: self._is("healthz"), 60, "the service answers")

    def be_ready(self) -> None:
        """Wait until it can work."""
        until(lambda: self._is("readyz"), 120, "a worker is ready")

    def kill(self) -> None:
        """SIGKILL, to its workers too, which would end by themselves a little later."""
        if self._process is not None:
            started = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            self._process.wait()
            for one in started:
                if one.is_running():
                    one.kill()
            psutil.wait_procs(started, timeout=10)
            self._process = None

    def workers(self) -> list[psutil.Process]:
        """Processes that work on films."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [one for one in children if "stream.backfill.worker" in " ".join(_command_of(one))]

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer of the API; a POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self._ports[0]}{path}", data, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def queue(self, name: str, content: bytes) -> int:
        """Put a film into the library and ask for its key art; the job's id."""
        (self.library / name).write_bytes(content)
        status, job = self.ask("/api/jobs", {"path": str(self.library / name)})
        assert status == 202, job
        return int(job["id"])

    def be_over(self, *jobs: int, within_s: float = 120) -> list[str]:
        """Wait until the jobs are; their states."""
        over = ("done", "failed", "quarantined", "gone")

        def states() -> list[str]:
            found = [str(self.ask(f"/api/jobs/{job}")[1]["state"]) for job in jobs]
            return found if all(state in over for state in found) else []

        return until(states, within_s, f"jobs {jobs} are over")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Within the block its workers stand still."""
        workers = self.workers()
        for one in workers:
            one.suspend()
        try:
            yield
        finally:
            for one in workers:
                one.resume()

    @contextmanager
    def slowed(self) -> Iterator[None]:
        """Within the block its workers get an eighth of the time."""
        over = Event()

        def slow() -> None:
            while not over.wait(0.05):
                with self.stopped():
                    over.wait(0.35)

        thread = Thread(target=slow)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _is(self, what: str) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        try:
            urlopen(f"http://{self.metrics_address}/{what}", timeout=10).close()
        except OSError:
            return False
        return True


class Watch:
    """A Prometheus that looks every second."""

    def __init__(self, folder: Path, binary: Path, target: str, port: int) -> None:
        self._address, self._folder = f"127.0.0.1:{port}", folder
        settings = yaml.safe_load(PROMETHEUS.read_text())
        settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        keyart, _ = settings["scrape_configs"]
        keyart["static_configs"] = [{"targets": [target]}]
        settings["scrape_configs"] = [keyart]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        (folder / "alerts.yml").write_text(in_seconds(ALERTS.read_text()))
        self._command = [
            str(binary), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'metrics'}",
            f"--web.listen-address={self._address}",
        ]  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block it looks."""
        with (self._folder / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(self._command, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """What an expression is now; nothing while Prometheus begins."""
        try:
            with urlopen(f"http://{self._address}/api/v1/query?{urlencode({'query': expression})}", timeout=10) as said:
                found = json.loads(said.read())["data"]["result"]
        except HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        except OSError:
            return []
        assert isinstance(found, list)
        return found

    def firing(self) -> set[str]:
        """The alerts that fire now, with the kind of trouble."""
        found = [one["metric"] for one in self.ask('ALERTS{alertstate="firing"}')]
        return {f"{one['alertname']} {one.get('kind', '')}".strip() for one in found}

    def fires(self, alert: str, within_s: float = 90) -> None:
        """Wait until it does."""
        until(lambda: alert in self.firing(), within_s, f"{alert} fires (now: {self.firing()})")

    def is_silent(self, *alerts: str, within_s: float = 200) -> None:
        """Wait until none of these fires, or nothing at all where none is named, and Prometheus has looked."""

        def silent() -> bool:
            firing = self.firing()
            return bool(self.ask("up == 1")) and not (firing & set(alerts) if alerts else firing)

        until(silent, within_s, f"silence (now: {self.firing()})")


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
