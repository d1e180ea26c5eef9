"""The ways out: a port, a file."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.request import urlopen

import pytest

from stream.errors import OutputError, UsageError
from stream.metrics.exposition import Exposition
from stream.version import own_version

from .prometheus import parsed


def test_a_port_answers_within_the_block_alone() -> None:
    exposition = Exposition()
    with exposition.served("127.0.0.1", 0) as port:
        exposition.beat()
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            found = parsed(answer.read().decode())
    assert found["keyart_build_info", own_version()] == 1
    assert found["keyart_heartbeat_timestamp_seconds",] > 1.7e9
    with socket.create_server(("127.0.0.1", port)):
        """The port is free again."""


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"^metrics on 127.0.0.1, port {port}: Address already in use; choose"):
            Exposition().served("127.0.0.1", port).__enter__()


@pytest.mark.parametrize("address", ["no.such.host.invalid", "256.1.1.1", "a" * 70, "1.2.3.4.5 x"])
def test_an_address_that_is_none_of_this_machine_is_one_line(address: str) -> None:
    with pytest.raises(UsageError, match=r"^metrics on .*; choose another$"):
        Exposition().served(address, 0).__enter__()


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    exposition, file = Exposition(), tmp_path / "metrics.prom"
    file.write_text("before")
    exposition.write(file)
    assert ("keyart_build_info", own_version()) in parsed(file.read_text())
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(OutputError, match="cannot be written"):
        exposition.write(tmp_path / "none" / "metrics.prom")
