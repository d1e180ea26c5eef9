"""A Ray cluster whose nodes are processes of this machine, for tests and `benchmarks.kill_run`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

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
_RUNS = "will now block forever"


class RayCluster:
    """Nodes that come and go. token: None for one that lets in whoever asks. more: environment variables of nodes."""

    def __init__(self, token: str | None = TOKEN, more: Mapping[str, str] | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keyart-ray-"))  # short: sockets are made in it
        mode = {"RAY_AUTH_MODE": "disabled"} if token is None else {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self._environment = kept | ON_TIME | mode | dict(more or {})
        self._nodes: list[subprocess.Popen[str]] = []
        with socket.create_server(("", 0)) as free:
            self._port = free.getsockname()[1]

    @property
    def address(self) -> str:
        """HOST:PORT of its head."""
        return f"127.0.0.1:{self._port}"

    def head(self, cores: int) -> subprocess.Popen[str]:
        """Start the first node."""
        own = ["--head", f"--port={self._port}", "--include-dashboard=false", f"--temp-dir={self._folder}"]
        return self._start(cores, *own)

    def node(self, cores: int) -> subprocess.Popen[str]:
        """Start another node."""
        return self._start(cores, f"--address={self.address}")

    def _start(self, cores: int, *more: str) -> subprocess.Popen[str]:
        room = [f"--num-cpus={cores}", "--object-store-memory=80000000", "--node-ip-address=127.0.0.1"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *room, *more]
        log = self._folder / f"node{len(self._nodes)}.log"
        with log.open("w") as errors:
            started = subprocess.Popen(
                command, env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._nodes.append(started)
        assert started.stdout is not None
        said = []
        for line in started.stdout:
            said.append(line)
            if _RUNS in line:
                return started
        raise AssertionError("".join(said) + log.read_text())

    def pids(self) -> list[int]:
        """What its nodes were started as; all that Ray runs is below them."""
        return [node.pid for node in self._nodes if node.poll() is None]

    def remove(self, node: subprocess.Popen[str]) -> None:
        """Kill all processes of a node, at once as a power cut would."""
        if node.poll() is None:
            kill_tree(node.pid)
        if node.stdout is not None:
            node.stdout.close()
        node.wait()

    def stop(self) -> None:
        """End all nodes."""
        for node in self._nodes:
            self.remove(node)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def ray_of(cores: int) -> Iterator[RayCluster]:
    """Within the block there is a cluster of one node with so many cores."""
    cluster = RayCluster()
    try:
        cluster.head(cores)
        yield cluster
    finally:
        cluster.stop()


def kill_tree(pid: int) -> None:
    """A process and all below it, at once."""
    tree = [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(tree, timeout=30)
