"""A real `keyart serve`, and clients that keep their connections."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

_ANSWERS_ON = re.compile(r"answers on [^ ]+:(\d+), metrics on [^ ]+:(\d+)/metrics")
_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Service:
    """A service that runs. Each thread that asks has a connection of its own."""

    process: subprocess.Popen[str]
    port: int
    metrics_port: int
    _threads: threading.local = field(default_factory=threading.local)
    _connections: list[http.client.HTTPConnection] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer to a request. Raises OSError when none comes."""
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
            self._threads.connection = connection
            self._connections.append(connection)
        try:
            return _answer(connection, method, path, body)
        except (ConnectionError, http.client.HTTPException):
            connection.close()  # the service closes those that were idle for a minute; it is opened again
        try:
            return _answer(connection, method, path, body)
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()

    def post(self, path: str | Path, **more: Any) -> Answer:
        """Ask for a title."""
        return self.ask("POST", "/api/jobs", {"path": str(path), **more})

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        found: dict[str, int] = {}
        after: int | None = 0
        while after is not None:
            part = self.ask("GET", f"/api/jobs?limit=1000&after={after}").json()
            for job in part["jobs"]:
                found[job["state"]] = found.get(job["state"], 0) + 1
            after = part["next"]
        return found

    def wait(self, ready: Any, within_s: float, every_s: float = 0.2) -> Any:
        """What `ready` gives when that is true for the first time. Raises TimeoutError."""
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            if found := ready():
                return found
            if self.process.poll() is not None:
                raise ChildProcessError(f"keyart serve ended with {self.process.returncode}")
            time.sleep(every_s)
        raise TimeoutError(f"not ready within {within_s:g} s")

    def is_ready(self) -> bool:
        """Whether weights, ledger and a worker are there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=_TIMEOUT_S)
        connection.request("GET", "/readyz")
        ready = connection.getresponse().status == 200
        connection.close()
        return ready

    def processes(self) -> list[psutil.Process]:
        """The service, its workers and its picture processes."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def _answer(connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> Answer:
    sent = None if body is None else json.dumps(body)
    headers = {} if sent is None else {"Content-Type": "application/json"}
    connection.request(method, path, sent, headers)
    answer = connection.getresponse()
    return Answer(answer.status, answer.read())


@contextmanager
def serving(library: Path, out: Path, options: Sequence[str] = (), log: Path | None = None) -> Iterator[Service]:
    """A service on free ports, until the block ends. log: default beside the results."""
    file = log or out.parent / "serve.log"
    command = [
        sys.executable, "-m", "stream.cli", "serve", "--root", str(library), "--out", str(out), "--device", "cpu",
        "--port", "0", "--metrics-port", "0", "--log", str(file), *options,
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            ports = _ports(process)
            drain = threading.Thread(target=_drain, args=(process,), daemon=True)
            drain.start()
            service = Service(process, *ports)
            yield service
            service.close()
            process.terminate()
            drain.join()  # it ends with the process
        finally:
            process.terminate()


def _ports(process: subprocess.Popen[str]) -> tuple[int, int]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := _ANSWERS_ON.search(line):
            return int(found[1]), int(found[2])
    raise ChildProcessError(f"keyart serve ended with {process.wait()}: {''.join(said)}")


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for _ in process.stderr:
        pass
