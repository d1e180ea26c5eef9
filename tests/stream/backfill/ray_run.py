"""Runs of `keyart backfill --ray` that tell what they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.ray_cluster import ON_TIME, TOKEN, kill_tree

from .test_library_run import ROOT


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
        _, left = psutil.wait_procs(own, timeout=5)
        assert not left, f"outlived the run: {left}"
        return self._process.returncode, json.loads(out) if out else {}, errors

    def kill(self) -> None:
        """Whatever is left of it."""
        if self._process.poll() is None:
            kill_tree(self._process.pid)
            self._process.communicate()
