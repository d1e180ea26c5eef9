"""Whether a container is well: only `keyart serve` is asked, at its own port."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docker" / "healthcheck.py"


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """Within the block a port answers with this status; the port, and the paths that were asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def check(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the check in a container whose first process has this command line."""
    (folder / "cmdline").write_bytes("\0".join([*command, ""]).encode())
    return subprocess.run(
        [sys.executable, SCRIPT, folder / "cmdline"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("written", [("--metrics-port", "{}"), ("--metrics-port={}",)])
def test_a_service_that_answers_is_well(written: tuple[str, ...], tmp_path: Path) -> None:
    with answering(200) as (port, asked):
        ran = check(tmp_path, "python", "/keyart/bin/keyart", "serve", *(word.format(port) for word in written))
    assert (ran.returncode, ran.stderr, asked) == (0, "", ["/healthz"])


def test_a_service_that_answers_with_an_error_is_not_well(tmp_path: Path) -> None:
    with answering(503) as (port, _):
        ran = check(tmp_path, "keyart", "serve", "--metrics-port", str(port))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


def test_a_service_that_does_not_answer_is_not_well(tmp_path: Path) -> None:
    with answering(200) as (port, _):
        pass
    ran = check(tmp_path, "keyart", "serve", "--metrics-port", str(port))
    assert ran.returncode == 1
    assert ran.stderr.startswith("keyart serve is not well: ")


@pytest.mark.parametrize("command", [("keyart", "extract", "/films/a.mkv"), ("keyart", "serve", "token", "list")])
def test_other_commands_are_well_while_they_run(command: tuple[str, ...], tmp_path: Path) -> None:
    assert check(tmp_path, *command).returncode == 0


def test_a_service_has_its_port_where_none_is_named() -> None:
    port_of = runpy.run_path(str(SCRIPT))["metrics_port"]
    assert (port_of(["keyart", "serve", "--root", "/library"]), port_of(["keyart", "backfill"])) == (9464, None)
