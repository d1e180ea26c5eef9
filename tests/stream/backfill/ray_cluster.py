"""A Ray cluster whose nodes are processes of this machine, and runs on it that tell what they do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from .test_library_run import ROOT

TOKEN = "0123456789abcdef" * 2
ON_TIME = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "2",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
}
"""Ray's own limits are half a minute and a minute."""
FOREVER = "will now block forever"


class RayCluster:
    """Nodes that come and go. token: None for one that lets in whoever asks."""

    def __init__(self, token: str | None = TOKEN) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keyart-ray-"))  # short: sockets are made in it
        mode = {"RAY_AUTH_MODE": "disabled"} if token is None else {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self._environment = kept | ON_TIME | mode
        self._nodes: list[subprocess.Popen[str]] = []
        with socket.create_server(("", 0)) as free:
            self._port = free.getsockname()[1]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def head(self, cores: int) -> subprocess.Popen[str]:
        own = ["--head", f"--port={self._port}", "--include-dashboard=false", f"--temp-dir={self._folder}"]
        return self._start(cores, *own)

    def node(self, cores: int) -> subprocess.Popen[str]:
        return self._start(cores, f"--address={self.address}")

    def _start(self, cores: int, *more: str) -> subprocess.Popen[str]:
        room = [f"--num-cpus={cores}", "--object-store-memory=80000000", "--node-ip-address=127.0.0.1"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *room, *more]
        log = self._folder / f"node{len(self._nodes)}.log"
        with log.open("w") as errors:
            started = subprocess.Popen(
                command, env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT
            )
        self._nodes.append(started)
        assert started.stdout is not None
        said = []
        for line in started.stdout:
            said.append(line)
            if FOREVER in line:
                return started
        raise AssertionError("".join(said) + log.read_text())

    def remove(self, node: subprocess.Popen[str]) -> None:
        """Kill all processes of a node, at once as a power cut would."""
        if node.poll() is None:
            _kill_tree(node.pid)
        if node.stdout is not None:
            node.stdout.close()
        node.wait()

    def stop(self) -> None:
        for node in self._nodes:
            self.remove(node)
        shutil.rmtree(self._folder, ignore_errors=True)


class RayRun:
    """`keyart backfill --ray` in a process of its own, which is heard through its log: a FIFO."""

    def __init__(
        self, library: Path, out: Path, address: str, *more: object, environment: Mapping[str, str] | None = None
    ) -> None:
        log = out.parent / "log.fifo"
        if not log.exists():
            os.mkfifo(log)
        self._heard = os.fdopen(os.open(log, os.O_RDWR), "r")  # for writing too: it never ends, nor blocks to open
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        where = ["--device", "cpu", "--json", "--log", log, "--ray", address, "--set", "backfill.cores_per_worker=1"]
        command = [sys.executable, "-m", "stream.cli", "backfill", library, "--out", out, *where, "--quiet", *more]
        token = {} if address == "local" else {"RAY_AUTH_TOKEN": TOKEN}
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env=kept | ON_TIME | token | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, event: str, **values: object) -> dict[str, Any]:
        """Wait for a line of the log."""
        for line in self._heard:
            found = dict(json.loads(line))
            if found["event"] == event and values.items() <= found.items():
                return found
        raise AssertionError

    def held(self) -> psutil.Process:
        """The worker that begins the next film, made to stand still with it."""
        worker = psutil.Process(self.until("film begun")["pid"])
        worker.suspend()
        return worker

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def ended(self) -> tuple[int, dict[str, Any], str]:
        """Exit code, summary and what was said; nothing that it started is left."""
        own = psutil.Process(self._process.pid).children(recursive=True)
        out, errors = self._process.communicate(timeout=240)
        self._heard.close()
        _, left = psutil.wait_procs(own, timeout=30)
        assert not left, f"outlived the run: {left}"
        return self._process.returncode, json.loads(out) if out else {}, errors

    def kill(self) -> None:
        """Whatever is left of it."""
        if self._process.poll() is None:
            _kill_tree(self._process.pid)
            self._process.communicate()


def _kill_tree(pid: int) -> None:
    tree = [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(tree, timeout=30)
